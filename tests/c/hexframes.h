/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_HEXFRAMES_H
#define TESTS_C_HEXFRAMES_H

/**
 * @file
 * Frames written in hexadecimal digits, and which of them a mirror takes.
 */

#include "testbed.h"

/** A frame of these bytes, spaces left out, in segments of seg_len bytes at most; 0: in one. */
struct rte_mbuf *hex_packet(struct rte_mempool *pool, const char *hex, uint16_t seg_len);

/** A frame, what its mbuf says of it, and whether it is to be chosen. */
struct hex_case {
	const char *hex;
	bool chosen;
	uint64_t ol_flags;
	uint16_t tci, tci_outer;
};

/**
 * Checks which frames a mirror chooses that selects so: whole ones, and with segments of 1, 5, 13 and 128 bytes. Their
 * ol_flags are those of packets in that direction.
 */
void hex_check(const struct testbed *testbed, const struct rte_mirror_select *select,
		const struct hex_case *cases, unsigned int nb_cases, uint32_t direction);

/* Ethernet addresses: 02:00:00:00:00:01 and so on. */
#define MAC_1    "020000000001 "
#define MAC_2    "020000000002 "
#define MAC_3    "0200ffff0003 "

#define IP4      "0800 "
#define IP6      "86dd "
#define VLAN(id) "8100 " id " "
#define QINQ(id) "88a8 " id " "

/* From 10.1.2.3 to 192.0.2.9; of the header's length in 32 bit words, fragment field and protocol. */
#define V4(ihl, fragment, protocol) \
	"4" ihl "00 0054 0000 " fragment " 40 " protocol " 0000 0a010203 c0000209 "
/* From 2001:db8:1::3 to 2001:db8:2::9. */
#define V6(next)                                                      \
	"60000000 0020 " next " 40 20010db8000100000000000000000003 " \
	"20010db8000200000000000000000009 "
/* From 1024 to 443. */
#define PORTS "0400 01bb "
#define TCP   "06"
#define UDP   "11"

#endif /* TESTS_C_HEXFRAMES_H */
