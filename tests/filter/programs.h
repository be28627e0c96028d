/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_PROGRAMS_H
#define TESTS_FILTER_PROGRAMS_H

/**
 * @file
 * Programs and expressions of any make, the same for the same seed.
 */

#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

/** A sequence of numbers: not 0. */
typedef uint64_t random_state;

/** The next number, below a limit. */
uint32_t random_below(random_state *state, uint32_t limit);

/** The longest program that program_make() makes. */
#define PROGRAM_MAX 1000

/** Makes a program that mirror_filter_refusal() has nothing against: its length. */
size_t program_make(random_state *state, struct bpf_insn insns[static PROGRAM_MAX]);

/** Room for what expression_make() makes. */
#define EXPRESSION_MAX 4096

/** Makes an expression, which libpcap may find wrong. */
void expression_make(random_state *state, char expression[static EXPRESSION_MAX]);

#endif /* TESTS_FILTER_PROGRAMS_H */
