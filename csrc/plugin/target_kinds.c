/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "refusal.h"
#include "target.h"

static void
describe_iface(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	snprintf(args, TARGET_ARGS_SIZE, "iface=%s", target->value);
}

static void
describe_file(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	snprintf(args, TARGET_ARGS_SIZE, "tx_pcap=%s", target->value);
}

/*
 * Nobody polls what arrives at these ports. That harms neither the application nor the mirror: net_tap's queue in the
 * kernel fills (with a signal to the process for each packet until it is full, so the interface is kept from having
 * anything to say), and so does net_af_packet's ring; then the kernel drops. A guest's transmit queue fills and stays
 * full. net_pcap's rx queue is a dummy. A net_ring port receives what it was sent, by who reads it.
 *
 * Queues: each of net_tap's has two descriptors, of which 22.11's driver puts all on a list for 8. A guest may use fewer
 * queues than a vhost port has, and never gets what is sent on the others. net_pcap has one a file.
 *
 * MTU: net_tap discards longer frames than its own, which 22.11 has fixed at 1500.
 */
static const struct target_kind kinds[] = {
	{ .name = "af_packet",
			.driver = "net_af_packet",
			.max_queues = 4,
			.check = target_af_packet_check,
			.describe = target_af_packet_describe,
			.settle = target_af_packet_settle,
			.try = target_af_packet_try },
	{ .name = "pcap",
			.driver = "net_pcap",
			.max_queues = 1,
			.check = target_pcap_check,
			.prepare = target_pcap_prepare,
			.describe = describe_file,
			.clean_up = target_pcap_clean_up },
	{ .name = "ring",
			.driver = "net_ring",
			.max_queues = 16,
			.is_kept = true,
			.check = target_ring_check,
			.prepare = target_ring_prepare,
			.describe = target_ring_describe,
			.clean_up = target_ring_clean_up },
	{ .name = "tap",
			.driver = "net_tap",
			.max_queues = 4,
			.mtu = 9000,
			.check = target_tap_check,
			.describe = describe_iface,
			.settle = target_tap_settle,
			.try = target_tap_try,
			.clean_up = target_tap_clean_up },
	{ .name = "vhost",
			.driver = "net_vhost",
			.max_queues = 1,
			.closes_slowly = true,
			.check = target_vhost_check,
			.prepare = target_vhost_prepare,
			.describe = describe_iface },
};

const struct target_kind *
target_kind_find(const char *name, size_t length)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++) {
		if (strlen(kinds[i].name) == length && memcmp(kinds[i].name, name, length) == 0)
			return &kinds[i];
	}
	return NULL;
}
