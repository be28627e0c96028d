/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* RTE_MIRROR_F_DRAIN: from which pools its mirrors keep buffers, however these come to be in packets. */

#include <rte_mbuf.h>

#include "drained.h"
#include "pinned.h"

/* More bytes than split copies whole, in two segments. */
#define NB_SEGS 2
#define SEG_LEN 300

/* Another pool of the application's than its usual one, so small that it would soon have nothing left. */
#define NB_OTHER 2047
#define ROOM     RTE_MBUF_DEFAULT_BUF_SIZE

/* One whose mbufs have their data elsewhere, for good. They are back when nobody refers to that. */
static struct rte_mempool *
open_pinned(void)
{
	static uint8_t bytes[NB_OTHER][ROOM] __rte_aligned(4096);
	struct rte_pktmbuf_extmem memory = {
		.buf_ptr = bytes,
		.buf_iova = (rte_iova_t)(uintptr_t)bytes,
		.buf_len = sizeof(bytes),
		.elt_size = ROOM,
	};

	return rte_pktmbuf_pool_create_extbuf("pinned", NB_OTHER, 0, 0, ROOM, 0, &memory, 1);
}

enum kind { USUAL, FOR_ONE, PINNED, NB_KINDS };

/* All of them at a time: one in another's place would be taken for that, for as long as nobody looks. */
static void
open_all(struct rte_mempool *pools[NB_KINDS])
{
	unsigned int i;

	pools[USUAL] = rte_pktmbuf_pool_create("usual", NB_OTHER, 0, 0, ROOM, SOCKET_ID_ANY);
	/* The thread that frees what a target has taken must not be a second producer. */
	pools[FOR_ONE] = rte_pktmbuf_pool_create_by_ops(
			"one", NB_OTHER, 0, 0, ROOM, SOCKET_ID_ANY, "ring_sp_sc");
	pools[PINNED] = open_pinned();
	for (i = 0; i < NB_KINDS; i++)
		CHECK(pools[i] != NULL);
}

static struct rte_mbuf *
plain(struct rte_mempool *other, struct rte_mempool *pool)
{
	(void)pool;
	return packet_make(other, NB_SEGS, SEG_LEN, 0);
}

static struct rte_mbuf *
behind_another(struct rte_mempool *other, struct rte_mempool *pool)
{
	struct rte_mbuf *head = packet_make(pool, 1, SEG_LEN, 0);

	CHECK_EQ(rte_pktmbuf_chain(head, packet_make(other, 1, SEG_LEN, 0)), 0);
	return head;
}

static struct rte_mbuf *
referred_to(struct rte_mempool *other, struct rte_mempool *pool)
{
	struct rte_mbuf *pkt = packet_make(other, NB_SEGS, SEG_LEN, 0);
	struct rte_mbuf *clone = rte_pktmbuf_clone(pkt, pool);

	CHECK(clone != NULL);
	rte_pktmbuf_free(pkt);
	return clone;
}

/* Buffers that come into packets in other ways than the usual one, and how many of them may be held. */
static const struct other {
	enum kind kind;
	struct rte_mbuf *(*make)(struct rte_mempool *other, struct rte_mempool *pool);
	unsigned int most;
} others[] = {
	{ PINNED, plain, NB_OTHER / PART },
	{ PINNED, behind_another, NB_OTHER / PART },
	{ USUAL, behind_another, NB_OTHER / PART },
	{ USUAL, referred_to, NB_OTHER / PART },
	/* Nothing tells of whom that data is. */
	{ PINNED, referred_to, 0 },
	{ FOR_ONE, behind_another, 0 },
	{ FOR_ONE, referred_to, 0 },
};

static void
pass_other(const struct drained *drained, const struct other *other, struct rte_mempool *pool)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	uint16_t i;

	for (i = 0; i < NB_PACKETS; i++)
		pkts[i] = other->make(pool, drained->testbed.pool);
	testbed_receive(&drained->testbed, 0, pkts, NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
}

/* Whether buffers of a pool are held, once those of before have been read. */
static bool
is_held(const struct drained *drained, const struct other *other, struct rte_mempool *pool)
{
	read_some(drained, TARGET_RING);
	pass_other(drained, other, pool);
	return rte_mempool_in_use_count(pool) > 0;
}

static void
little_of_it_is_held(enum rte_mirror_mode mode, const struct other *other, struct rte_mempool *pool)
{
	static const struct other usual = { .make = plain };
	struct drained drained;
	unsigned int burst;

	/* As a poller does: else the thread would find it on every CPU, and hold nothing. */
	pinned_here();
	drained_open(&drained, mode, NULL);
	/* Pools are to become known: what comes before is copied. */
	CHECK_WITHIN(SOON_MS, is_held(&drained, &usual, drained.testbed.pool));
	if (other->most > 0)
		CHECK_WITHIN(SOON_MS, is_held(&drained, other, pool));
	for (burst = 0; burst < 200; burst++) {
		pass_other(&drained, other, pool);
		CHECK(rte_mempool_in_use_count(pool) <= other->most);
	}
	drained_close(&drained);
	CHECK_EQ(rte_mempool_in_use_count(pool), 0);
}

static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT };

static void
little_is_held_of_pools_of_any_kind(void)
{
	struct rte_mempool *pools[NB_KINDS];
	unsigned int i, kind;

	open_all(pools);
	for (i = 0; i < RTE_DIM(modes); i++) {
		for (kind = 0; kind < RTE_DIM(others); kind++)
			little_of_it_is_held(modes[i], &others[kind], pools[others[kind].kind]);
	}
	for (i = 0; i < NB_KINDS; i++)
		rte_mempool_free(pools[i]);
}

/* A packet's first segment, or the one behind it, whose data the application may have elsewhere. */
static void
set_pool(struct rte_mbuf *pkt, bool is_behind, struct rte_mempool *pool)
{
	struct rte_mbuf *seg = is_behind ? pkt->next : pkt;

	seg->pool = pool;
	if (is_behind)
		seg->ol_flags ^= RTE_MBUF_F_EXTERNAL;
}

static void
packets_with_no_pool_are_copied(enum rte_mirror_mode mode, bool is_behind)
{
	static const struct other usual = { .make = plain };
	struct rte_mbuf *pkts[NB_PACKETS];
	struct drained drained;
	unsigned int i;

	pinned_here();
	drained_open(&drained, mode, NULL);
	CHECK_WITHIN(SOON_MS, is_held(&drained, &usual, drained.testbed.pool));
	read_some(&drained, TARGET_RING);
	packets_make(drained.testbed.pool, pkts, NB_PACKETS, NB_SEGS, SEG_LEN);
	for (i = 0; i < NB_PACKETS; i++)
		set_pool(pkts[i], is_behind, NULL);
	testbed_receive(&drained.testbed, 0, pkts, NB_PACKETS);
	packets_check_refcnt(pkts, NB_PACKETS, 1);
	for (i = 0; i < NB_PACKETS; i++)
		set_pool(pkts[i], is_behind, drained.testbed.pool);
	packets_free(pkts, NB_PACKETS);
	drained_close(&drained);
}

/* As an application may make them that frees none. */
static void
packets_of_no_pool_are_copied(void)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(modes); i++) {
		packets_with_no_pool_are_copied(modes[i], false);
		packets_with_no_pool_are_copied(modes[i], true);
	}
}

const struct test_case test_cases[] = {
	{ "little_is_held_of_pools_of_any_kind", little_is_held_of_pools_of_any_kind },
	{ "packets_of_no_pool_are_copied", packets_of_no_pool_are_copied },
	{ NULL, NULL },
};
