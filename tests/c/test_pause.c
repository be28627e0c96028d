/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Mirrors that are paused, what happens meanwhile, and how they go on. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "testbed.h"
#include "faults.h"
#include "poison.h"

#define BOTH (RTE_MIRROR_RX | RTE_MIRROR_TX)

static const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
static const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };

/* Passes 10 packets of 60 bytes through a queue of the source, each way: how many bytes the targets got of them. */
static unsigned int
nb_bytes(const struct testbed *testbed, uint16_t queue)
{
	const struct port *targets[] = { &testbed->target, &testbed->target2 };
	struct rte_mbuf *pkts[10], *got;
	unsigned int i, sum = 0;

	packets_make(testbed->pool, pkts, 10, 1, 60);
	ring_put(testbed->source.rx[queue], pkts, 10);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, queue, pkts, 10), 10);
	CHECK_EQ(rte_eth_tx_burst(testbed->source.id, queue, pkts, 10), 10);
	CHECK_EQ(ring_get(testbed->source.tx[queue], pkts, 10), 10);
	packets_free(pkts, 10);
	for (i = 0; i < RTE_DIM(targets); i++) {
		while (ring_get(targets[i]->tx[0], &got, 1) == 1) {
			sum += got->pkt_len;
			rte_pktmbuf_free(got);
		}
	}
	return sum;
}

/* Makes the library look after all of its mirrors, as its watcher does now and then. */
static void
have_mirrors_looked_after(const struct testbed *testbed)
{
	mirror_off(mirror_on(testbed->target2.id, testbed->target.id, RTE_MIRROR_RX));
}

static void
check_paused(uint32_t id)
{
	const struct rte_mirror_info info = info_of(id);

	CHECK_EQ(info.state, RTE_MIRROR_PAUSED);
	CHECK(info.reason[0] != '\0');
	CHECK_EQ(info.rx_queues, 0);
	CHECK_EQ(info.tx_queues, 0);
}

static uint16_t
count_calls(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts,
		void *ctx)
{
	(void)port_id;
	(void)queue_id;
	(void)pkts;
	++*(unsigned int *)ctx;
	return nb_pkts;
}

static void
a_paused_mirror_is_offered_nothing(void)
{
	unsigned int nb_calls = 0;
	struct rte_mirror_param param = {
		.directions = BOTH, .offload = count_calls, .ctx = &nb_calls
	};
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, BOTH);
	CHECK_EQ(nb_bytes(&testbed, 0), 4 * 600);
	CHECK_EQ(rte_mirror_pause(id), 0);
	CHECK_EQ(rte_mirror_pause(id), 0);
	check_paused(id);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	have_mirrors_looked_after(&testbed);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	CHECK_EQ(rte_mirror_pause(id2), 0);
	CHECK_EQ(nb_bytes(&testbed, 0), 0);
	CHECK_EQ(nb_calls, 2);
	CHECK_EQ(stats_of(id).seen, 20);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_RUNNING);
	CHECK(info_of(id).reason[0] == '\0');
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	CHECK_EQ(stats_of(id).packets, 40);
	CHECK_EQ(stats_of(id2).seen, 60);
	/* One that is paused can be removed. */
	mirror_off(id2);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
