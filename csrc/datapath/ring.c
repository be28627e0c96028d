/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "ring.h"

const struct rte_mempool *mirror_known_pools[MIRROR_MAX_POOLS];
const struct rte_mempool *mirror_unknown_pool;

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

	for (i = 0; i < MIRROR_MAX_POOLS; i++) {
		if (__atomic_load_n(&mirror_known_pools[i], __ATOMIC_RELAXED) == pool)
			return true;
	}
	if (__atomic_load_n(&mirror_unknown_pool, __ATOMIC_RELAXED) != pool)
		__atomic_store_n(&mirror_unknown_pool, pool, __ATOMIC_RELAXED);
	return false;
}

bool
mirror_ring_may_hold(struct mirror_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts,
		const struct rte_mempool *own)
{
	const uint64_t limit = __atomic_load_n(&ring->limit, __ATOMIC_RELAXED);
	const struct rte_mempool *pool = NULL;
	uint64_t nb_segs = ring->sent;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		/* A packet's segments may be of several pools. Those behind the first are counted, and not looked at. */
		if (unlikely(pkts[i]->pool != pool)) {
			pool = pkts[i]->pool;
			if (pool == own || !mirror_pool_is_known(pool))
				return false;
		}
		nb_segs += pkts[i]->nb_segs;
	}
	if (likely(nb_segs - ring->released_seen <= limit))
		return true;
	ring->released_seen = __atomic_load_n(&ring->released, __ATOMIC_RELAXED);
	return nb_segs - ring->released_seen <= limit;
}

/* RTE_MBUF_CLONED() is a bit that only 64 hold. */
static bool
mirror_refers(const struct rte_mbuf *seg)
{
	return RTE_MBUF_CLONED(seg);
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
