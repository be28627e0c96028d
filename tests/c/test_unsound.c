/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets of broken drivers, which have fewer segments than they say, or fewer bytes. */

#include <string.h>

#include "testbed.h"

#define NB_SOUND   5
#define NB_UNSOUND 9
#define NB_ALL     (NB_SOUND + NB_UNSOUND)
#define SEG_LEN    100

/* So many segments, of which each of these bits empties one; what they are said to be is more by so much. */
static const struct shape {
	uint16_t nb_segs, empty;
	uint32_t more_bytes;
	int16_t more_segs;
} shapes[NB_ALL] = {
	{ 1, 0, 0, 0 },
	{ 1, 0, 1, 0 },
	{ 3, 0, 0, 0 },
	{ 3, 0, 1, 0 },
	{ 3, 2, 0, 0 },
	{ 3, 2, 1, 0 },
	{ 3, 4, 0, 0 },
	{ 3, 6, 1, 0 },
	{ 3, 6, 0, 0 },
	{ 1, 0, UINT32_MAX - SEG_LEN, 0 },
	{ 3, 0, UINT32_MAX - 3 * SEG_LEN, 0 },
	{ 1, 0, 0, 1 },
	{ 3, 0, 0, 2 },
	{ 3, 0, 0, -1 },
};

static bool
is_sound(const struct shape *shape)
{
	return shape->more_bytes == 0 && shape->more_segs == 0;
}

static struct rte_mbuf *
make(const struct shape *shape, struct rte_mempool *pool, uint32_t seed)
{
	struct rte_mbuf *pkt = packet_make(pool, shape->nb_segs, SEG_LEN, seed), *seg;
	uint16_t empty = shape->empty;

	for (seg = pkt; seg != NULL; seg = seg->next, empty >>= 1) {
		if ((empty & 1) == 0)
			continue;
		seg->data_len = 0;
		pkt->pkt_len -= SEG_LEN;
	}
	return pkt;
}

static void
check(const struct rte_mirror_param *param, uint64_t flags)
{
	static struct bytes bytes[NB_ALL];
	struct rte_mirror_param mirror = *param;
	struct rte_mbuf *pkts[NB_ALL], *got;
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	mirror.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &mirror);
	for (i = 0; i < NB_ALL; i++) {
		pkts[i] = make(&shapes[i], testbed.pool, i);
		bytes_read(&bytes[i], pkts[i]);
		pkts[i]->pkt_len += shapes[i].more_bytes;
		pkts[i]->nb_segs += shapes[i].more_segs;
		pkts[i]->ol_flags |= flags;
		pkts[i]->vlan_tci = 5;
	}
	testbed_receive(&testbed, 0, pkts, NB_ALL);
	CHECK_EQ(stats_of(id).packets, NB_SOUND);
	CHECK_EQ(stats_of(id).unsupported, NB_UNSOUND);
	for (i = 0; i < NB_ALL; i++) {
		pkts[i]->pkt_len -= shapes[i].more_bytes;
		pkts[i]->nb_segs -= shapes[i].more_segs;
		if (!is_sound(&shapes[i]))
			continue;
		CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
		if (flags == 0)
			bytes_check(&bytes[i], got,
					RTE_MIN(bytes[i].len,
							param->snaplen != 0 ? param->snaplen :
									      UINT32_MAX));
		rte_pktmbuf_free(got);
	}
	packets_free(pkts, NB_ALL);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
what_is_not_as_long_as_it_says_is_counted_as_unsupported(void)
{
	static const struct rte_mirror_param params[] = {
		{ .mode = RTE_MIRROR_SHARE },
		{ .mode = RTE_MIRROR_SHARE, .snaplen = 150 },
		{ .mode = RTE_MIRROR_SHARE, .snaplen = 50 },
		{ .mode = RTE_MIRROR_SPLIT },
		{ .mode = RTE_MIRROR_SPLIT, .split_len = 14, .snaplen = 150 },
		{ .mode = RTE_MIRROR_COPY },
		{ .mode = RTE_MIRROR_COPY, .snaplen = 150 },
		{ .mode = RTE_MIRROR_COPY, .snaplen = 50 },
		{ .mode = RTE_MIRROR_COPY, .flags = RTE_MIRROR_F_ORIGIN },
	};
	struct rte_mirror_param param;
	unsigned int i;

	for (i = 0; i < RTE_DIM(params); i++) {
		param = params[i];
		param.directions = RTE_MIRROR_RX;
		check(&param, 0);
		/* Then it is copied whole, and gets a tag. */
		check(&param, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED);
	}
}

const struct test_case test_cases[] = {
	{ "what_is_not_as_long_as_it_says_is_counted_as_unsupported",
			what_is_not_as_long_as_it_says_is_counted_as_unsupported },
	{ NULL, NULL },
};