mirrors_that_are_not_there_or_stopped_for_good(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(rte_mirror_pause(id + 1), -ENOENT);
	CHECK_EQ(rte_mirror_resume(id + 1), -ENOENT);
	CHECK_EQ(rte_mirror_resume(0), -ENOENT);
	port_stop(&testbed.target);
	mirror_off(mirror_on(testbed.target2.id, testbed.source.id, RTE_MIRROR_RX));
	CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
	CHECK_EQ(rte_mirror_pause(id), -ENETDOWN);
	CHECK_EQ(rte_mirror_resume(id), -ENETDOWN);
	CHECK_EQ(rte_mirror_update(id, &param), -ENETDOWN);
	CHECK(strstr(rte_mirror_last_error(), "remove") != NULL);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
	CHECK_EQ(rte_eth_dev_start(testbed.target.id), 0);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Its target may be stopped meanwhile, and come back otherwise: what the mirror can be then is found out anew. */
static void
a_target_may_be_reconfigured_while_its_mirror_is_paused(void)
{
	struct rte_mirror_param param = { .directions = BOTH, .mode = RTE_MIRROR_AUTO };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(info_of(id).mode, RTE_MIRROR_SPLIT);
	CHECK_EQ(rte_mirror_pause(id), 0);
	port_stop(&testbed.target);
	mirror_off(mirror_on(testbed.target2.id, testbed.source.id, RTE_MIRROR_RX));
	check_paused(id);
	CHECK_EQ(rte_mirror_resume(id), -ENETDOWN);
	CHECK(strstr(rte_mirror_last_error(), "not started") != NULL);
	check_paused(id);
	port_configure(&testbed.target, &no_chains);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(info_of(id).mode, RTE_MIRROR_COPY);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	/* Split cannot be there. */
	CHECK_EQ(rte_mirror_pause(id), 0);
	port_stop(&testbed.target);
	port_configure(&testbed.target, &port_default);
	param.mode = RTE_MIRROR_SPLIT;
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	check_paused(id);
	port_stop(&testbed.target);
	port_configure(&testbed.target, &no_chains);
	CHECK_EQ(rte_mirror_resume(id), -ENOTSUP);
	CHECK(strstr(rte_mirror_last_error(), "MULTI_SEGS") != NULL);
	check_paused(id);
	CHECK_EQ(nb_bytes(&testbed, 0), 0);
	mirror_off(id);
	testbed_close(&testbed);
}

/* With the queues that it has then. */
static void
a_source_may_be_reconfigured_while_its_mirror_is_paused(void)
{
	struct testbed testbed;
	uint16_t queue;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, BOTH);
	CHECK_EQ(rte_mirror_pause(id), 0);
	port_stop(&testbed.source);
	check_paused(id);
	CHECK_EQ(rte_mirror_resume(id), -ENETDOWN);
	check_paused(id);
	port_configure(&testbed.source, &four);
	have_mirrors_looked_after(&testbed);
	CHECK_EQ(nb_bytes(&testbed, 3), 0);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(info_of(id).rx_queues, 4);
	for (queue = 0; queue < 4; queue++)
		CHECK_EQ(nb_bytes(&testbed, queue), 2 * 600);
	CHECK_EQ(rte_mirror_pause(id), 0);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &port_default);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(info_of(id).rx_queues, 1);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
fast_free_is_seen_when_a_mirror_is_to_go_on(void)
{
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, BOTH);
	CHECK_EQ(rte_mirror_pause(id), 0);
	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	port_stop(&testbed.target2);
	port_configure(&testbed.target2, &fast_free);
	CHECK_EQ(rte_mirror_resume(id), -ENOTSUP);
	CHECK(strstr(rte_mirror_last_error(), "FAST_FREE") != NULL);
	check_paused(id);
	CHECK_EQ(nb_bytes(&testbed, 0), 0);
	port_stop(&testbed.target2);
	port_configure(&testbed.target2, &port_default);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	mirror_off(id);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

/* A mirror ends with its devices, paused or not, and does not go on with their successors. */
static void
a_paused_mirror_ends_with_its_source_or_target(void)
{
	struct testbed testbed;
	struct port *port;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < 4; i++) {
		port = i < 2 ? &testbed.source : &testbed.target;
		id = mirror_on(testbed.source.id, testbed.target.id, BOTH);
		CHECK_EQ(rte_mirror_pause(id), 0);
		port_close(port);
		if (i % 2 == 0)
			CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
		port_open(port, &port_default);
		CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
		CHECK(strstr(info_of(id).reason, "removed") != NULL);
		CHECK_EQ(rte_mirror_resume(id), -ENETDOWN);
		CHECK_EQ(nb_bytes(&testbed, 0), 0);
		mirror_off(id);
	}
	testbed_close(&testbed);
}

