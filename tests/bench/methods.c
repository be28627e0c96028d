/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>

#include "engine.h"
#include "callbacks.h"
#include "methods.h"

static void mirrors_add(struct flow *flow);
static void mirrors_remove(struct flow *flow);

/*
 * A callback of the library's that could not be removed yet: one that was removed before it still waits for a poller
 * to pass. Two mirrors that come and go with no packet between them leave one.
 */
static void
leave_dormant(struct flow *flow)
{
	mirrors_add(flow);
	mirrors_remove(flow);
	mirrors_add(flow);
	mirrors_remove(flow);
}

/* Of the packets of traffic.h, which have their addresses exchanged time and again. */
#define EVERY_BIT         { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }
#define SELECT(name, ...) static const struct rte_mirror_select name = { __VA_ARGS__ }

static const struct rte_mirror_mac no_mac = { .src = { { 2, 0, 0, 0, 9, 9 } },
	.src_mask = EVERY_BIT };
static const struct rte_mirror_mac any_mac = { .src = { { 2 } }, .src_mask = { { 0xff } } };
static const struct rte_mirror_range no_vlan = { 101, 200 }, any_vlan = { 50, 150 };
static const struct rte_mirror_flow no_flow = {
	.ip_version = 4, .protocol = IPPROTO_TCP, .dst_port = { 80, 80 }
};
static const struct rte_mirror_flow any_flow = {
	.ip_version = 4, .protocol = IPPROTO_TCP, .dst_port = { 443, 443 }
};
SELECT(mac_none, .mac = &no_mac);
SELECT(mac_all, .mac = &any_mac);
SELECT(vlan_none, .vlans = &no_vlan, .nb_vlans = 1);
SELECT(vlan_all, .vlans = &any_vlan, .nb_vlans = 1);
SELECT(flow_none, .flow = &no_flow);
SELECT(flow_all, .flow = &any_flow);
SELECT(filter_none, .filter = "tcp port 80");
SELECT(filter_all, .filter = "tcp port 443");
SELECT(sample_1000, .sample_one_in = 1000);

/* Far more of either than any loop sends. */
#define RATE_IN_PACKETS UINT64_C(10000000000)
#define RATE_IN_BITS    UINT64_C(100000000000000)

static const struct method methods[] = {
	{ .name = "baseline", .idle = true },
	{ .name = "empty", .callback = callback_empty, .idle = true },
	{ .name = "floor", .is_floor = true },
	{ .name = "rfc", .callback = callback_rfc },
	{ .name = "clone", .callback = callback_clone },
	{ .name = "pktmbuf_copy", .callback = callback_pktmbuf_copy },
	{ .name = "pdump", .callback = callback_pdump },
	{ .name = "share", .mode = RTE_MIRROR_SHARE, .nb_mirrors = 1 },
	{ .name = "share2", .label = "share", .mode = RTE_MIRROR_SHARE, .nb_mirrors = 2 },
	{ .name = "share3", .label = "share", .mode = RTE_MIRROR_SHARE, .nb_mirrors = 3 },
	{ .name = "share4", .label = "share", .mode = RTE_MIRROR_SHARE, .nb_mirrors = 4 },
	{ .name = "share8", .label = "share", .mode = RTE_MIRROR_SHARE, .nb_mirrors = 8 },
	{ .name = "split", .mode = RTE_MIRROR_SPLIT, .nb_mirrors = 1 },
	{ .name = "copy", .mode = RTE_MIRROR_COPY, .nb_mirrors = 1 },
	{ .name = "copy128", .mode = RTE_MIRROR_COPY, .nb_mirrors = 1, .snaplen = 128 },
	{ .name = "mac-none", .nb_mirrors = 1, .select = &mac_none, .idle = true },
	{ .name = "mac-all", .nb_mirrors = 1, .select = &mac_all },
	{ .name = "vlan-none", .nb_mirrors = 1, .select = &vlan_none, .idle = true },
	{ .name = "vlan-all", .nb_mirrors = 1, .select = &vlan_all },
	{ .name = "flow-none", .nb_mirrors = 1, .select = &flow_none, .idle = true },
	{ .name = "flow-all", .nb_mirrors = 1, .select = &flow_all },
	{ .name = "jit-none", .nb_mirrors = 1, .select = &filter_none, .idle = true },
	{ .name = "jit-all", .nb_mirrors = 1, .select = &filter_all },
	{ .name = "interpreter-none",
			.nb_mirrors = 1,
			.select = &filter_none,
			.interpreted = true,
			.idle = true },
	{ .name = "interpreter-all", .nb_mirrors = 1, .select = &filter_all, .interpreted = true },
	{ .name = "sample1000", .nb_mirrors = 1, .select = &sample_1000 },
	{ .name = "rate", .nb_mirrors = 1, .rate = RATE_IN_PACKETS },
	{ .name = "rate-bits",
			.nb_mirrors = 1,
			.rate = RATE_IN_BITS,
			.rate_unit = RTE_MIRROR_BITS },
	{ .name = "filters", .nb_mirrors = 1, .has_filters = true, .idle = true },
	{ .name = "filters4",
			.label = "filters",
			.nb_mirrors = 4,
			.has_filters = true,
			.idle = true },
	{ .name = "filters16",
			.label = "filters",
			.nb_mirrors = 16,
			.has_filters = true,
			.idle = true },
	{ .name = "paused", .nb_mirrors = 1, .idle = true },
	{ .name = "dormant", .nb_mirrors = 1, .prepare = leave_dormant, .idle = true },
};

