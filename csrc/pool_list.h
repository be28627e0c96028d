/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_POOL_LIST_H
#define MIRROR_POOL_LIST_H

/**
 * @file
 * All pools that there are, whoever has made them. Any thread may ask, without a mutex.
 */

struct rte_mempool;

/** Calls look() for each pool; none is freed meanwhile, nor may look() make or free one. */
void mirror_pools_walk(void (*look)(struct rte_mempool *pool, void *arg), void *arg);
/** Frees a pool of the library's; nobody looks at all pools meanwhile. */
void mirror_pool_free(struct rte_mempool *pool);

#endif /* MIRROR_POOL_LIST_H */
