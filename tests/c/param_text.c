/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "param_text.h"

static void
write_value(struct text *text, const char *name, const char *value)
{
	const char *quote = mirror_pairs_is_plain(value) ? "" : "\"";

	mirror_text_append(text, ",%s=%s", name, quote);
	mirror_text_append_escaped(text, value);
	mirror_text_append(text, "%s", quote);
}

/* The same with a value of parts, each of which begins with a comma; of none, nothing. */
static void
write_parts(struct text *text, const char *name, const char *parts)
{
	if (parts[0] != '\0')
		write_value(text, name, parts + 1);
}

static void
write_number(struct text *text, const char *name, uint64_t value)
{
	if (value != 0)
		mirror_text_append(text, ",%s=%" PRIu64, name, value);
}

static void
write_range(struct text *text, const char *before, const struct rte_mirror_range *range)
{
	mirror_text_append(text, "%s%u", before, range->min);
	if (range->max != range->min)
		mirror_text_append(text, "-%u", range->max);
}

static void
write_ranges(struct text *text, const char *name, const struct rte_mirror_range *ranges,
		uint16_t nb)
{
	char buffer[PARAM_TEXT_SIZE];
	struct text parts = mirror_text_begin(buffer, sizeof(buffer));
	uint16_t i;

	for (i = 0; i < nb; i++)
		write_range(&parts, ",", &ranges[i]);
	write_parts(text, name, buffer);
}

static void
write_address(struct text *text, const char *before, const struct rte_ether_addr *address)
{
	mirror_text_append(text, "%s%02x:%02x:%02x:%02x:%02x:%02x", before,
			RTE_ETHER_ADDR_BYTES(address));
}

static void
write_masked(struct text *text, const char *before, const struct rte_ether_addr *address,
		const struct rte_ether_addr *mask)
{
	if (rte_is_zero_ether_addr(mask))
		return;
	write_address(text, before, address);
	if (!rte_is_broadcast_ether_addr(mask))
		write_address(text, "/", mask);
}

static void
write_mac(struct text *text, const struct rte_mirror_mac *mac)
{
	char buffer[256];
	struct text parts = mirror_text_begin(buffer, sizeof(buffer));

	write_masked(&parts, ",src=", &mac->src, &mac->src_mask);
	write_masked(&parts, ",dst=", &mac->dst, &mac->dst_mask);
	if (mac->both_ways != 0)
		mirror_text_append(&parts, ",both_ways=yes");
	write_parts(text, "mac", buffer);
}

static void
write_prefix(struct text *text, const char *before, uint8_t version, const uint8_t *address,
		uint8_t length)
{
	char buffer[INET6_ADDRSTRLEN];

	if (length == 0)
		return;
	inet_ntop(version == 6 ? AF_INET6 : AF_INET, address, buffer, sizeof(buffer));
	mirror_text_append(text, "%s%s", before, buffer);
	if (length != (version == 6 ? 128 : 32))
		mirror_text_append(text, "/%u", length);
}

static void
write_protocol(struct text *text, uint8_t protocol)
{
	static const char *const names[UINT8_MAX + 1] = { [1] = "icmp",
		[2] = "igmp",
		[6] = "tcp",
		[17] = "udp",
		[33] = "dccp",
		[47] = "gre",
		[50] = "esp",
		[51] = "ah",
		[58] = "icmp6",
		[89] = "ospf",
		[103] = "pim",
		[112] = "vrrp",
		[132] = "sctp",
		[136] = "udplite" };

	if (names[protocol] != NULL)
		mirror_text_append(text, ",protocol=%s", names[protocol]);
	else
		write_number(text, "protocol", protocol);
}

static void
write_flow(struct text *text, const struct rte_mirror_flow *flow)
{
	char buffer[512];
	struct text parts = mirror_text_begin(buffer, sizeof(buffer));

	/* An address says it, too. */
	if (flow->src_len == 0 && flow->dst_len == 0)
		write_number(&parts, "ip_version", flow->ip_version);
	write_protocol(&parts, flow->protocol);
	write_prefix(&parts, ",src=", flow->ip_version, flow->src, flow->src_len);
	write_prefix(&parts, ",dst=", flow->ip_version, flow->dst, flow->dst_len);
	if (flow->src_port.max != 0)
		write_range(&parts, ",src_port=", &flow->src_port);
	if (flow->dst_port.max != 0)
		write_range(&parts, ",dst_port=", &flow->dst_port);
	if (flow->both_ways != 0)
		mirror_text_append(&parts, ",both_ways=yes");
	write_parts(text, "flow", buffer);
}

static void
write_sample(struct text *text, const struct rte_mirror_select *select)
{
	char buffer[128];
	struct text parts = mirror_text_begin(buffer, sizeof(buffer));

	if (select->sample_one_in != 0)
		mirror_text_append(&parts, ",%" PRIu32, select->sample_one_in);
	if (select->sample_random != 0)
		mirror_text_append(&parts, ",random=yes");
	write_number(&parts, "seed", select->sample_seed);
	write_parts(text, "sample", buffer);
}

static void
write_select(struct text *text, const struct rte_mirror_select *select)
{
	if (select->filter != NULL)
		write_value(text, "filter", select->filter);
	if (select->mac != NULL)
		write_mac(text, select->mac);
	write_ranges(text, "vlans", select->vlans, select->nb_vlans);
	write_ranges(text, "inner_vlans", select->inner_vlans, select->nb_inner_vlans);
	if (select->flow != NULL)
		write_flow(text, select->flow);
	write_sample(text, select);
	write_ranges(text, "queues", select->queues, select->nb_queues);
}

void
param_write(const struct rte_mirror_param *param, const struct spec *spec, struct text *text)
{
	const struct target_options *options = &spec->options;
	static const char *const directions[] = { "?", "rx", "tx", "both" };
	static const char *const modes[] = { "share", "split", "copy", "auto" };

	mirror_text_append(text, "directions=%s,mode=%s", directions[param->directions & 3],
			modes[param->mode & 3]);
	write_number(text, "target_queue", param->target_queue);
	write_number(text, "nb_target_queues", param->nb_target_queues);
	write_number(text, "snaplen", param->snaplen);
	write_number(text, "split_len", param->split_len);
	write_number(text, "rate", param->rate);
	if (param->rate_unit == RTE_MIRROR_BITS)
		mirror_text_append(text, ",rate_unit=bits");
	if ((param->flags & RTE_MIRROR_F_ORIGIN) != 0)
		mirror_text_append(text, ",origin=yes");
	write_number(text, "seconds", options->seconds);
	write_number(text, "packets", options->packets);
	write_number(text, "max_size", options->max_size);
	if (options->ends_with_reader)
		mirror_text_append(text, ",linger=no");
	write_number(text, "lease", spec->lease);
	if (spec->ends_with.pid != 0)
		mirror_text_append(text, ",ends_with=%" PRIu32 ":%" PRIu64, spec->ends_with.pid,
				spec->ends_with.start);
	if (param->name != NULL)
		write_value(text, "name", param->name);
	if (param->select != NULL)
		write_select(text, param->select);
}