const struct method *
method_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(methods); i++) {
		if (strcmp(methods[i].name, name) == 0)
			return &methods[i];
	}
	ENSURE(!"a method of that name");
	return NULL;
}

static uint32_t
mirror_add(const struct flow *flow, const struct way *way)
{
	char filter[32];
	const struct rte_mirror_select one_port = { .filter = filter };
	const struct rte_mirror_param param = {
		.target_port = way->target_port,
		.target_queue = way->target_queue,
		.nb_target_queues = flow->nb_queues,
		.mode = flow->method->mode,
		.directions = RTE_MIRROR_RX,
		.snaplen = flow->method->snaplen,
		.select = flow->method->has_filters ? &one_port : flow->method->select,
		.rate = flow->method->rate,
		.rate_unit = flow->method->rate_unit,
	};
	uint32_t id;

	snprintf(filter, sizeof(filter), "tcp port %u", 80u + way->target_port);
	engine_interpret(flow->method->interpreted);
	if (rte_mirror_add(flow->source->port_id, &param, &id) != 0) {
		fprintf(stderr, "%s: %s\n", flow->method->name, rte_mirror_last_error());
		exit(1);
	}
	return id;
}

static void
mirrors_add(struct flow *flow)
{
	uint16_t i;

	for (i = 0; i < flow->method->nb_mirrors; i++)
		flow->mirrors[i] = mirror_add(flow, &flow->ways[i]);
}

static void
mirrors_remove(struct flow *flow)
{
	uint16_t i;

	for (i = 0; i < flow->method->nb_mirrors; i++)
		ENSURE(rte_mirror_remove(flow->mirrors[i]) == 0);
}

static enum floor
floor_of(const struct method *method, const struct flow_options *options)
{
	if (!method->is_floor)
		return FLOOR_NONE;
	if (options->later)
		return FLOOR_FREED_LATER;
	return options->cold ? FLOOR_FREED_AT_ONCE_COLD : FLOOR_FREED_AT_ONCE;
}

/* Ways to a target for each mirror; or, for callbacks, for each queue. */
static void
ways_open(struct flow *flow, struct bed *bed, unsigned int index)
{
	const bool is_pdump = flow->method->callback == callback_pdump;
	uint16_t i, nb = RTE_MAX(flow->method->nb_mirrors, flow->nb_queues);

	for (i = 0; i < nb; i++) {
		struct way *way = &flow->ways[i];
		const uint16_t target = flow->method->nb_mirrors > 0 ? i : 0;

		way->pool = bed->copies;
		way->reads_itself = !flow->later;
		if (flow->later) {
			way->ring = is_pdump ? bed->pdump : bed->rings[target][index];
			way->target_port = bed->ring_ports[target];
			way->target_queue = index;
			flow->rings.rings[flow->rings.nb_rings++] = way->ring;
		} else {
			way->ring = bed->pdump;
			way->target_port = bed->null_ports[target];
			way->target_queue = index * BED_SOURCE_QUEUES +
					(flow->method->nb_mirrors > 0 ? 0 : i);
		}
	}
}

void
flow_open(struct flow *flow, struct bed *bed, unsigned int index, const struct method *method,
		const struct flow_options *options)
{
	uint16_t queue;

	ENSURE(index < BED_SOURCES && options->nb_queues <= BED_SOURCE_QUEUES);
	/* A ring target has one tx queue for each source. */
	ENSURE(!options->later || (options->nb_queues == 1 && method->nb_mirrors <= BED_RINGS));
	*flow = (struct flow){
		.method = method,
		.source = &bed->sources[index],
		.nb_queues = options->nb_queues,
		.burst = options->burst,
		.later = options->later,
		.floor = floor_of(method, options),
	};
	source_configure(flow->source, flow->nb_queues, bed->packets);
	ways_open(flow, bed, index);
	for (queue = 0; method->callback != NULL && queue < flow->nb_queues; queue++) {
		flow->callbacks[queue] = rte_eth_add_rx_callback(
				flow->source->port_id, queue, method->callback, &flow->ways[queue]);
		ENSURE(flow->callbacks[queue] != NULL);
	}
	if (method->prepare == NULL)
		mirrors_add(flow);
	if (strcmp(method->name, "paused") == 0)
		ENSURE(rte_mirror_pause(flow->mirrors[0]) == 0);
}

void
flow_close(struct flow *flow)
{
	uint16_t queue;

	if (flow->method->prepare == NULL)
		mirrors_remove(flow);
	for (queue = 0; queue < BED_SOURCE_QUEUES; queue++) {
		if (flow->callbacks[queue] == NULL)
			continue;
		ENSURE(rte_eth_remove_rx_callback(
				       flow->source->port_id, queue, flow->callbacks[queue]) == 0);
		/* This thread alone polls, and it is not polling. */
		rte_free((void *)(uintptr_t)flow->callbacks[queue]);
	}
}

struct flow_counts
flow_count(const struct flow *flow)
{
	struct flow_counts counts = { 0 };
	struct rte_mirror_stats stats;
	uint16_t i;

	for (i = 0; i < RTE_DIM(flow->ways); i++) {
		counts.accepted += flow->ways[i].nb_accepted;
		counts.refused += flow->ways[i].nb_refused;
	}
	for (i = 0; i < flow->method->nb_mirrors && flow->method->prepare == NULL; i++) {
		ENSURE(rte_mirror_stats_get(flow->mirrors[i], &stats) == 0);
		counts.accepted += stats.packets;
		counts.refused += stats.full + stats.nombuf + stats.unsupported + stats.limited;
	}
	return counts;
}
