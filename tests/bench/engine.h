/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_ENGINE_H
#define TESTS_BENCH_ENGINE_H

/**
 * @file
 * The benchmark's own pwrite(), with which the library writes a filter's code, and which it finds before the C library's.
 */

#include <stdbool.h>

/** Whether filters that are made from now on are interpreted, as on a machine that lets nobody make code. */
void engine_interpret(bool interpret);

#endif /* TESTS_BENCH_ENGINE_H */
