/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_SINGLESTEP_H
#define TESTS_BENCH_SINGLESTEP_H

/**
 * @file
 * Counts instructions exactly, where there is no hardware that does.
 *
 * A forked child runs the function one instruction at a time, under ptrace. It has its parent's memory, but shares
 * only what EAL has mapped as shared, and it has no other threads. The function runs twice there, and the second time
 * is counted; it must leave things as they were.
 */

#include <stdint.h>

/** How many instructions a function executes in user space, and a constant few. A repeated one (rep movs) is one. */
uint64_t singlestep_count(void (*run)(void *arg), void *arg);

#endif /* TESTS_BENCH_SINGLESTEP_H */
