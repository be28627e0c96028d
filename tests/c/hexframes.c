/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "hexframes.h"

struct rte_mbuf *
hex_packet(struct rte_mempool *pool, const char *hex, uint16_t seg_len)
{
	struct rte_mbuf *first = rte_pktmbuf_alloc(pool), *last = first;
	unsigned int byte;
	int length;

	CHECK(first != NULL);
	for (; sscanf(hex, " %2x%n", &byte, &length) == 1; hex += length) {
		if (seg_len != 0 && last->data_len == seg_len) {
			last->next = rte_pktmbuf_alloc(pool);
			CHECK(last->next != NULL);
			last = last->next;
			first->nb_segs++;
		}
		*rte_pktmbuf_mtod_offset(last, uint8_t *, last->data_len) = (uint8_t)byte;
		last->data_len++;
		first->pkt_len++;
	}
	return first;
}

static void
pass(const struct testbed *testbed, struct rte_mbuf *pkt, uint32_t direction)
{
	if (direction == RTE_MIRROR_RX) {
		ring_put(testbed->source.rx[0], &pkt, 1);
		CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, &pkt, 1), 1);
	} else {
		CHECK_EQ(rte_eth_tx_burst(testbed->source.id, 0, &pkt, 1), 1);
		CHECK_EQ(ring_get(testbed->source.tx[0], &pkt, 1), 1);
	}
}

/* Whether the target gets the frame, from a mirror that copies. */
static bool
is_chosen(const struct testbed *testbed, const struct hex_case *one, uint16_t seg_len,
		uint32_t direction)
{
	struct rte_mbuf *pkt = hex_packet(testbed->pool, one->hex, seg_len), *got;
	bool chosen;

	pkt->ol_flags = one->ol_flags;
	pkt->vlan_tci = one->tci;
	pkt->vlan_tci_outer = one->tci_outer;
	pass(testbed, pkt, direction);
	chosen = ring_get(testbed->target.tx[0], &got, 1) == 1;
	if (chosen)
		rte_pktmbuf_free(got);
	rte_pktmbuf_free(pkt);
	return chosen;
}

static void
check_case(const struct testbed *testbed, const struct hex_case *one, unsigned int number,
		uint32_t direction)
{
	static const uint16_t seg_lens[] = { 0, 1, 5, 13, 128 };
	unsigned int i;

	for (i = 0; i < RTE_DIM(seg_lens); i++) {
		/* Tags go in front of a segment with both addresses, or nowhere. */
		if (one->ol_flags != 0 && seg_lens[i] != 0 && seg_lens[i] < 12)
			continue;
		if (is_chosen(testbed, one, seg_lens[i], direction) != one->chosen)
			test_fail(__FILE__, __LINE__, "frame %u, %s, in segments of %u: %s", number,
					one->hex, seg_lens[i],
					one->chosen ? "not chosen" : "chosen");
	}
}

void
hex_check(const struct testbed *testbed, const struct rte_mirror_select *select,
		const struct hex_case *cases, unsigned int nb_cases, uint32_t direction)
{
	const struct rte_mirror_param param = { .target_port = testbed->target.id,
		.directions = direction,
		.mode = RTE_MIRROR_COPY,
		.select = select };
	const uint32_t id = mirror_with(testbed->source.id, &param);
	struct rte_mirror_stats stats;
	unsigned int i;

	for (i = 0; i < nb_cases; i++)
		check_case(testbed, &cases[i], i, direction);
	stats = stats_of(id);
	CHECK_EQ(stats.packets + stats.filtered, stats.seen);
	mirror_off(id);
}
