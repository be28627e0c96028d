/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DATAPATH_STOCK_H
#define MIRROR_DATAPATH_STOCK_H

/**
 * @file
 * Mbufs from a mirror's pool, as copy.c needs them for a burst.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_prefetch.h>

#include "datapath.h"

/** So many mbufs at the most are fetched before they are needed, and so many bytes of each one's room. */
#define MIRROR_FETCHED     8U
#define MIRROR_FETCHED_LEN 512U

/** Mbufs had from the pool at once. Two for each packet: for what is copied, and to refer to the rest. */
struct mirror_stock {
	struct rte_mempool *pool;
	unsigned int nb;
	struct rte_mbuf *mbufs[2 * MIRROR_BURST];
};

/** pool may be NULL, and have nothing. */
static inline void
mirror_stock_fill(struct mirror_stock *stock, struct rte_mempool *pool, unsigned int nb)
{
	stock->pool = pool;
	stock->nb = 0;
	/* All or none. What is left of a pool that runs dry is had one by one. */
	if (pool != NULL && rte_mempool_get_bulk(pool, (void **)stock->mbufs, nb) == 0)
		stock->nb = nb;
}

/** The next one, NULL if there is none. */
static inline struct rte_mbuf *
mirror_stock_next(struct mirror_stock *stock)
{
	void *mbuf;

	if (likely(stock->nb > 0))
		return stock->mbufs[--stock->nb];
	return stock->pool != NULL && rte_mempool_get(stock->pool, &mbuf) == 0 ? mbuf : NULL;
}

static inline void
mirror_stock_return(struct mirror_stock *stock)
{
	if (stock->nb > 0)
		rte_mempool_put_bulk(stock->pool, (void **)stock->mbufs, stock->nb);
}

/**
 * The thread that drains a ring has freed the mbufs that come next: they are in its CPU's cache. A write to one would take
 * long, and all later writes of the poller's, its application's too, would wait behind it. So those are fetched, to be
 * written to, that were needed last time, with as much of their room: by next time they have come.
 */
static inline void
mirror_fetch_next(struct rte_mempool *pool, unsigned int nb, uint32_t length)
{
	const struct rte_mempool_cache *cache = rte_mempool_default_cache(pool, rte_lcore_id());
	const size_t room = sizeof(struct rte_mbuf) + rte_pktmbuf_priv_size(pool) +
			RTE_PKTMBUF_HEADROOM;
	uint32_t offset;

	if (cache == NULL)
		return;
	nb = RTE_MIN(nb, MIRROR_FETCHED);
	nb = RTE_MIN(nb, cache->len);
	length = RTE_MIN(length, MIRROR_FETCHED_LEN);
	for (; nb > 0; nb--) {
		const void *own = cache->objs[cache->len - nb];

		rte_prefetch0_write(own);
		for (offset = 0; offset < length; offset += RTE_CACHE_LINE_SIZE)
			rte_prefetch0_write(RTE_PTR_ADD(own, room + offset));
	}
}

/** Whether few mbufs are left in a pool, but for those in CPUs' caches. */
static inline bool
mirror_is_low(const struct rte_mempool *pool)
{
	return rte_mempool_get_ops(pool->ops_index)->get_count(pool) < MIRROR_BURST;
}

#endif /* MIRROR_DATAPATH_STOCK_H */
