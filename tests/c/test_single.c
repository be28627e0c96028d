/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Pools that are for one thread at a time: for mirrors with one poller. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_mempool.h>

#include "testbed.h"

#define BOTH (RTE_MIRROR_RX | RTE_MIRROR_TX)

static const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
static const struct port_options one = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
static const struct port_options rx_alone = { .nb_rx_queues = 1 };

/* One for each way of asking for such a pool: by the handler's name, by flags. */
#define NB_KINDS 6

/* One that several threads may free mbufs to. */
#define ONE_CONSUMER 2

static struct rte_mempool *
single_pool_create(unsigned int kind)
{
	static const char *const handlers[] = { "ring_sp_sc", "ring_sp_mc", "ring_mp_sc" };
	static const unsigned int flags[] = { RTE_MEMPOOL_F_SP_PUT | RTE_MEMPOOL_F_SC_GET,
		RTE_MEMPOOL_F_SP_PUT, RTE_MEMPOOL_F_SC_GET };
	const uint16_t room = RTE_MBUF_DEFAULT_BUF_SIZE;
	struct rte_pktmbuf_pool_private private = { .mbuf_data_room_size = room };
	struct rte_mempool *pool;

	if (kind < RTE_DIM(handlers))
		pool = rte_pktmbuf_pool_create_by_ops("single", 255, 0, 0, room, 0, handlers[kind]);
	else
		pool = rte_mempool_create("single", 255, sizeof(struct rte_mbuf) + room, 0,
				sizeof(private), rte_pktmbuf_pool_init, &private, rte_pktmbuf_init,
				NULL, 0, flags[kind - RTE_DIM(handlers)]);
	CHECK(pool != NULL);
	return pool;
}

static void
check_refused(const struct testbed *testbed, const struct rte_mirror_param *param, const char *says)
{
	const int nb_mirrors = rte_mirror_list(NULL, 0);

	CHECK_EQ(rte_mirror_add(testbed->source.id, param, NULL), -ENOTSUP);
	CHECK(strstr(rte_mirror_last_error(), "single") != NULL);
	CHECK(strstr(rte_mirror_last_error(), says) != NULL);
	CHECK_EQ(rte_mirror_list(NULL, 0), nb_mirrors);
}

/* Passes packets through a source's queue: how many of them the mirror's target took. */
static unsigned int
nb_mirrored(const struct testbed *testbed, uint32_t id, uint16_t queue)
{
	const uint64_t before = stats_of(id).packets;
	struct rte_mbuf *pkts[10], *got;

	packets_make(testbed->pool, pkts, 10, 1, 60);
	ring_put(testbed->source.rx[queue], pkts, 10);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, queue, pkts, 10), 10);
	packets_free(pkts, 10);
	while (ring_get(testbed->target.tx[0], &got, 1) == 1)
		rte_pktmbuf_free(got);
	return (unsigned int)(stats_of(id).packets - before);
}

/* For one poller it serves, and no other may come, be it by another mirror or by another direction. */
static void
check_one_poller(const struct testbed *testbed, struct rte_mirror_param param)
{
	uint32_t id;

	param.directions = RTE_MIRROR_RX;
	id = mirror_with(testbed->source.id, &param);
	CHECK_EQ(nb_mirrored(testbed, id, 0), 10);
	param.directions = RTE_MIRROR_TX;
	check_refused(testbed, &param, info_of(id).name);
	param.directions = BOTH;
	CHECK_EQ(rte_mirror_update(id, &param), -ENOTSUP);
	CHECK_EQ(info_of(id).directions, RTE_MIRROR_RX);
	CHECK_EQ(nb_mirrored(testbed, id, 0), 10);
	mirror_off(id);
}

