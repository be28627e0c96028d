/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include <rte_mempool.h>

#include "poolkinds.h"

static bool
has_handler(const struct rte_mempool *pool, const char *name)
{
	return strcmp(rte_mempool_get_ops(pool->ops_index)->name, name) == 0;
}

bool
mirror_pool_has_one_producer(const struct rte_mempool *pool)
{
	return has_handler(pool, "ring_sp_sc") || has_handler(pool, "ring_sp_mc");
}

bool
mirror_pool_is_single(const struct rte_mempool *pool)
{
	return mirror_pool_has_one_producer(pool) || has_handler(pool, "ring_mp_sc");
}
