/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets that end before their lengths say: broken ones, from a driver or an application that is. */

#include <netinet/in.h>

#include "hexframes.h"

static const struct rte_mirror_mac mac = { .dst_mask = { { 0xff } }, .dst = { { 2 } } };
static const struct rte_mirror_range vlan = { 5, 5 };
static const struct rte_mirror_flow flow = { .ip_version = 4, .protocol = IPPROTO_TCP };

/* Each looks for something that FRAME has, and that its first bytes do not tell. */
static const struct {
	struct rte_mirror_select select;
	uint32_t reads; /* of the packet's bytes, to tell */
} choices[] = {
	{ { .mac = &mac }, 12 },
	{ { .vlans = &vlan, .nb_vlans = 1 }, 16 },
	{ { .flow = &flow }, 38 },
	{ { .filter = "vlan 5 and ip[8] >= 0" }, 27 },
	{ { .filter = "ether[12:2] = 0x8100 and ether[ether[15] + 32] >= 0" }, 38 },
};

#define FRAME                                             \
	MAC_2 MAC_1 VLAN("0005") IP4 V4("5", "0000", TCP) \
	PORTS

/* The first bytes of a packet, in segments; its lengths are the whole one's. */
static struct rte_mbuf *
broken(struct rte_mempool *pool, uint32_t length, uint16_t seg_len)
{
	struct rte_mbuf *pkt = hex_packet(pool, FRAME, seg_len), *segment = pkt;

	while (length > segment->data_len) {
		length -= segment->data_len;
		segment = segment->next;
	}
	segment->data_len = length;
	if (segment->next != NULL)
		rte_pktmbuf_free(segment->next);
	segment->next = NULL;
	return pkt;
}

static void
check(const struct testbed *testbed, uint32_t id, uint32_t length, uint16_t seg_len, bool is_told)
{
	const struct rte_mirror_stats before = stats_of(id);
	struct rte_mbuf *pkt = broken(testbed->pool, length, seg_len), *got;
	const uint16_t nb_segs = pkt->nb_segs;
	struct rte_mirror_stats after;

	ring_put(testbed->source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, &got, 1), 1);
	CHECK(got == pkt && pkt->nb_segs == nb_segs);
	after = stats_of(id);
	CHECK_EQ(after.seen, before.seen + 1);
	/* What is chosen after all is take's to look at. */
	if (!is_told)
		CHECK_EQ(after.unsupported, before.unsupported + 1);
	CHECK_EQ(after.filtered, before.filtered);
	while (ring_get(testbed->target.tx[0], &got, 1) == 1)
		rte_pktmbuf_free(got);
	/* Freed as what it is. */
	for (pkt->nb_segs = 1, got = pkt; got->next != NULL; got = got->next)
		pkt->nb_segs++;
	rte_pktmbuf_free(pkt);
}

static void
what_ends_too_early_to_tell_is_unsupported(void)
{
	static const uint16_t seg_lens[] = { 0, 1, 13, 16 };
	struct testbed testbed;
	unsigned int i, j;
	uint32_t length, id;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < RTE_DIM(choices); i++) {
		const struct rte_mirror_param param = { .target_port = testbed.target.id,
			.directions = RTE_MIRROR_RX,
			.mode = RTE_MIRROR_COPY,
			.select = &choices[i].select };

		id = mirror_with(testbed.source.id, &param);
		for (j = 0; j < RTE_DIM(seg_lens); j++) {
			for (length = 0; length <= choices[i].reads; length++)
				check(&testbed, id, length, seg_lens[j],
						length == choices[i].reads);
		}
		mirror_off(id);
	}
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "what_ends_too_early_to_tell_is_unsupported",
			what_ends_too_early_to_tell_is_unsupported },
	{ NULL, NULL },
};