/* New parameters while it is paused hold when it goes on; what the old had borrowed is the caller's at once. */
static void
an_update_while_paused_holds_from_the_resumption_on(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = poison_pool_create("old", 63, RTE_MBUF_DEFAULT_BUF_SIZE);
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(nb_bytes(&testbed, 0), 600);
	CHECK_EQ(rte_mirror_pause(id), 0);
	param.snaplen = 1;
	CHECK_EQ(rte_mirror_update(id, &param), -EINVAL);
	check_paused(id);
	poison_pool_free(param.pool);
	param.pool = NULL;
	param.snaplen = 20;
	param.directions = BOTH;
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	check_paused(id);
	CHECK_EQ(info_of(id).snaplen, 20);
	CHECK_EQ(nb_bytes(&testbed, 0), 0);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 200);
	mirror_off(id);
	testbed_close(&testbed);
}

/* It comes back later: nobody may take its name, its place or the way round meanwhile. */
static void
a_paused_mirror_stays_in_the_way_of_what_contradicts_it(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .name = "paused" };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(rte_mirror_pause(id), 0);
	param.name = NULL;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EEXIST);
	param.target_port = testbed.source.id;
	CHECK_EQ(rte_mirror_add(testbed.target.id, &param, NULL), -ELOOP);
	param.target_port = testbed.target2.id;
	param.name = "paused";
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EEXIST);
	CHECK_EQ(rte_mirror_resume(id), 0);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Wherever attaching breaks off, the mirror stays paused; it goes on the next time. */
static void
a_resumption_that_fails_leaves_the_mirror_paused(void)
{
	struct rte_mbuf *pkts[1];
	struct testbed testbed;
	unsigned int k;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, BOTH);
	CHECK_EQ(rte_mirror_pause(id), 0);
	/* Detached once traffic has shown that nobody is in the callbacks. */
	CHECK_WITHIN(5000,
			rte_eth_rx_burst(testbed.source.id, 0, pkts, 1) == 0 &&
					rte_eth_tx_burst(testbed.source.id, 0, pkts, 0) == 0 &&
					nb_callbacks_now() == 0);
	for (k = 1; k <= 2; k++) {
		faults = (struct faults){ .fail_callback = k, .callback_errno = ENOMEM };
		CHECK_EQ(rte_mirror_resume(id), -ENOMEM);
		CHECK_EQ(faults.fail_callback, 0);
		check_paused(id);
		CHECK_EQ(nb_bytes(&testbed, 0), 0);
		CHECK_WITHIN(5000,
				rte_eth_rx_burst(testbed.source.id, 0, pkts, 1) == 0 &&
						rte_eth_tx_burst(testbed.source.id, 0, pkts, 0) ==
								0 &&
						nb_callbacks_now() == 0);
	}
	faults = (struct faults){ 0 };
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(nb_bytes(&testbed, 0), 2 * 600);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	/* First: it counts callbacks, and others leave some on queues that are no more. */
	{ "a_resumption_that_fails_leaves_the_mirror_paused",
			a_resumption_that_fails_leaves_the_mirror_paused },
	{ "a_paused_mirror_is_offered_nothing", a_paused_mirror_is_offered_nothing },
	{ "mirrors_that_are_not_there_or_stopped_for_good",
			mirrors_that_are_not_there_or_stopped_for_good },
	{ "a_target_may_be_reconfigured_while_its_mirror_is_paused",
			a_target_may_be_reconfigured_while_its_mirror_is_paused },
	{ "a_source_may_be_reconfigured_while_its_mirror_is_paused",
			a_source_may_be_reconfigured_while_its_mirror_is_paused },
	{ "fast_free_is_seen_when_a_mirror_is_to_go_on",
			fast_free_is_seen_when_a_mirror_is_to_go_on },
	{ "a_paused_mirror_ends_with_its_source_or_target",
			a_paused_mirror_ends_with_its_source_or_target },
	{ "an_update_while_paused_holds_from_the_resumption_on",
			an_update_while_paused_holds_from_the_resumption_on },
	{ "a_paused_mirror_stays_in_the_way_of_what_contradicts_it",
			a_paused_mirror_stays_in_the_way_of_what_contradicts_it },
	{ NULL, NULL },
};