static void
several_pollers_are_refused_such_a_pool(void)
{
	struct rte_mirror_param param = { 0 };
	struct testbed testbed;
	unsigned int kind;
	uint16_t null;

	testbed_open(&testbed, NULL, NULL);
	null = vdev_open("net_null_single", "");
	vdev_configure(null, &one);
	param.target_port = null;
	for (kind = 0; kind < NB_KINDS; kind++) {
		param.pool = single_pool_create(kind);
		/* A queue each way. */
		param.directions = BOTH;
		param.mode = RTE_MIRROR_SHARE;
		check_refused(&testbed, &param, "poller");
		param.mode = RTE_MIRROR_COPY;
		check_refused(&testbed, &param, "poller");
		check_one_poller(&testbed, param);
		port_stop(&testbed.source);
		port_configure(&testbed.source, &four);
		param.directions = RTE_MIRROR_RX;
		check_refused(&testbed, &param, "poller");
		port_stop(&testbed.source);
		port_configure(&testbed.source, &port_default);
		rte_mempool_free(param.pool);
	}
	vdev_close(null, "net_null_single");
	testbed_close(&testbed);
}

/* A target that keeps mbufs has them freed by whoever reads them, beside the poller, who frees what is refused. */
static void
one_producer_is_refused_a_target_that_frees_later(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	unsigned int kind;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	for (kind = 0; kind < NB_KINDS; kind++) {
		param.pool = single_pool_create(kind);
		for (param.mode = RTE_MIRROR_SHARE; param.mode <= RTE_MIRROR_AUTO; param.mode++) {
			if (kind % 3 != ONE_CONSUMER) {
				check_refused(&testbed, &param, "another thread");
				continue;
			}
			id = mirror_with(testbed.source.id, &param);
			CHECK_EQ(nb_mirrored(&testbed, id, 0), 10);
			mirror_off(id);
		}
		rte_mempool_free(param.pool);
	}
	testbed_close(&testbed);
}

/* A source that gets more queues would have several pollers use it. */
static void
queues_that_come_later_end_the_mirror(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, &rx_alone, NULL);
	param.target_port = testbed.target.id;
	param.pool = single_pool_create(ONE_CONSUMER);
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(nb_mirrored(&testbed, id, 0), 10);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &four);
	CHECK_WITHIN(1000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "pool") != NULL);
	CHECK_EQ(nb_mirrored(&testbed, id, 0), 0);
	CHECK_EQ(nb_mirrored(&testbed, id, 3), 0);
	mirror_off(id);
	rte_mempool_free(param.pool);
	testbed_close(&testbed);
}

/* Neither resumed nor updated into what would be refused at first. */
static void
a_paused_mirror_keeps_the_pool_to_itself(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = single_pool_create(ONE_CONSUMER);
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(rte_mirror_pause(id), 0);
	param.directions = RTE_MIRROR_TX;
	check_refused(&testbed, &param, info_of(id).name);
	id2 = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_TX);
	CHECK_EQ(rte_mirror_update(id2, &param), -ENOTSUP);
	CHECK_EQ(info_of(id2).mode, RTE_MIRROR_SHARE);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &four);
	CHECK_EQ(rte_mirror_resume(id), -ENOTSUP);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_PAUSED);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &port_default);
	CHECK_EQ(rte_mirror_resume(id), 0);
	CHECK_EQ(nb_mirrored(&testbed, id, 0), 10);
	mirror_off(id);
	mirror_off(id2);
	rte_mempool_free(param.pool);
	testbed_close(&testbed);
}

/* One that has ended for good has no poller any more. */
static void
a_stopped_mirror_leaves_the_pool_to_others(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target2.id;
	param.pool = single_pool_create(ONE_CONSUMER);
	id = mirror_with(testbed.source.id, &param);
	port_close(&testbed.target2);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
	param.target_port = testbed.target.id;
	id2 = mirror_with(testbed.source.id, &param);
	CHECK_EQ(nb_mirrored(&testbed, id2, 0), 10);
	port_open(&testbed.target2, &port_default);
	mirror_off(id);
	mirror_off(id2);
	rte_mempool_free(param.pool);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "several_pollers_are_refused_such_a_pool", several_pollers_are_refused_such_a_pool },
	{ "one_producer_is_refused_a_target_that_frees_later",
			one_producer_is_refused_a_target_that_frees_later },
	{ "queues_that_come_later_end_the_mirror", queues_that_come_later_end_the_mirror },
	{ "a_paused_mirror_keeps_the_pool_to_itself", a_paused_mirror_keeps_the_pool_to_itself },
	{ "a_stopped_mirror_leaves_the_pool_to_others",
			a_stopped_mirror_leaves_the_pool_to_others },
	{ NULL, NULL },
};
