/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "drivers.h"

/* net_pcap sends what is in one piece, and has a buffer for what is not: RTE_ETH_PCAP_SNAPLEN. */
#define PCAP_FRAME_SIZE 16128

/* net_tap writes a packet in one writev(), with two headers of its own. */
#define TAP_MAX_SEGS (IOV_MAX - 2)

/* Each line is held by a test, see docs/architecture.md. */
static const struct mirror_driver drivers[] = {
	{ "net_af_packet", .reads_at_once = true, .limit = MIRROR_LIMIT_INTERFACE },
	{ "net_null", .reads_at_once = true, .takes_chains = true, .limit = MIRROR_LIMIT_NONE },
	{ "net_pcap", .reads_at_once = true, .takes_chains = true, .limit = MIRROR_LIMIT_INTERFACE,
			.frame_size = PCAP_FRAME_SIZE },
	{ "net_ring", .limit = MIRROR_LIMIT_NONE },
	{ "net_tap", .reads_at_once = true, .max_segs = TAP_MAX_SEGS, .limit = MIRROR_LIMIT_MTU },
	{ "net_vhost", .reads_at_once = true, .limit = MIRROR_LIMIT_NONE },
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
