/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_POOL_H
#define MIRROR_FFI_POOL_H

/**
 * @file
 * Pools of packet buffers (mbufs).
 */

#include <stdint.h>

#include <rte_mempool.h>

/** What to create. */
struct ffi_pool_config {
	const char *name;   /* unique in the process */
	uint32_t size;      /* mbufs */
	uint32_t cache;     /* mbufs kept by each lcore */
	uint32_t data_room; /* bytes of packet data that one mbuf holds; the headroom comes on top */
};

/**
 * Creates a pool.
 *
 * @return
 *   0; -ERANGE: data_room is 0 or more than an mbuf can hold; -EEXIST: the name is taken; -ENAMETOOLONG, -EINVAL,
 *   -ENOMEM.
 */
int ffi_pool_create(const struct ffi_pool_config *config, struct rte_mempool **pool);

/** Frees a pool that nothing uses any more. */
void ffi_pool_free(struct rte_mempool *pool);

/** How many mbufs are free, those in the lcores' caches included. */
uint32_t ffi_pool_available(const struct rte_mempool *pool);

#endif /* MIRROR_FFI_POOL_H */
