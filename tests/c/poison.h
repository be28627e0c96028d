/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_POISON_H
#define TESTS_C_POISON_H

/**
 * @file
 * A packet pool that notices what is done to a free packet.
 *
 * AddressSanitizer does not know that an mbuf in its pool is free. This pool's own mempool ops fill the whole mbuf,
 * header and data, with a pattern when it comes back, and check the pattern when it leaves: a write to a free mbuf
 * and a second free end the program, a read gives nonsense. Under AddressSanitizer the mbuf is poisoned besides, so
 * that instrumented code which so much as reads it is caught on the spot. The oldest free mbuf leaves first, to keep
 * each of them free for long.
 */

#include <stdint.h>

struct rte_mempool;

/** Makes a pool of nb packets with data_room bytes each, headroom included. */
struct rte_mempool *poison_pool_create(const char *name, uint32_t nb, uint16_t data_room);

/** How many of a pool's packets were out at most since this was last asked. */
uint32_t poison_pool_most_used(struct rte_mempool *pool);

/** Frees a pool, all of whose packets must be back. */
void poison_pool_free(struct rte_mempool *pool);

#endif /* TESTS_C_POISON_H */
