/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_CROSS_RTE_MBUF_H
#define TESTS_FILTER_CROSS_RTE_MBUF_H

/**
 * @file
 * As much of DPDK as csrc/filter needs, for a machine whose DPDK is not at hand. layout.h holds the fields' offsets.
 */

#include <stdint.h>

struct rte_mbuf {
	void *buf_addr;
	uint64_t iova;
	uint16_t data_off, refcnt, nb_segs, port;
	uint64_t ol_flags;
	uint32_t packet_type, pkt_len;
	uint16_t data_len, vlan_tci;
	uint32_t others[5];
	struct rte_mbuf *next;
} __attribute__((aligned(128)));

#define RTE_MIN(a, b)                        ((a) < (b) ? (a) : (b))
#define RTE_MAX(a, b)                        ((a) > (b) ? (a) : (b))
#define RTE_DIM(array)                       (sizeof(array) / sizeof((array)[0]))
#define likely(x)                            __builtin_expect(!!(x), 1)
#define unlikely(x)                          __builtin_expect(!!(x), 0)
#define __rte_noinline                       __attribute__((noinline))
#define __rte_format_printf(template, first) __attribute__((format(printf, template, first)))
#define rte_be_to_cpu_16(x)                  __builtin_bswap16(x)
#define rte_be_to_cpu_32(x)                  __builtin_bswap32(x)

#endif /* TESTS_FILTER_CROSS_RTE_MBUF_H */
