/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef BENCH_BPF_H
#define BENCH_BPF_H

/**
 * @file
 * The benchmark's own rte_bpf_get_jit(), which the library finds before DPDK's.
 */

#include <stdbool.h>

/** Whether filters that are loaded from now on are interpreted, as on a machine that rte_bpf has no compiler for. */
void bpf_interpret(bool interpret);

#endif /* BENCH_BPF_H */
