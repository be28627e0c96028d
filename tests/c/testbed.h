/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_TESTBED_H
#define TESTS_C_TESTBED_H

/**
 * @file
 * What most cases start from: ports, packets and mirrors.
 */

#include "harness.h"
#include "packets.h"
#include "ports.h"
#include "rte_mirror.h"

/** A pool that tells misuse, a source and two targets. */
struct testbed {
	struct rte_mempool *pool;
	struct port source, target, target2;
};

#define TESTBED_POOL_SIZE 8191

/** Packets that are passed at once, at most. */
#define TESTBED_BURST 64

/** Opens all of it; options are the source's and the targets', NULL: port_default. */
void testbed_open(struct testbed *testbed, const struct port_options *source,
		const struct port_options *target);
/** Checks that no packet is missing, once what the rings hold is freed, and closes all of it. */
void testbed_close(struct testbed *testbed);

/** Adds a mirror, which has to succeed. */
uint32_t mirror_on(uint16_t source, uint16_t target, uint32_t directions);
uint32_t mirror_with(uint16_t source, const struct rte_mirror_param *param);
/** Adds one that shares what the source receives and selects so; and has one, to the first target, select so. */
uint32_t mirror_selecting(const struct testbed *testbed, uint16_t target,
		const struct rte_mirror_select *select);
void mirror_select_now(
		uint32_t id, const struct testbed *testbed, const struct rte_mirror_select *select);
/** Has the source receive packets, which stay the caller's. */
void testbed_receive(const struct testbed *testbed, uint16_t queue, struct rte_mbuf **pkts,
		uint16_t nb_pkts);
/** Has the source's first queue receive so many packets of some segments of so many bytes, and frees them. */
void testbed_pass(const struct testbed *testbed, uint16_t nb_pkts, uint16_t nb_segs,
		uint16_t seg_len);
void mirror_off(uint32_t id);
/** A mirror's counters, checked to add up. */
struct rte_mirror_stats stats_of(uint32_t id);
struct rte_mirror_info info_of(uint32_t id);
/** Passes 10 packets of 60 bytes through the source, each way: how many bytes the targets got of them. */
unsigned int nb_bytes_sent(const struct testbed *testbed);
/** How many pools of its own the library has. */
unsigned int nb_library_pools(void);

#endif /* TESTS_C_TESTBED_H */
