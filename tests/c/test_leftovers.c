/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What mirrors that are refused, or need something else now, do not leave behind: pools of the library's, mbufs' fields. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_mbuf_dyn.h>
#include <rte_mempool.h>

#include "testbed.h"
#include "faults.h"
#include "poison.h"

#define FIELD "rte_mirror_dynfield_origin"

static const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };

/* The first case: a field cannot be given back, and later ones have it. */
static void
a_refused_mirror_takes_no_field_of_mbufs(void)
{
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY, .flags = RTE_MIRROR_F_ORIGIN
	};
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = poison_pool_create("nothing", 15, RTE_PKTMBUF_HEADROOM);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	CHECK_EQ(rte_mirror_update(id, &param), -EINVAL);
	mirror_off(id);
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EINVAL);
	CHECK(rte_mbuf_dynfield_lookup(FIELD, NULL) < 0);
	poison_pool_free(param.pool);
	param.pool = NULL;
	mirror_off(mirror_with(testbed.source.id, &param));
	CHECK(rte_mbuf_dynfield_lookup(FIELD, NULL) >= 0);
	testbed_close(&testbed);
}

/* Whether it cannot be attached, or contradicts another; nor does an update. */
static void
a_refused_mirror_leaves_no_pool(void)
{
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX, .mode = RTE_MIRROR_COPY };
	struct rte_mempool *pool = poison_pool_create("mine", 63, RTE_MBUF_DEFAULT_BUF_SIZE);
	struct testbed testbed;
	uint32_t id;

	faults = (struct faults){ .no_callbacks = 1,
		.callback_errno = ENOMEM,
		.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	testbed_open(&testbed, NULL, &fast_free);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOMEM);
	CHECK_EQ(nb_library_pools(), 0);
	faults.no_callbacks = 0;
	param.directions = RTE_MIRROR_RX;
	param.pool = pool;
	id = mirror_with(testbed.source.id, &param);
	param.pool = NULL;
	CHECK_EQ(rte_mirror_add(testbed.target2.id, &param, NULL), -ENOTSUP);
	CHECK_EQ(nb_library_pools(), 0);
	faults.no_callbacks = 1;
	param.directions = RTE_MIRROR_RX | RTE_MIRROR_TX;
	CHECK_EQ(rte_mirror_update(id, &param), -ENOMEM);
	CHECK_EQ(nb_library_pools(), 0);
	mirror_off(id);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
	poison_pool_free(pool);
}

static void
configure_anew(const struct port *target, uint32_t id, const struct port_options *options)
{
	CHECK_EQ(rte_mirror_pause(id), 0);
	port_stop(target);
	port_configure(target, options);
	CHECK_EQ(rte_mirror_resume(id), 0);
}

/* Mirrors a packet: how much room the mbuf has that the target gets. */
static uint16_t
room_used(const struct testbed *testbed)
{
	struct rte_mbuf *pkt = packet_make(testbed->pool, 1, 60, 0), *got;
	uint16_t room;

	ring_put(testbed->source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, &pkt, 1), 1);
	rte_pktmbuf_free(pkt);
	CHECK_EQ(ring_get(testbed->target.tx[0], &got, 1), 1);
	room = (uint16_t)(rte_pktmbuf_data_room_size(got->pool) - RTE_PKTMBUF_HEADROOM);
	rte_pktmbuf_free(got);
	return room;
}

/* Its pool is the one that it needs now; the former goes, as soon as the target has given all of it back. */
static void
a_target_that_is_configured_anew_has_one_pool(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct rte_mbuf *pkt, *got;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(room_used(&testbed), 2048);
	configure_anew(&testbed.target, id, &no_chains);
	CHECK_EQ(room_used(&testbed), 9216);
	CHECK_EQ(nb_library_pools(), 1);
	pkt = packet_make(testbed.pool, 1, 60, 0);
	ring_put(testbed.source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, &pkt, 1), 1);
	rte_pktmbuf_free(pkt);
	configure_anew(&testbed.target, id, &port_default);
	CHECK_EQ(nb_library_pools(), 2);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	rte_pktmbuf_free(got);
	CHECK_EQ(nb_library_pools(), 1);
	CHECK_EQ(room_used(&testbed), 2048);
	mirror_off(id);
	CHECK_EQ(nb_library_pools(), 1);
	testbed_close(&testbed);
	CHECK_EQ(nb_library_pools(), 0);
}

const struct test_case test_cases[] = {
	{ "a_refused_mirror_takes_no_field_of_mbufs", a_refused_mirror_takes_no_field_of_mbufs },
	{ "a_refused_mirror_leaves_no_pool", a_refused_mirror_leaves_no_pool },
	{ "a_target_that_is_configured_anew_has_one_pool",
			a_target_that_is_configured_anew_has_one_pool },
	{ NULL, NULL },
};
