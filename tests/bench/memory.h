/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_MEMORY_H
#define TESTS_BENCH_MEMORY_H

/**
 * @file
 * Memory in large pages, for all that is measured, whether the machine has hugepages set aside or not.
 *
 * With 4 KB pages DPDK puts one mbuf into each, all of them at the same offset, where they are in each other's way in
 * the caches: warm packets are not warm then.
 */

/** Where memory comes from. */
struct memory {
	int socket;        /**< what DPDK calls it */
	const char *pages; /**< which kind of pages it got, in words */
};

/** Adds it to EAL, which has started. */
struct memory memory_open(void);

#endif /* TESTS_BENCH_MEMORY_H */
