/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_STRESS_MEMORY_H
#define TESTS_STRESS_MEMORY_H

/**
 * @file
 * How much memory the process uses, and whether that grows.
 */

#include <stdint.h>

struct rte_mempool;

struct memory {
	uint64_t heap; /**< bytes that malloc() has given out; 0 under sanitizers, which count for themselves */
	uint64_t resident;  /**< bytes; 0 under sanitizers, which keep what is freed */
	uint64_t eal;       /**< bytes that EAL's heaps have given out */
	uint64_t eal_parts; /**< in how many parts */
};

/**
 * Writes to all mbufs of the library's pools, which must not be in use: from then on what is resident no longer
 * depends on how many of them have been needed so far.
 */
void memory_touch_pools(void);
/** Checks that all mbufs of all pools but this one are back. */
void memory_check_pools(const struct rte_mempool *but);
struct memory memory_now(void);
/** Prints how much more is used now than then, and checks that it is next to nothing. */
void memory_check_growth(const struct memory *then);

#endif /* TESTS_STRESS_MEMORY_H */
