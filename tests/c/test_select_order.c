/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Queues, the order of what chooses, and several mirrors of one source that each choose for themselves. */

#include <inttypes.h>
#include <stdio.h>

#include "testbed.h"

/* Whether a queue is mirrored shows in the packets' reference counts. */
static void
check_shared(const struct testbed *testbed, struct rte_mbuf **pkts, uint16_t queue, bool shared)
{
	testbed_receive(testbed, queue, pkts, 4);
	packets_check_refcnt(pkts, 4, shared ? 2 : 1);
	if (shared)
		ring_check(testbed->target.tx[0], pkts, 4);
}

static void
queues_are_a_subset_of_the_sources(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 1 };
	struct rte_mirror_range queues[] = { { 0, 0 }, { 2, 3 } };
	struct rte_mirror_select select = { .queues = queues, .nb_queues = 2 };
	struct rte_mirror_queue on[4];
	struct rte_mbuf *pkts[4];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, &four, NULL);
	packets_make(testbed.pool, pkts, 4, 1, 60);
	id = mirror_selecting(&testbed, testbed.target.id, &select);
	CHECK_EQ(rte_mirror_queues_get(id, on, 4), 3);
	CHECK_EQ(on[0].queue_id, 0);
	CHECK_EQ(on[1].queue_id, 2);
	CHECK_EQ(on[2].queue_id, 3);
	check_shared(&testbed, pkts, 0, true);
	check_shared(&testbed, pkts, 1, false);
	check_shared(&testbed, pkts, 3, true);
	queues[0] = (struct rte_mirror_range){ 1, 1 };
	select.nb_queues = 1;
	mirror_select_now(id, &testbed, &select);
	check_shared(&testbed, pkts, 0, false);
	check_shared(&testbed, pkts, 1, true);
	check_shared(&testbed, pkts, 3, false);
	/* What was counted on queues that it has left still counts. */
	CHECK_EQ(stats_of(id).seen, 12);
	mirror_select_now(id, &testbed, NULL);
	check_shared(&testbed, pkts, 2, true);
	packets_free(pkts, 4);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Passes on every second packet that it is given. */
static uint16_t
halve(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	uint16_t i;

	(void)port_id;
	(void)queue_id;
	*(unsigned int *)ctx += nb_pkts;
	for (i = 0; i < nb_pkts / 2; i++)
		pkts[i] = pkts[2 * i + 1];
	return nb_pkts / 2;
}

static void
each_stage_is_given_what_the_one_before_has_left(void)
{
	const struct rte_mirror_select select = { .filter = "greater 61", .sample_one_in = 3 };
	unsigned int given = 0;
	const struct rte_mirror_param base = {
		.directions = RTE_MIRROR_RX, .select = &select, .offload = halve, .ctx = &given
	};
	struct rte_mirror_param param = base;
	struct rte_mbuf *pkts[60];
	struct rte_mirror_stats stats;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	packets_make(testbed.pool, pkts, 24, 1, 60);
	packets_make(testbed.pool, pkts + 24, 36, 1, 62);
	testbed_receive(&testbed, 0, pkts, 60);
	stats = stats_of(id);
	CHECK_EQ(stats.seen, 60);
	CHECK_EQ(stats.filtered, 24);
	CHECK_EQ(stats.unsampled, 24);
	CHECK_EQ(given, 12);
	CHECK_EQ(stats.declined, 6);
	CHECK_EQ(stats.packets, 6);
	CHECK_EQ(stats.bytes, 6 * 62);
	/* Counted from 1, every sixth of those that pass the filter. */
	ring_check(testbed.target.tx[0],
			(struct rte_mbuf *[]){ pkts[29], pkts[35], pkts[41], pkts[47], pkts[53],
					pkts[59] },
			6);
	packets_free(pkts, 60);
	mirror_off(id);
	testbed_close(&testbed);
}

#define NB_MIRRORS 28

/* As many mirrors as there are ports for, each with a filter of its own, one of them of every packet. */
static void
what_one_mirror_takes_does_not_change_what_another_sees(void)
{
	struct port targets[NB_MIRRORS];
	struct rte_mbuf *pkts[NB_MIRRORS];
	uint32_t ids[NB_MIRRORS];
	struct testbed testbed;
	char filter[32];
	uint16_t i;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < NB_MIRRORS; i++) {
		const struct rte_mirror_select select = { .filter = filter };

		snprintf(filter, sizeof(filter), "len = %u", 60u + i);
		port_open(&targets[i], &port_default);
		ids[i] = mirror_selecting(&testbed, targets[i].id, i == 0 ? NULL : &select);
		pkts[i] = packet_make(testbed.pool, 1, 60 + i, i);
	}
	testbed_receive(&testbed, 0, pkts, NB_MIRRORS);
	ring_check(targets[0].tx[0], pkts, NB_MIRRORS);
	for (i = 1; i < NB_MIRRORS; i++) {
		ring_check(targets[i].tx[0], &pkts[i], 1);
		CHECK_EQ(stats_of(ids[i]).seen, NB_MIRRORS);
		CHECK_EQ(stats_of(ids[i]).filtered, NB_MIRRORS - 1);
	}
	packets_free(pkts, NB_MIRRORS);
	for (i = 0; i < NB_MIRRORS; i++) {
		mirror_off(ids[i]);
		port_close(&targets[i]);
	}
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "queues_are_a_subset_of_the_sources", queues_are_a_subset_of_the_sources },
	{ "each_stage_is_given_what_the_one_before_has_left",
			each_stage_is_given_what_the_one_before_has_left },
	{ "what_one_mirror_takes_does_not_change_what_another_sees",
			what_one_mirror_takes_does_not_change_what_another_sees },
	{ NULL, NULL },
};
