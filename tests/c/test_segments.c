/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets whose drivers take chains, but not of any length. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "poison.h"
#include "late_target.h"

/* What a driver says of it, and what its target is given at the most. */
static const struct limit {
	uint16_t nb_seg_max, nb_mtu_seg_max, max_segs;
} limits[] = {
	{ 0, 4, 4 },
	{ 3, 0, 3 },
	{ 8, 2, 2 },
	{ 5, 40, 5 },
	{ 0, 0, UINT16_MAX },
};

static struct bytes before[NB_LAYOUTS];

/* In how many mbufs of the late's pool a packet is copied. */
static uint32_t
nb_copies(uint32_t length)
{
	const uint32_t room = RTE_MBUF_DEFAULT_BUF_SIZE - RTE_PKTMBUF_HEADROOM;

	return (length + room - 1) / room;
}

/* Whether a packet can be had in a mode, be it by a copy. */
static bool
is_possible(enum rte_mirror_mode mode, uint16_t nb_segs, uint32_t length, uint16_t max_segs)
{
	if (nb_copies(length) <= max_segs)
		return true;
	return (mode == RTE_MIRROR_SHARE && nb_segs <= max_segs) ||
			(mode == RTE_MIRROR_SPLIT && nb_segs < max_segs);
}

static void
check_mode(enum rte_mirror_mode mode, const struct limit *limit)
{
	const struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = mode };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct late_target late;
	uint16_t i, nb = 0;

	late_target_open(&late, &param, NULL);
	originals_make(&late.originals, ORIGINAL_MIXED, pkts);
	bytes_read_all(before, pkts, NB_LAYOUTS);
	late_target_pass(&late, pkts, NB_LAYOUTS);
	CHECK_EQ(ring_get(late.testbed.target.tx[0], got, NB_LAYOUTS), stats_of(late.id).packets);
	for (i = 0; i < NB_LAYOUTS; i++) {
		if (!is_possible(mode, layouts[i].nb_segs, before[i].len, limit->max_segs))
			continue;
		CHECK(got[nb]->nb_segs <= limit->max_segs);
		bytes_check(&before[i], got[nb], before[i].len);
		CHECK_EQ(got[nb] == pkts[i],
				mode == RTE_MIRROR_SHARE && pkts[i]->nb_segs <= limit->max_segs);
		nb++;
	}
	CHECK_EQ(stats_of(late.id).packets, nb);
	CHECK_EQ(stats_of(late.id).unsupported, NB_LAYOUTS - nb);
	packets_free(got, nb);
	packets_free(pkts, NB_LAYOUTS);
	late_target_close(&late);
}

/* Longer chains become copies. */
static void
no_target_gets_more_segments_than_it_takes(void)
{
	unsigned int i, mode;

	for (i = 0; i < RTE_DIM(limits); i++) {
		faults = (struct faults){ .nb_seg_max = limits[i].nb_seg_max,
			.nb_mtu_seg_max = limits[i].nb_mtu_seg_max };
		for (mode = RTE_MIRROR_SHARE; mode <= RTE_MIRROR_COPY; mode++)
			check_mode((enum rte_mirror_mode)mode, &limits[i]);
	}
	faults = (struct faults){ 0 };
}

/* Of one segment it is as if chains were not enabled. */
static void
a_target_that_takes_one_segment_takes_no_chains(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_AUTO };
	struct testbed testbed;
	uint32_t id;

	faults = (struct faults){ .nb_mtu_seg_max = 1 };
	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(info_of(id).mode, RTE_MIRROR_COPY);
	mirror_off(id);
	param.mode = RTE_MIRROR_SPLIT;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOTSUP);
	testbed_close(&testbed);
	faults = (struct faults){ 0 };
}

/* The source's longest packet, of 1522 bytes, is to fit in four mbufs: such a pool is wanted. */
static void
check_room(const struct testbed *testbed, uint16_t room, int rc)
{
	const struct rte_mirror_param param = { .directions = RTE_MIRROR_RX,
		.mode = RTE_MIRROR_COPY,
		.target_port = testbed->target.id,
		.pool = poison_pool_create("room", 15, RTE_PKTMBUF_HEADROOM + room) };

	CHECK_EQ(rte_mirror_add(testbed->source.id, &param, NULL), rc);
	CHECK_EQ(rte_mirror_list(NULL, 0), rc == 0);
	if (rc == 0)
		CHECK_EQ(rte_mirror_unregister(testbed->source.id), 0);
	poison_pool_free(param.pool);
}

/* The library's own has room for jumbo frames. */
static void
the_segments_that_a_target_takes_hold_the_longest_packets(void)
{
	const struct layout layout = { 5, { 1800, 1800, 1800, 1800, 1800 } };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct originals originals;
	struct rte_mbuf *pkt, *got;
	struct testbed testbed;
	uint32_t id;

	faults = (struct faults){ .nb_mtu_seg_max = 4 };
	testbed_open(&testbed, NULL, NULL);
	originals_open(&originals);
	check_room(&testbed, 380, -EINVAL);
	check_room(&testbed, 381, 0);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	pkt = original_make(&originals, ORIGINAL_DIRECT, &layout, 0);
	bytes_read(before, pkt);
	ring_put(testbed.source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, &pkt, 1), 1);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	bytes_check(before, got, 9000);
	CHECK(got->nb_segs <= 4);
	rte_pktmbuf_free(got);
	rte_pktmbuf_free(pkt);
	mirror_off(id);
	originals_close(&originals);
	testbed_close(&testbed);
	faults = (struct faults){ 0 };
}

const struct test_case test_cases[] = {
	{ "no_target_gets_more_segments_than_it_takes",
			no_target_gets_more_segments_than_it_takes },
	{ "a_target_that_takes_one_segment_takes_no_chains",
			a_target_that_takes_one_segment_takes_no_chains },
	{ "the_segments_that_a_target_takes_hold_the_longest_packets",
			the_segments_that_a_target_takes_hold_the_longest_packets },
	{ NULL, NULL },
};
