/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "drivers.h"
#include "found.h"

/* net_pcap sends what is in one piece, and has a buffer for what is not: RTE_ETH_PCAP_SNAPLEN. */
#define PCAP_FRAME_SIZE 16128

/* net_tap writes a packet in one writev(), with two headers of its own. */
#define TAP_MAX_SEGS (IOV_MAX - 2)

/* Whether each reads at once has been seen, see found.h; the rest is held by tests, see docs/architecture.md. */
static const struct mirror_driver drivers[] = {
	{ MIRROR_FOUND_NET_AF_PACKET, .limits = MIRROR_LIMIT_INTERFACE },
	{ MIRROR_FOUND_NET_AF_XDP, .limits = MIRROR_LIMIT_MTU | MIRROR_LIMIT_INTERFACE },
	{ MIRROR_FOUND_NET_NULL, .takes_chains = true, .limits = MIRROR_LIMIT_NONE },
	{ MIRROR_FOUND_NET_PCAP, .takes_chains = true, .limits = MIRROR_LIMIT_INTERFACE,
			.frame_size = PCAP_FRAME_SIZE },
	{ MIRROR_FOUND_NET_RING, .limits = MIRROR_LIMIT_NONE },
	{ MIRROR_FOUND_NET_TAP, .max_segs = TAP_MAX_SEGS, .limits = MIRROR_LIMIT_MTU },
	{ MIRROR_FOUND_NET_VHOST, .limits = MIRROR_LIMIT_NONE },
};

const struct mirror_driver *
mirror_driver_find(const char *name)
{
	/* As a bond, it may transmit through any other. */
	static const struct mirror_driver unknown = { NULL, .max_segs = TAP_MAX_SEGS };
	unsigned int i;

	for (i = 0; i < RTE_DIM(drivers); i++) {
		if (strcmp(drivers[i].name, name) == 0)
			return &drivers[i];
	}
	return &unknown;
}
