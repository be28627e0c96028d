/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_ORACLE_H
#define TESTS_FILTER_ORACLE_H

/**
 * @file
 * Classic BPF as plainly as it can be written, over bytes in a row: what the library's engines are held against where
 * libpcap's bpf_filter() leaves the outcome to the machine.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>

/**
 * Whether a program chooses a packet.
 *
 * @param length
 *   What the program knows for the packet's length.
 * @param[out] is_defined
 *   Whether bpf_filter() has to say the same: no shift by 32 or more, no division by a constant
 *   0, no memory read that was not written.
 */
bool oracle_chooses(const struct bpf_insn *insns, const uint8_t *bytes, uint32_t nb_bytes,
		uint32_t length, bool *is_defined);

#endif /* TESTS_FILTER_ORACLE_H */
