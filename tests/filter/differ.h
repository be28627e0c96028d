/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_DIFFER_H
#define TESTS_FILTER_DIFFER_H

/**
 * @file
 * What the library's engines make of a program and a packet, and what they ought to.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../../csrc/filter/filter.h"
#include "packets.h"

/** Whether there are the machine's DPDK and libpcap, and so tags outside of packets and bpf_filter(). */
#ifndef WITH_DPDK
#define WITH_DPDK 1
#endif

/** Whether the oracle chooses a packet, and libpcap with it; otherwise *wrong says so. */
bool differ_expects(const struct rte_mirror_filter *filter, const uint8_t *bytes, uint32_t length,
		const char **wrong);
/** Runs a filter on a packet whose tags are outside of it: of the frame as it was on the wire it has to say the same. */
void differ_tagged(const struct rte_mirror_filter *filter, const struct packet *packet,
		const char **wrong);

/**
 * Runs a filter, interpreted and as code, on a packet in all its cuts, and on the packet without its tags, and compares
 * with the oracle and libpcap.
 *
 * @return
 *   What differs; NULL: nothing.
 */
const char *differ(const struct rte_mirror_filter *filter, const struct packet *packet);

#endif /* TESTS_FILTER_DIFFER_H */
