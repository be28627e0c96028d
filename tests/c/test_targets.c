/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Several mirrors on one source, several sources and queues on one target. */

#include <inttypes.h>
#include <string.h>

#include "testbed.h"

/* Mirrors on one source that take the same packets take their references at one go: one each all the same. */
static void
each_mirror_of_a_source_gets_its_own_reference(void)
{
	struct rte_mbuf *pkts[200];
	struct snapshot *before;
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	packets_make(testbed.pool, pkts, 200, 3, 60);
	before = snapshot_take(pkts, 200);
	ring_put(testbed.source.rx[0], pkts, 200);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, 200), 200);
	snapshot_check(before, pkts, 200);
	packets_check_refcnt(pkts, 200, 3);
	ring_check(testbed.target.tx[0], pkts, 200);
	packets_check_refcnt(pkts, 200, 2);
	ring_check(testbed.target2.tx[0], pkts, 200);
	packets_check_refcnt(pkts, 200, 1);
	CHECK_EQ(stats_of(id).packets, 200);
	CHECK_EQ(stats_of(id2).packets, 200);
	packets_free(pkts, 200);
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

/* A target that rearranges the array it is given, as drivers may. */
static uint16_t
reverse(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	struct rte_mbuf *pkt;
	uint16_t i;

	(void)port_id;
	(void)queue_id;
	(void)arg;
	for (i = 0; i < nb_pkts / 2; i++) {
		pkt = pkts[i];
		pkts[i] = pkts[nb_pkts - 1 - i];
		pkts[nb_pkts - 1 - i] = pkt;
	}
	return nb_pkts;
}

static void
what_one_target_does_to_its_array_concerns_no_other(void)
{
	const struct rte_eth_rxtx_callback *callback;
	struct rte_mbuf *pkts[50], *got;
	struct snapshot *before;
	struct testbed testbed;
	uint32_t id, id2;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_TX);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_TX);
	callback = rte_eth_add_tx_callback(testbed.target.id, 0, reverse, NULL);
	CHECK(callback != NULL);
	packets_make(testbed.pool, pkts, 50, 1, 60);
	before = snapshot_take(pkts, 50);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 50), 50);
	snapshot_check(before, pkts, 50);
	for (i = 0; i < 50; i++) {
		CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
		CHECK(got == pkts[49 - i]);
		rte_pktmbuf_free(got);
	}
	ring_check(testbed.target2.tx[0], pkts, 50);
	packets_check_refcnt(pkts, 50, 1);
	ring_check(testbed.source.tx[0], pkts, 50);
	CHECK_EQ(rte_eth_remove_tx_callback(testbed.target.id, 0, callback), 0);
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

static void
mirrors_may_be_chained(void)
{
	struct rte_mbuf *pkts[50];
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	id2 = mirror_on(testbed.target.id, testbed.target2.id, RTE_MIRROR_TX);
	packets_make(testbed.pool, pkts, 50, 2, 60);
	ring_put(testbed.source.rx[0], pkts, 50);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, 50), 50);
	packets_check_refcnt(pkts, 50, 3);
	ring_check(testbed.target.tx[0], pkts, 50);
	ring_check(testbed.target2.tx[0], pkts, 50);
	packets_check_refcnt(pkts, 50, 1);
	packets_free(pkts, 50);
	mirror_off(id2);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Where there are enough target queues, each queue and direction of the source has one of its own. */
static void
target_queues_are_not_shared_needlessly(void)
{
	const struct port_options two = { .nb_rx_queues = 2, .nb_tx_queues = 2 };
	const struct port_options four = { .nb_rx_queues = 1, .nb_tx_queues = 4 };
	struct rte_mbuf *pkts[4];
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, &two, &four);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	packets_make(testbed.pool, pkts, 4, 1, 60);
	for (i = 0; i < 2; i++) {
		ring_put(testbed.source.rx[i], &pkts[i], 1);
		CHECK_EQ(rte_eth_rx_burst(testbed.source.id, (uint16_t)i, &pkts[i], 1), 1);
		CHECK_EQ(rte_eth_tx_burst(testbed.source.id, (uint16_t)i, &pkts[2 + i], 1), 1);
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(rte_ring_count(testbed.target.tx[i]), 1);
	packets_free(pkts, 2);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
no_target_queue_but_the_mirrors_own_is_used(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .target_queue = 1, .nb_target_queues = 2
	};
	struct rte_mbuf *pkts[4];
	struct testbed testbed;
	uint16_t i;
	uint32_t id;

	testbed_open(&testbed, &four, &four);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	packets_make(testbed.pool, pkts, 4, 1, 60);
	for (i = 0; i < 4; i++) {
		ring_put(testbed.source.rx[i], &pkts[i], 1);
		CHECK_EQ(rte_eth_rx_burst(testbed.source.id, i, &pkts[i], 1), 1);
	}
	CHECK_EQ(rte_ring_count(testbed.target.tx[0]), 0);
	CHECK_EQ(rte_ring_count(testbed.target.tx[1]), 2);
	CHECK_EQ(rte_ring_count(testbed.target.tx[2]), 2);
	CHECK_EQ(rte_ring_count(testbed.target.tx[3]), 0);
	packets_free(pkts, 4);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "each_mirror_of_a_source_gets_its_own_reference",
			each_mirror_of_a_source_gets_its_own_reference },
	{ "what_one_target_does_to_its_array_concerns_no_other",
			what_one_target_does_to_its_array_concerns_no_other },
	{ "mirrors_may_be_chained", mirrors_may_be_chained },
	{ "target_queues_are_not_shared_needlessly", target_queues_are_not_shared_needlessly },
	{ "no_target_queue_but_the_mirrors_own_is_used",
			no_target_queue_but_the_mirrors_own_is_used },
	{ NULL, NULL },
};
