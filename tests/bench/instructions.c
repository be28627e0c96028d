/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * What a mirror costs in instructions. They are the same in every run, as cycles are not: this is the part of the
 * benchmark that a test can hold.
 *
 * An application receives a burst of 32 packets from a net_ring port and sends it back there; each such burst takes the
 * same. Counted is what it executes with mirrors on that port, less what it executes without: also in DPDK's mempools and
 * in the driver of the targets, net_null, which frees what it is sent (about 48 instructions a segment with DPDK 22.11).
 *
 * PROGRAM         prints a table; fails if a figure is above its bound
 * PROGRAM --json  prints one object a line
 */

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "../c/testbed.h"
#include "singlestep.h"

#define BURST       32
#define MAX_MIRRORS 4
#define DATA_ROOM   (RTE_PKTMBUF_HEADROOM + 2048)

/* What packets look like. */
static const struct shape {
	uint16_t nb_segs, seg_len;
} shapes[] = { { 1, 64 }, { 1, 512 }, { 1, 1518 }, { 3, 1500 } };

/* What all packets are, and what a selection asks for. */
static const uint8_t udp[] = { [12] = 0x08, 0x00, [14] = 0x45, [23] = IPPROTO_UDP, [37] = 53 };
static const struct rte_mirror_flow to_443 = {
	.ip_version = 4, .protocol = IPPROTO_UDP, .dst_port = { 443, 443 }
};
static const struct rte_mirror_select another_flow = { .flow = &to_443 };

/* What has become of the mirrors that were added. */
enum fate { AT_WORK, PAUSED, REMOVED, REMOVED_TWICE };

static const struct method {
	const char *name;
	enum fate fate;
	unsigned int nb_mirrors;
	enum rte_mirror_mode mode;
	uint32_t snaplen;
	/*
	 * For each shape, what may not be exceeded: what gcc 12, DPDK 22.11 and, with AVX-512 or without, glibc
	 * 2.36's memcpy() come to, and 10 % or 8 more. Newer ones come to less, or little more. Mirrors
	 * with nothing to do do it for packets of the first shape alone.
	 */
	double bounds[RTE_DIM(shapes)];
	const struct rte_mirror_select *select; /* NULL: every packet; else none */
} methods[] = {
	{ "none", REMOVED, 1, RTE_MIRROR_SHARE, 0, { 0 } },
	{ "dormant", REMOVED_TWICE, 1, RTE_MIRROR_SHARE, 0, { 56 } },
	{ "paused", PAUSED, 1, RTE_MIRROR_SHARE, 0, { 56 } },
	{ "share", AT_WORK, 1, RTE_MIRROR_SHARE, 0, { 83, 83, 83, 146 } },
	{ "share2", AT_WORK, 2, RTE_MIRROR_SHARE, 0, { 133, 133, 133, 215 } },
	{ "share3", AT_WORK, 3, RTE_MIRROR_SHARE, 0, { 183, 183, 183, 283 } },
	{ "share4", AT_WORK, 4, RTE_MIRROR_SHARE, 0, { 233, 233, 233, 351 } },
	{ "split", AT_WORK, 1, RTE_MIRROR_SPLIT, 0, { 221, 228, 393, 1018 } },
	{ "copy", AT_WORK, 1, RTE_MIRROR_COPY, 0, { 218, 225, 300, 1110 } },
	{ "copy128", AT_WORK, 1, RTE_MIRROR_COPY, 128, { 218, 218, 218, 320 } },
	{ "flow", AT_WORK, 1, RTE_MIRROR_SHARE, 0, { 63, 63, 63, 63 }, &another_flow },
};

static uint16_t source, targets[MAX_MIRRORS];
static struct rte_ring *ring;

/* The application. */
static void
forward(void *arg)
{
	struct rte_mbuf *pkts[BURST];

	(void)arg;
	rte_eth_tx_burst(source, 0, pkts, rte_eth_rx_burst(source, 0, pkts, BURST));
}

/* A source that receives what it sends, and targets. */
static void
ports_open(void)
{
	const struct port_options options = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	char name[16];
	unsigned int i;
	int id;

	ring = rte_ring_create("loop", PORT_RING_SIZE, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	CHECK(ring != NULL);
	id = rte_eth_from_ring(ring);
	CHECK(id >= 0);
	source = (uint16_t)id;
	vdev_configure(source, &options);
	for (i = 0; i < MAX_MIRRORS; i++) {
		snprintf(name, sizeof(name), "net_null%u", i);
		targets[i] = vdev_open(name, "");
		vdev_configure(targets[i], &options);
	}
}

/* Makes the source receive these packets. */
static void
load(struct rte_mempool *pool, const struct shape *shape)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int i;

	packets_free(pkts, ring_get(ring, pkts, BURST));
	packets_make(pool, pkts, BURST, shape->nb_segs, shape->seg_len);
	for (i = 0; i < BURST; i++)
		packet_write(pkts[i], 0, udp, sizeof(udp));
	ring_put(ring, pkts, BURST);
	forward(NULL);
}

