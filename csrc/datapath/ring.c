/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "ring.h"

const struct rte_mempool *mirror_known_pools[MIRROR_MAX_POOLS];
const struct rte_mempool *mirror_unknown_pool;

/* What no mbuf is of, not even one that is of none. */
#define NO_POOL ((const struct rte_mempool *)UINTPTR_MAX)

/* More segments than any limit is, of a packet of which nobody knows how many it has. */
#define MANY INT32_MAX

void
mirror_ring_start(struct mirror_ring *ring, uint32_t nb_kept)
{
	uint32_t i;

	for (i = 0; i < nb_kept; i++)
		ring->items[i].held = MANY;
	ring->tail = ring->nb_kept = nb_kept;
	ring->sent = (uint64_t)nb_kept * MANY;
}

static bool
mirror_pool_is_known(const struct rte_mempool *pool)
{
	unsigned int i;

	/* As one of those that there are not. */
	if (pool == NULL)
		return false;
	for (i = 0; i < MIRROR_MAX_POOLS; i++) {
		if (__atomic_load_n(&mirror_known_pools[i], __ATOMIC_RELAXED) == pool)
			return true;
	}
	if (__atomic_load_n(&mirror_unknown_pool, __ATOMIC_RELAXED) != pool)
		__atomic_store_n(&mirror_unknown_pool, pool, __ATOMIC_RELAXED);
	return false;
}

/*
 * Whether whoever frees a segment, and with it what its data is in, gives back to known pools alone. Where a buffer comes
 * from that was attached to an mbuf, and how many of them there are, nobody tells.
 */
static bool
mirror_seg_is_known(const struct rte_mbuf *seg, const struct rte_mempool *own)
{
	/* First, since what is asked of a buffer elsewhere is in its pool, which there need not be. */
	if (seg->pool == own || !mirror_pool_is_known(seg->pool))
		return false;
	if (RTE_MBUF_CLONED(seg))
		return mirror_pool_is_known(rte_mbuf_from_indirect((void *)(uintptr_t)seg)->pool);
	return !RTE_MBUF_HAS_EXTBUF(seg) || RTE_MBUF_HAS_PINNED_EXTBUF(seg);
}

/* The same of a packet that is not one mbuf with all that it needs. Apart, since it is seldom. */
static __rte_noinline bool
mirror_segs_are_known(const struct rte_mbuf *pkt, const struct rte_mempool *own)
{
	int32_t nb_left = pkt->nb_segs;

	for (; pkt != NULL && nb_left > 0; pkt = pkt->next, nb_left--) {
		if (!mirror_seg_is_known(pkt, own))
			return false;
	}
	return true;
}

bool
mirror_ring_may_hold(struct mirror_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts,
		const struct rte_mempool *own)
{
	const uint64_t limit = __atomic_load_n(&ring->limit, __ATOMIC_RELAXED);
	const struct rte_mempool *pool = NO_POOL;
	uint64_t nb_segs = ring->sent;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		if (unlikely(pkts[i]->pool != pool)) {
			pool = pkts[i]->pool;
			if (pool == own || !mirror_pool_is_known(pool))
				return false;
		}
		if (unlikely(pkts[i]->nb_segs > 1 || !RTE_MBUF_DIRECT(pkts[i])) &&
				!mirror_segs_are_known(pkts[i], own))
			return false;
		nb_segs += pkts[i]->nb_segs;
	}
	if (likely(nb_segs - ring->released_seen <= limit))
		return true;
	ring->released_seen = __atomic_load_n(&ring->released, __ATOMIC_RELAXED);
	return nb_segs - ring->released_seen <= limit;
}

/* Whether an mbuf of the mirror's own has its data in another's, or where the other's is. */
static bool
mirror_refers(const struct rte_mbuf *seg)
{
	if (likely(RTE_MBUF_DIRECT(seg)))
		return false;
	return RTE_MBUF_CLONED(seg) || !RTE_MBUF_HAS_PINNED_EXTBUF(seg);
}

/* How many segments of the application's a packet refers to, or is. */
static uint32_t
mirror_count_held(const struct rte_mbuf *pkt, const struct rte_mempool *pool)
{
	uint32_t nb = 0;

	if (pkt->pool != pool)
		return pkt->nb_segs;
	if (pkt->nb_segs == 1)
		return mirror_refers(pkt);
	for (; pkt != NULL; pkt = pkt->next)
		nb += mirror_refers(pkt);
	return nb;
}

void
mirror_ring_put(struct mirror_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts,
		const struct rte_mempool *pool, uint64_t tsc)
{
	uint64_t tail = ring->tail, sent = ring->sent;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++, tail++) {
		const uint32_t held = mirror_count_held(pkts[i], pool);
		const bool is_own = pkts[i]->pool == pool;

		ring->items[tail % MIRROR_RING_SIZE] = (struct mirror_ring_item){
			.pkt = pkts[i],
			.tsc = tsc,
			.wire_len = is_own ? MIRROR_WIRE_LEN(pkts[i]) : pkts[i]->pkt_len,
			.is_own = is_own,
			.held = held,
		};
		sent += held;
	}
	__atomic_store_n(&ring->sent, sent, __ATOMIC_RELAXED);
	__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
}
