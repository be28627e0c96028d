/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What the target gets of packets of any make, in modes with mbufs of their own. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "poison.h"
#include "late_target.h"

static struct bytes before[NB_LAYOUTS];

static const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };

static uint64_t
sum_of_lengths(const struct bytes *bytes, unsigned int nb)
{
	uint64_t sum = 0;

	while (nb-- > 0)
		sum += bytes[nb].len;
	return sum;
}

/* Its copies come in as few segments as the pool's mbufs make possible. */
static void
copies_fit_mbufs_of_any_size(void)
{
	static const uint16_t rooms[] = { 64, 65, 100, 192, 512, 2048, 9216 };
	struct rte_mirror_param param = { .mode = RTE_MIRROR_COPY, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct late_target late;
	unsigned int i, j;
	char name[32];

	for (i = 0; i < RTE_DIM(rooms); i++) {
		snprintf(name, sizeof(name), "room%u", rooms[i]);
		param.pool = poison_pool_create(name, 1023, RTE_PKTMBUF_HEADROOM + rooms[i]);
		late_target_open(&late, &param, NULL);
		originals_make(&late.originals, ORIGINAL_MIXED, pkts);
		bytes_read_all(before, pkts, NB_LAYOUTS);
		late_target_pass(&late, pkts, NB_LAYOUTS);
		CHECK_EQ(stats_of(late.id).packets, NB_LAYOUTS);
		CHECK_EQ(stats_of(late.id).bytes, sum_of_lengths(before, NB_LAYOUTS));
		late_target_get(&late, got, NB_LAYOUTS);
		bytes_check_all(before, got, NB_LAYOUTS);
		for (j = 0; j < NB_LAYOUTS; j++) {
			CHECK_EQ(got[j]->nb_segs, (before[j].len + rooms[i] - 1) / rooms[i]);
			CHECK(got[j]->pool == param.pool);
			CHECK_EQ(got[j]->port, pkts[j]->port);
		}
		packets_free(pkts, NB_LAYOUTS);
		packets_free(got, NB_LAYOUTS);
		late_target_close(&late);
		poison_pool_free(param.pool);
	}
}

/* The application's pools are whole while the target still has all its copies. */
static void
copies_hold_nothing_of_the_application(void)
{
	const struct rte_mirror_param param = { .mode = RTE_MIRROR_COPY,
		.directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct late_target late;
	unsigned int kind;

	late_target_open(&late, &param, NULL);
	for (kind = 0; kind < ORIGINAL_KINDS; kind++) {
		originals_make(&late.originals, (enum original_kind)kind, pkts);
		bytes_read_all(before, pkts, NB_LAYOUTS);
		late_target_pass(&late, pkts, NB_LAYOUTS);
		packets_free(pkts, NB_LAYOUTS);
		originals_check_whole(&late.originals);
		late_target_get(&late, got, NB_LAYOUTS);
		bytes_check_all(before, got, NB_LAYOUTS);
		packets_free(got, NB_LAYOUTS);
	}
	late_target_close(&late);
}

/* A target that takes no chains gets one segment, or nothing where one mbuf of the pool is too short. */
static void
check_flattened(enum rte_mirror_mode mode, uint16_t room)
{
	struct rte_mirror_param param = { .mode = mode, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	unsigned int i, nb_fit = 0;
	struct late_target late;

	param.pool = poison_pool_create("flat", 127, RTE_PKTMBUF_HEADROOM + room);
	late_target_open(&late, &param, &no_chains);
	originals_make(&late.originals, ORIGINAL_MIXED, pkts);
	for (i = 0; i < NB_LAYOUTS; i++) {
		/* Shared whole, however long. */
		const bool fits = pkts[i]->pkt_len <= room ||
				(mode == RTE_MIRROR_SHARE && pkts[i]->nb_segs == 1);

		if (fits)
			bytes_read(&before[nb_fit++], pkts[i]);
	}
	CHECK(nb_fit > 10 && nb_fit < NB_LAYOUTS);
	late_target_pass(&late, pkts, NB_LAYOUTS);
	packets_free(pkts, NB_LAYOUTS);
	CHECK_EQ(stats_of(late.id).packets, nb_fit);
	CHECK_EQ(stats_of(late.id).unsupported, NB_LAYOUTS - nb_fit);
	CHECK_EQ(stats_of(late.id).bytes, sum_of_lengths(before, nb_fit));
	late_target_get(&late, got, (uint16_t)nb_fit);
	bytes_check_all(before, got, (uint16_t)nb_fit);
	for (i = 0; i < nb_fit; i++)
		CHECK_EQ(got[i]->nb_segs, 1);
	packets_free(got, nb_fit);
	late_target_close(&late);
	poison_pool_free(param.pool);
}

static void
chains_are_flattened_for_a_target_that_takes_none(void)
{
	check_flattened(RTE_MIRROR_COPY, 1522);
	check_flattened(RTE_MIRROR_SHARE, 1500);
	check_flattened(RTE_MIRROR_SHARE, 200);
}

/* The longest packet that the library's pool can hold for such a target. */
static void
the_librarys_pool_has_room_for_jumbo_packets(void)
{
	const struct layout layout = { 5, { 1800, 1800, 1800, 1800, 1800 } };
	struct rte_mirror_param param = { .mode = RTE_MIRROR_COPY, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkt, *got;
	struct testbed testbed;
	struct originals originals;
	uint32_t id;

	testbed_open(&testbed, NULL, &no_chains);
	originals_open(&originals);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	pkt = original_make(&originals, ORIGINAL_DIRECT, &layout, 1);
	bytes_read(before, pkt);
	ring_put(testbed.source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, &pkt, 1), 1);
	rte_pktmbuf_free(pkt);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	CHECK_EQ(got->nb_segs, 1);
	bytes_check(before, got, 9000);
	rte_pktmbuf_free(got);
	mirror_off(id);
	testbed_close(&testbed);
	originals_close(&originals);
}

static void
check_bursts(enum rte_mirror_mode mode)
{
	static const uint16_t bursts[] = { 1, 2, 31, 63, 64, 65, 128, 129, 257 };
	const struct rte_mirror_param param = { .mode = mode, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[257], *got[257];
	static struct bytes bytes[257];
	struct late_target late;
	unsigned int i;

	late_target_open(&late, &param, NULL);
	for (i = 0; i < RTE_DIM(bursts); i++) {
		packets_make(late.testbed.pool, pkts, bursts[i], 1 + i % 3, 60);
		bytes_read_all(bytes, pkts, bursts[i]);
		CHECK_EQ(rte_mirror_stats_reset(late.id), 0);
		late_target_pass(&late, pkts, bursts[i]);
		CHECK_EQ(stats_of(late.id).seen, bursts[i]);
		CHECK_EQ(stats_of(late.id).packets, bursts[i]);
		late_target_get(&late, got, bursts[i]);
		packets_free(pkts, bursts[i]);
		bytes_check_all(bytes, got, bursts[i]);
		packets_free(got, bursts[i]);
	}
	late_target_close(&late);
}

static void
bursts_of_any_size_come_whole_and_in_order(void)
{
	check_bursts(RTE_MIRROR_SPLIT);
	check_bursts(RTE_MIRROR_COPY);
}

/* What the target does not take is freed, all of it, and counted. */
static void
check_full_target(enum rte_mirror_mode mode)
{
	const struct rte_mirror_param param = { .mode = mode, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[NB_LAYOUTS], *filler, *got;
	struct rte_mirror_stats stats;
	struct late_target late;

	late_target_open(&late, &param, NULL);
	filler = packet_make(late.testbed.pool, 1, 60, 0);
	while (rte_ring_free_count(late.testbed.target.tx[0]) > 6) {
		rte_mbuf_refcnt_update(filler, 1);
		ring_put(late.testbed.target.tx[0], &filler, 1);
	}
	originals_make(&late.originals, ORIGINAL_MIXED, pkts);
	bytes_read_all(before, pkts, NB_LAYOUTS);
	late_target_pass(&late, pkts, NB_LAYOUTS);
	stats = stats_of(late.id);
	CHECK_EQ(stats.packets, 6);
	CHECK_EQ(stats.bytes, sum_of_lengths(before, 6));
	CHECK_EQ(stats.full, NB_LAYOUTS - 6);
	packets_check_refcnt(pkts + 6, NB_LAYOUTS - 6, 1);
	/* The first six packets fit one mbuf each. */
	CHECK_EQ(rte_mempool_in_use_count(late.pool), 6);
	packets_free(pkts, NB_LAYOUTS);
	while (ring_get(late.testbed.target.tx[0], &got, 1) == 1)
		rte_pktmbuf_free(got);
	rte_pktmbuf_free(filler);
	late_target_close(&late);
}

static void
a_full_target_has_its_mbufs_freed(void)
{
	check_full_target(RTE_MIRROR_SPLIT);
	check_full_target(RTE_MIRROR_COPY);
}

/* Packets without a byte, as they come from a driver or from an application that trims too much. */
static void
packets_of_no_length_are_counted_once(void)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT,
		RTE_MIRROR_COPY };
	const struct layout empty[] = { { 1, { 0 } }, { 3, { 0, 0, 0 } } };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[2], *got[2];
	struct late_target late;
	unsigned int i;

	for (i = 0; i < 2 * RTE_DIM(modes); i++) {
		param.mode = modes[i / 2];
		param.snaplen = i % 2 * 100;
		late_target_open(&late, &param, NULL);
		pkts[0] = original_make(&late.originals, ORIGINAL_DIRECT, &empty[0], 0);
		pkts[1] = original_make(&late.originals, ORIGINAL_DIRECT, &empty[1], 0);
		bytes_read_all(before, pkts, 2);
		late_target_pass(&late, pkts, 2);
		CHECK_EQ(stats_of(late.id).seen, 2);
		CHECK_EQ(stats_of(late.id).packets, 2);
		CHECK_EQ(stats_of(late.id).bytes, 0);
		late_target_get(&late, got, 2);
		bytes_check_all(before, got, 2);
		packets_free(got, 2);
		packets_free(pkts, 2);
		late_target_close(&late);
	}
}

/* Nobody can say what the bytes are that its segments do not have. */
static void
packets_longer_than_their_segments_are_unsupported(void)
{
	struct rte_mirror_param params[] = { { .mode = RTE_MIRROR_SPLIT },
		{ .mode = RTE_MIRROR_COPY }, { .mode = RTE_MIRROR_COPY, .snaplen = 50 },
		{ .mode = RTE_MIRROR_SHARE, .snaplen = 50 } };
	struct rte_mbuf *pkts[NB_LAYOUTS];
	struct late_target late;
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(params); i++) {
		params[i].directions = RTE_MIRROR_TX;
		late_target_open(&late, &params[i], NULL);
		originals_make(&late.originals, ORIGINAL_MIXED, pkts);
		for (j = 0; j < NB_LAYOUTS; j++)
			pkts[j]->pkt_len += 1 + 100 * j;
		/* Below snaplen it may be shared as it is. */
		late_target_pass(&late, pkts + 1, NB_LAYOUTS - 1);
		CHECK_EQ(stats_of(late.id).unsupported, NB_LAYOUTS - 1);
		late_target_get(&late, pkts, 0);
		packets_free(pkts, NB_LAYOUTS);
		late_target_close(&late);
	}
}

const struct test_case test_cases[] = {
	{ "copies_fit_mbufs_of_any_size", copies_fit_mbufs_of_any_size },
	{ "copies_hold_nothing_of_the_application", copies_hold_nothing_of_the_application },
	{ "chains_are_flattened_for_a_target_that_takes_none",
			chains_are_flattened_for_a_target_that_takes_none },
	{ "the_librarys_pool_has_room_for_jumbo_packets",
			the_librarys_pool_has_room_for_jumbo_packets },
	{ "bursts_of_any_size_come_whole_and_in_order",
			bursts_of_any_size_come_whole_and_in_order },
	{ "a_full_target_has_its_mbufs_freed", a_full_target_has_its_mbufs_freed },
	{ "packets_of_no_length_are_counted_once", packets_of_no_length_are_counted_once },
	{ "packets_longer_than_their_segments_are_unsupported",
			packets_longer_than_their_segments_are_unsupported },
	{ NULL, NULL },
};