static void
mirrors_add(const struct method *method, uint32_t *ids)
{
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX,
		.mode = method->mode,
		.snaplen = method->snaplen,
		.select = method->select,
	};
	unsigned int i;

	for (i = 0; i < method->nb_mirrors; i++) {
		param.target_port = targets[i];
		ids[i] = mirror_with(source, &param);
	}
}

static void
mirrors_remove(const struct method *method, const uint32_t *ids)
{
	unsigned int i;

	for (i = 0; i < method->nb_mirrors; i++)
		mirror_off(ids[i]);
}

/* Checks that it is the mirrors' work that is counted; and has all functions found, pools filled and so on. */
static void
warm_up(const struct method *method, const uint32_t *ids)
{
	unsigned int i;

	forward(NULL);
	for (i = 0; i < method->nb_mirrors; i++) {
		const struct rte_mirror_stats stats = stats_of(ids[i]);

		CHECK_EQ(method->select != NULL ? stats.filtered : stats.packets, BURST);
	}
}

/* A removed mirror's callback cannot go before there is traffic; the next one's stays attached until that is gone. */
static uint64_t
count(const struct method *method)
{
	uint32_t ids[MAX_MIRRORS];
	uint64_t nb;
	unsigned int i;

	mirrors_add(method, ids);
	if (method->fate == REMOVED_TWICE) {
		mirrors_remove(method, ids);
		mirrors_add(method, ids);
	}
	if (method->fate == AT_WORK)
		warm_up(method, ids);
	for (i = 0; method->fate == PAUSED && i < method->nb_mirrors; i++)
		CHECK_EQ(rte_mirror_pause(ids[i]), 0);
	if (method->fate == REMOVED || method->fate == REMOVED_TWICE)
		mirrors_remove(method, ids);
	nb = singlestep_count(forward, NULL);
	if (method->fate == AT_WORK || method->fate == PAUSED)
		mirrors_remove(method, ids);
	return nb;
}

struct figure {
	const struct method *method;
	const struct shape *shape;
	double instructions, bound;
};

static void
print(const struct figure *figure)
{
	printf("%-8s %4u B x %u: %7.1f a %s, at most %.0f%s\n", figure->method->name,
			figure->shape->seg_len, figure->shape->nb_segs, figure->instructions,
			figure->method->fate == AT_WORK ? "packet" : "burst", figure->bound,
			figure->instructions > figure->bound ? ": TOO MANY" : "");
}

static void
print_json(const struct figure *figure)
{
	printf("{\"method\": \"%s\", \"size\": %u, \"segments\": %u, \"burst\": %u, "
	       "\"per\": \"%s\", \"instructions\": %.1f}\n",
			figure->method->name, figure->shape->seg_len, figure->shape->nb_segs, BURST,
			figure->method->fate == AT_WORK ? "packet" : "burst", figure->instructions);
}

/* Whether all figures for packets of a shape are within their bounds. */
static bool
measure(struct rte_mempool *pool, unsigned int shape, void (*print_figure)(const struct figure *))
{
	struct figure figure = { .shape = &shapes[shape] };
	const struct method *method;
	bool is_good = true;
	uint64_t without;

	load(pool, &shapes[shape]);
	without = singlestep_count(forward, NULL);
	for (method = methods; method < methods + RTE_DIM(methods); method++) {
		if (method->fate != AT_WORK && shape > 0)
			continue;
		figure.method = method;
		figure.bound = method->bounds[shape];
		figure.instructions = (double)(int64_t)(count(method) - without);
		if (method->fate == AT_WORK)
			figure.instructions /= BURST;
		print_figure(&figure);
		is_good &= figure.instructions <= figure.bound;
	}
	return is_good;
}

int
main(int argc, char **argv)
{
	const bool as_json = argc > 1 && strcmp(argv[1], "--json") == 0;
	struct rte_mempool *pool;
	bool is_good = true;
	unsigned int shape;

	test_start(argv[0]);
	pool = rte_pktmbuf_pool_create("packets", 1023, 0, 0, DATA_ROOM, 0);
	CHECK(pool != NULL);
	ports_open();
	for (shape = 0; shape < RTE_DIM(shapes); shape++)
		is_good &= measure(pool, shape, as_json ? print_json : print);
	test_end();
	return is_good || as_json ? 0 : 1;
}
