/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_POOLKINDS_H
#define MIRROR_CONTROL_POOLKINDS_H

/**
 * @file
 * Layer 1, poolkinds.c: who may use a pool. Uses nothing else, and needs no mutex.
 */

#include <stdbool.h>

struct rte_mempool;

/** Whether mbufs may be freed to a pool by one thread at a time alone. */
bool mirror_pool_has_one_producer(const struct rte_mempool *pool);
/** Whether a pool is for one thread at a time, on one side at least. */
bool mirror_pool_is_single(const struct rte_mempool *pool);

#endif /* MIRROR_CONTROL_POOLKINDS_H */
