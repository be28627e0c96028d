/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_eal_memconfig.h>
#include <rte_mempool.h>
#include <rte_tailq.h>

#include "pool_list.h"

TAILQ_HEAD(mirror_pool_list, rte_tailq_entry);

/*
 * rte_mempool_walk() holds the pools' lock, under which pools are made. rte_mempool_free() takes that of all lists alone, and
 * frees the entry, and the pool, that a walk is at. So a thread that walks here holds both, in the order of one that makes pools,
 * and one that frees here keeps others from walking.
 */

void
mirror_pools_walk(void (*look)(struct rte_mempool *pool, void *arg), void *arg)
{
	const struct mirror_pool_list *pools;
	const struct rte_tailq_entry *entry;

	rte_mcfg_mempool_read_lock();
	rte_mcfg_tailq_read_lock();
	pools = RTE_TAILQ_LOOKUP("RTE_MEMPOOL", mirror_pool_list);
	if (pools != NULL) {
		TAILQ_FOREACH(entry, pools, next)
			look(entry->data, arg);
	}
	rte_mcfg_tailq_read_unlock();
	rte_mcfg_mempool_read_unlock();
}

void
mirror_pool_free(struct rte_mempool *pool)
{
	rte_mcfg_mempool_write_lock();
	rte_mempool_free(pool);
	rte_mcfg_mempool_write_unlock();
}
