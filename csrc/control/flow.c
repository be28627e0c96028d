/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "error.h"
#include "selection.h"

int
mirror_check_range(const char *what, const struct rte_mirror_range *range, uint16_t max)
{
	if (range->min > range->max)
		return mirror_refuse(EINVAL, "%s %u to %u: the range is empty", what, range->min,
				range->max);
	if (range->max > max)
		return mirror_refuse(EINVAL, "%s %u to %u: not within 0 to %u", what, range->min,
				range->max, max);
	return 0;
}

int
mirror_check_reserved(const char *what, const void *reserved, size_t size)
{
	const uint8_t *bytes = reserved;
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return mirror_refuse(
					EINVAL, "%s: reserved is not 0: zero-initialise it", what);
	}
	return 0;
}

static int
check_prefix(const char *what, const uint8_t *address, unsigned int length, uint8_t ip_version)
{
	const unsigned int bits = ip_version == 4 ? 32 : 128;
	unsigned int i;

	if (length > 0 && ip_version == 0)
		return mirror_refuse(EINVAL, "flow: %s has a prefix: give ip_version, too", what);
	if (length > bits)
		return mirror_refuse(EINVAL, "flow: %s has a prefix of %u bits: at most %u", what,
				length, bits);
	for (i = length; i < 128; i++) {
		if ((address[i / 8] & (0x80 >> i % 8)) != 0)
			return mirror_refuse(EINVAL,
					"flow: %s has bits behind its prefix of %u: set them to 0",
					what, length);
	}
	return 0;
}

/* Whether the data path finds ports behind the header of a protocol; 0: of any. */
static bool
may_have_ports(uint8_t protocol)
{
	static const uint8_t with_ports[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
		IPPROTO_DCCP, IPPROTO_UDPLITE };

	return memchr(with_ports, protocol, sizeof(with_ports)) != NULL;
}

static int
check_flow(const struct rte_mirror_flow *flow)
{
	const bool any_ports = flow->src_port.max == 0 && flow->dst_port.max == 0;
	int rc = mirror_check_reserved("flow", flow->reserved, sizeof(flow->reserved));

	if (rc == 0)
		rc = mirror_check_range("flow: src_port", &flow->src_port, UINT16_MAX);
	if (rc == 0)
		rc = mirror_check_range("flow: dst_port", &flow->dst_port, UINT16_MAX);
	if (rc != 0)
		return rc;
	if (flow->both_ways > 1)
		return mirror_refuse(EINVAL, "flow: both_ways is neither 0 nor 1");
	if (flow->ip_version != 0 && flow->ip_version != 4 && flow->ip_version != 6)
		return mirror_refuse(EINVAL, "flow: ip_version %u: give 4, 6, or 0 for any",
				flow->ip_version);
	if (flow->ip_version == 0 && flow->protocol == 0 && flow->src_len == 0 &&
			flow->dst_len == 0 && any_ports)
		return mirror_refuse(EINVAL,
				"flow: nothing is asked for: leave flow NULL for any packet");
	if (!any_ports && !may_have_ports(flow->protocol))
		return mirror_refuse(EINVAL, "flow: protocol %u has no ports: leave them 0",
				flow->protocol);
	rc = check_prefix("src", flow->src, flow->src_len, flow->ip_version);
	if (rc == 0)
		rc = check_prefix("dst", flow->dst, flow->dst_len, flow->ip_version);
	return rc;
}

static void
set_prefix(uint64_t address[2], uint64_t mask[2], const uint8_t *prefix, unsigned int length)
{
	uint8_t bytes[16] = { 0 };
	unsigned int i;

	for (i = 0; i < length; i++)
		bytes[i / 8] |= 0x80 >> i % 8;
	memcpy(mask, bytes, sizeof(bytes));
	memcpy(address, prefix, sizeof(bytes));
}

static struct rte_mirror_range
ports(const struct rte_mirror_range *range)
{
	return range->max != 0 ? *range : (struct rte_mirror_range){ 0, UINT16_MAX };
}

/* The bits that all ports of a range have in common. */
static uint16_t
common_bits(const struct rte_mirror_range *range)
{
	const uint16_t differ = range->min ^ range->max;

	return differ == 0 ? UINT16_MAX : (uint16_t)(UINT32_MAX << (32 - __builtin_clz(differ)));
}

/* Whether a port is in a range if it has these bits. */
static bool
is_common(const struct rte_mirror_range *range)
{
	const uint16_t others = (uint16_t)~common_bits(range);

	return (range->min & others) == 0 && (range->max & others) == others;
}

static void
set_sight(struct mirror_sight_test *sight, uint8_t protocol, const struct mirror_flow_test *flow)
{
	const struct rte_mirror_range *ranges[] = { &flow->src_port, &flow->dst_port };
	uint8_t value[16] = { [1] = protocol }, mask[16] = { [1] = protocol != 0 ? UINT8_MAX : 0 };
	unsigned int i;

	/* An IPv4 header's time to live, protocol and checksum, and its addresses; then the ports. */
	memcpy(value + 4, flow->src, 4);
	memcpy(mask + 4, flow->src_mask, 4);
	memcpy(value + 8, flow->dst, 4);
	memcpy(mask + 8, flow->dst_mask, 4);
	for (i = 0; i < RTE_DIM(ranges); i++) {
		const uint16_t bits = common_bits(ranges[i]);
		const rte_be16_t port[] = { rte_cpu_to_be_16(ranges[i]->min & bits),
			rte_cpu_to_be_16(bits) };

		memcpy(value + 12 + i * sizeof(port[0]), &port[0], sizeof(port[0]));
		memcpy(mask + 12 + i * sizeof(port[0]), &port[1], sizeof(port[1]));
	}
	memcpy(&sight->ipv4.value, value, sizeof(value));
	memcpy(&sight->ipv4.mask, mask, sizeof(mask));
	sight->ipv4.value &= sight->ipv4.mask;
	memcpy(&sight->ports, value + 12, sizeof(sight->ports));
	memcpy(&sight->ports_mask, mask + 12, sizeof(sight->ports_mask));
}

int
mirror_flow_make(struct mirror_selector *selector, const struct rte_mirror_flow *flow)
{
	struct mirror_flow_test *test = &selector->flow[0], *back = &selector->flow[1];

	if (flow == NULL)
		return 0;
	if (check_flow(flow) != 0)
		return -EINVAL;
	selector->has_flow = true;
	selector->ip_version = flow->ip_version;
	selector->protocol = flow->protocol;
	selector->flow_both_ways = flow->both_ways != 0;
	selector->wants_ports = flow->src_port.max != 0 || flow->dst_port.max != 0;
	set_prefix(test->src, test->src_mask, flow->src, flow->src_len);
	set_prefix(test->dst, test->dst_mask, flow->dst, flow->dst_len);
	test->src_port = ports(&flow->src_port);
	test->dst_port = ports(&flow->dst_port);
	*back = *test;
	if (flow->both_ways != 0) {
		set_prefix(back->src, back->src_mask, flow->dst, flow->dst_len);
		set_prefix(back->dst, back->dst_mask, flow->src, flow->src_len);
		back->src_port = test->dst_port;
		back->dst_port = test->src_port;
	}
	set_sight(&selector->sight[0], flow->protocol, test);
	set_sight(&selector->sight[1], flow->protocol, back);
	/* Of a protocol that is asked for it is known whether it has ports. */
	selector->sight_decides = (!selector->wants_ports || flow->protocol != 0) &&
			is_common(&test->src_port) && is_common(&test->dst_port);
	return 0;
}
