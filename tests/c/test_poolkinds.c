/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Which pools serve for what, and how those that do not are refused. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_mempool.h>

#include "faults.h"
#include "own_sink.h"
#include "refusal.h"

#define ROOM RTE_MBUF_DEFAULT_BUF_SIZE

static struct rte_mempool *
pinned_pool_create(void *memory, uint32_t size)
{
	const struct rte_pktmbuf_extmem extmem = { .buf_ptr = memory,
		.buf_iova = (rte_iova_t)(uintptr_t)memory,
		.buf_len = size,
		.elt_size = ROOM };

	return rte_pktmbuf_pool_create_extbuf("pinned", 15, 0, 0, ROOM, 0, &extmem, 1);
}

static struct rte_mempool *
pool_create(const char *name, uint16_t room)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(name, 15, 0, 0, room, 0);

	CHECK(pool != NULL);
	return pool;
}

static void
check_unfit_pool(const struct testbed *testbed, struct rte_mempool *pool, const char *says)
{
	struct refusal refusals[] = {
		{ { .mode = RTE_MIRROR_SPLIT, .pool = pool }, -EINVAL, says },
		{ { .mode = RTE_MIRROR_SHARE, .snaplen = 64, .pool = pool }, -EINVAL, says },
		{ { .mode = RTE_MIRROR_COPY, .pool = pool }, -EINVAL, says },
		{ { .mode = RTE_MIRROR_SHARE, .pool = pool }, -EINVAL, says },
		{ { .mode = RTE_MIRROR_AUTO, .pool = pool }, -EINVAL, says },
	};
	/* A pinned pool's can hold copies. */
	const bool is_pinned = (rte_pktmbuf_priv_flags(pool) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF) !=
			0;

	check_refusals(testbed, refusals, is_pinned ? 2 : RTE_DIM(refusals));
	rte_mempool_free(pool);
}

static void
pools_whose_mbufs_do_not_serve(void)
{
	static uint8_t memory[16 * ROOM] __rte_cache_aligned;
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	check_unfit_pool(&testbed, pool_create("nothing", 0), "room for 0 bytes");
	check_unfit_pool(&testbed, pool_create("headroom", RTE_PKTMBUF_HEADROOM), "headroom");
	check_unfit_pool(&testbed, pinned_pool_create(memory, sizeof(memory)), "RTE_MIRROR_COPY");
	testbed_close(&testbed);
}

static void
a_pool_of_something_else_than_mbufs(void)
{
	struct rte_mempool *pool = rte_mempool_create(
			"else", 15, ROOM, 0, 0, NULL, NULL, NULL, NULL, 0, 0);
	struct refusal refusals[] = {
		{ { .mode = RTE_MIRROR_COPY, .pool = pool }, -EINVAL, "rte_pktmbuf_pool_create" },
		{ { .mode = RTE_MIRROR_SHARE, .pool = pool }, -EINVAL, "else" },
		{ { .mode = RTE_MIRROR_SPLIT, .pool = pool }, -EINVAL, "else" },
		{ { .mode = RTE_MIRROR_AUTO, .pool = pool }, -EINVAL, "else" },
	};
	struct testbed testbed;

	CHECK(pool != NULL);
	testbed_open(&testbed, NULL, NULL);
	check_refusals(&testbed, refusals, RTE_DIM(refusals));
	testbed_close(&testbed);
	rte_mempool_free(pool);
}

/* What split copies is to be in one mbuf, be it the library's or the application's. */
static void
a_split_len_that_no_mbuf_has_room_for(void)
{
	struct rte_mempool *pool = pool_create("small", RTE_PKTMBUF_HEADROOM + 191);
	struct refusal refusals[] = {
		{ { .mode = RTE_MIRROR_SPLIT, .pool = pool }, -EINVAL, "191 bytes" },
		{ { .mode = RTE_MIRROR_SPLIT, .split_len = 2049 }, -EINVAL, "2049" },
		{ { .mode = RTE_MIRROR_AUTO, .split_len = UINT32_MAX }, -EINVAL, "split_len" },
	};
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .pool = pool };
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	check_refusals(&testbed, refusals, RTE_DIM(refusals));
	/* Enough for shorter heads, and for copies to a target that takes chains. */
	param.target_port = testbed.target.id;
	param.mode = RTE_MIRROR_COPY;
	mirror_off(mirror_with(testbed.source.id, &param));
	param.mode = RTE_MIRROR_SPLIT;
	param.split_len = 191;
	mirror_off(mirror_with(testbed.source.id, &param));
	testbed_close(&testbed);
	rte_mempool_free(pool);
}

