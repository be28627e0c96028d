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

	return rte_pktmbuf_pool_create_extbuf("other", NB_OTHER, 0, 0, ROOM, 0, &memory, 1);
}

static struct rte_mempool *
open_usual(void)
{
	return rte_pktmbuf_pool_create("other", NB_OTHER, 0, 0, ROOM, SOCKET_ID_ANY);
}

/* The thread that frees what a target has taken must not be a second producer. */
static struct rte_mempool *
open_for_one(void)
{
	return rte_pktmbuf_pool_create_by_ops(
			"other", NB_OTHER, 0, 0, ROOM, SOCKET_ID_ANY, "ring_sp_sc");
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
	struct rte_mempool *(*open)(void);
	struct rte_mbuf *(*make)(struct rte_mempool *other, struct rte_mempool *pool);
	unsigned int most;
} others[] = {
	{ open_pinned, plain, NB_OTHER / PART },
	{ open_pinned, behind_another, NB_OTHER / PART },
	{ open_usual, behind_another, NB_OTHER / PART },
	{ open_usual, referred_to, NB_OTHER / PART },
	/* Nothing tells of whom that data is. */
	{ open_pinned, referred_to, 0 },
	{ open_for_one, behind_another, 0 },
	{ open_for_one, referred_to, 0 },
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
little_of_it_is_held(enum rte_mirror_mode mode, const struct other *other)
{
	static const struct other usual = { .make = plain };
	struct rte_mempool *pool = other->open();
	struct drained drained;
	unsigned int burst;

	CHECK(pool != NULL);
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
	rte_mempool_free(pool);
}

static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT };

static void
little_is_held_of_pools_of_any_kind(void)
{
	unsigned int i, kind;

	for (i = 0; i < RTE_DIM(modes); i++) {
		for (kind = 0; kind < RTE_DIM(others); kind++)
			little_of_it_is_held(modes[i], &others[kind]);
	}
}

const struct test_case test_cases[] = {
	{ "little_is_held_of_pools_of_any_kind", little_is_held_of_pools_of_any_kind },
	{ NULL, NULL },
};