/* Where a packet has to fit one mbuf, the source's longest has to: MTU 1500, an Ethernet header, two tags. */
static void
copies_in_one_segment_need_mbufs_as_long_as_packets(void)
{
	struct rte_mempool *small = pool_create("small", RTE_PKTMBUF_HEADROOM + 1521);
	struct rte_mempool *enough = pool_create("enough", RTE_PKTMBUF_HEADROOM + 1522);
	struct refusal refusals[] = {
		{ { .mode = RTE_MIRROR_COPY, .pool = small }, -EINVAL, "1522" },
		{ { .mode = RTE_MIRROR_AUTO, .pool = small, .snaplen = 1522 }, -EINVAL, "1522" },
	};
	const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct testbed testbed;

	testbed_open(&testbed, NULL, &no_chains);
	check_refusals(&testbed, refusals, RTE_DIM(refusals));
	param.target_port = testbed.target.id;
	param.pool = enough;
	mirror_off(mirror_with(testbed.source.id, &param));
	/* What is cut to fit, fits. */
	param.pool = small;
	param.snaplen = 1521;
	mirror_off(mirror_with(testbed.source.id, &param));
	testbed_close(&testbed);
	rte_mempool_free(small);
	rte_mempool_free(enough);
}

/* A pinned pool's mbufs cannot refer, but they can hold copies. */
static void
a_pinned_pool_serves_for_copies(void)
{
	static uint8_t memory[16 * ROOM] __rte_cache_aligned;
	struct rte_mempool *pinned = pinned_pool_create(memory, sizeof(memory));
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY, .pool = pinned
	};
	struct rte_mbuf *pkts[10], *got[10], *clone;
	static struct bytes bytes[10];
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	for (i = 0; i < 5; i++) {
		packets_make(testbed.pool, pkts, 10, 3, 60);
		bytes_read_all(bytes, pkts, 10);
		ring_put(testbed.source.rx[0], pkts, 10);
		CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, 10), 10);
		packets_free(pkts, 10);
		CHECK_EQ(ring_get(testbed.target.tx[0], got, 10), 10);
		bytes_check_all(bytes, got, 10);
		/* The target can tell what they are: to refer to them, say. */
		CHECK(RTE_MBUF_HAS_EXTBUF(got[0]) && RTE_MBUF_HAS_PINNED_EXTBUF(got[0]));
		clone = rte_pktmbuf_clone(got[0], testbed.pool);
		packets_free(got, 10);
		CHECK_EQ(rte_mempool_in_use_count(pinned), 1);
		bytes_check(bytes, clone, 180);
		rte_pktmbuf_free(clone);
		CHECK_EQ(rte_mempool_in_use_count(pinned), 0);
	}
	mirror_off(id);
	testbed_close(&testbed);
	rte_mempool_free(pinned);
}

/* But not where the target's driver takes every mbuf for a plain one. */
static void
a_pinned_pool_does_not_serve_a_target_with_fast_free(void)
{
	static uint8_t memory[16 * ROOM] __rte_cache_aligned;
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct rte_mempool *pinned = pinned_pool_create(memory, sizeof(memory));
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY, .pool = pinned
	};
	struct testbed testbed;

	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	testbed_open(&testbed, NULL, &fast_free);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EINVAL);
	CHECK(strstr(rte_mirror_last_error(), "FAST_FREE") != NULL);
	CHECK(strstr(rte_mirror_last_error(), "pinned") != NULL);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
	rte_mempool_free(pinned);
}

/* A target that is slow would keep the application from receiving. */
static void
what_the_application_receives_into_does_not_serve_a_thread(void)
{
	const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT,
		RTE_MIRROR_COPY };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX };
	struct testbed testbed;
	struct own_sink sink;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	own_sink_open(&sink);
	param.pool = faults.rx_pool = testbed.pool;
	for (i = 0; i < RTE_DIM(modes); i++) {
		param.mode = modes[i];
		param.flags = RTE_MIRROR_F_DRAIN;
		param.target_port = sink.number;
		/* The source's, and what is sent there may come from any other port's. */
		faults.rx_port = i == 0 ? testbed.source.id : testbed.target2.id;
		CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EINVAL);
		CHECK(strstr(rte_mirror_last_error(), "give another, or none") != NULL);
		param.flags = 0;
		param.target_port = testbed.target.id;
		mirror_off(mirror_with(testbed.source.id, &param));
	}
	param.flags = RTE_MIRROR_F_DRAIN;
	faults.rx_port = testbed.target.id;
	mirror_off(mirror_with(testbed.source.id, &param));
	own_sink_close(&sink);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "pools_whose_mbufs_do_not_serve", pools_whose_mbufs_do_not_serve },
	{ "a_pool_of_something_else_than_mbufs", a_pool_of_something_else_than_mbufs },
	{ "a_split_len_that_no_mbuf_has_room_for", a_split_len_that_no_mbuf_has_room_for },
	{ "copies_in_one_segment_need_mbufs_as_long_as_packets",
			copies_in_one_segment_need_mbufs_as_long_as_packets },
	{ "a_pinned_pool_serves_for_copies", a_pinned_pool_serves_for_copies },
	{ "a_pinned_pool_does_not_serve_a_target_with_fast_free",
			a_pinned_pool_does_not_serve_a_target_with_fast_free },
	{ "what_the_application_receives_into_does_not_serve_a_thread",
			what_the_application_receives_into_does_not_serve_a_thread },
	{ NULL, NULL },
};
