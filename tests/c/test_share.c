/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What the target gets of each packet, and what the application sees of that: nothing. */

#include <inttypes.h>
#include <string.h>

#include "testbed.h"

#define MAX_BURST 512

/* Below, at and above what the data path handles at a time; 257 is a multiple of nothing. */
static const uint16_t bursts[] = { 1, 2, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257,
	512 };

/* The application receives a burst and finds it as the driver gave it; the target gets each packet once, in order. */
static void
check_rx_burst(struct testbed *testbed, uint32_t id, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct snapshot *before = snapshot_take(pkts, nb_pkts);
	struct rte_mbuf *got[MAX_BURST];
	struct rte_mirror_stats stats;
	uint64_t bytes = 0;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++)
		bytes += pkts[i]->pkt_len;
	CHECK_EQ(rte_mirror_stats_reset(id), 0);
	ring_put(testbed->source.rx[0], pkts, nb_pkts);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, got, MAX_BURST), nb_pkts);
	packets_check_refcnt(got, nb_pkts, 2);
	snapshot_check(before, got, nb_pkts);
	stats = stats_of(id);
	CHECK_EQ(stats.packets, nb_pkts);
	CHECK_EQ(stats.bytes, bytes);
	CHECK_EQ(stats.seen, nb_pkts);
	ring_check(testbed->target.tx[0], pkts, nb_pkts);
	packets_check_refcnt(got, nb_pkts, 1);
	packets_free(got, nb_pkts);
}

static void
rx_bursts_of_any_size(void)
{
	struct rte_mbuf *pkts[MAX_BURST];
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	for (i = 0; i < RTE_DIM(bursts); i++) {
		packets_make(testbed.pool, pkts, bursts[i], 1, 64);
		check_rx_burst(&testbed, id, pkts, bursts[i]);
	}
	mirror_off(id);
	testbed_close(&testbed);
}

static void
packets_of_any_number_of_segments(void)
{
	struct rte_mbuf *pkts[40];
	struct testbed testbed;
	uint16_t nb_segs;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	for (nb_segs = 1; nb_segs <= RTE_DIM(pkts); nb_segs++)
		pkts[nb_segs - 1] = packet_make(testbed.pool, nb_segs, 100, nb_segs);
	check_rx_burst(&testbed, id, pkts, RTE_DIM(pkts));
	mirror_off(id);
	testbed_close(&testbed);
}

static void
tx_bursts_of_any_size(void)
{
	struct rte_mbuf *pkts[MAX_BURST];
	struct snapshot *before;
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_TX);
	for (i = 0; i < RTE_DIM(bursts); i++) {
		packets_make(testbed.pool, pkts, bursts[i], 1 + i % 3, 64);
		before = snapshot_take(pkts, bursts[i]);
		CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, bursts[i]), bursts[i]);
		packets_check_refcnt(pkts, bursts[i], 2);
		snapshot_check(before, pkts, bursts[i]);
		CHECK_EQ(rte_ring_count(testbed.target.tx[0]), bursts[i]);
		ring_check(testbed.source.tx[0], pkts, bursts[i]);
		packets_check_refcnt(pkts, bursts[i], 1);
		ring_check(testbed.target.tx[0], pkts, bursts[i]);
	}
	CHECK_EQ(rte_mirror_remove(id), 0);
	testbed_close(&testbed);
}

static void
each_direction_is_mirrored_when_asked_for(void)
{
	static const uint32_t directions[] = { RTE_MIRROR_RX, RTE_MIRROR_TX,
		RTE_MIRROR_RX | RTE_MIRROR_TX };
	struct rte_mbuf *rx[3], *tx[5];
	struct testbed testbed;
	unsigned int i;
	uint16_t expected;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < RTE_DIM(directions); i++) {
		expected = (directions[i] & RTE_MIRROR_RX ? 3 : 0) +
				(directions[i] & RTE_MIRROR_TX ? 5 : 0);
		id = mirror_on(testbed.source.id, testbed.target.id, directions[i]);
		packets_make(testbed.pool, rx, 3, 1, 60);
		packets_make(testbed.pool, tx, 5, 1, 60);
		ring_put(testbed.source.rx[0], rx, 3);
		CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, rx, 3), 3);
		CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, tx, 5), 5);
		CHECK_EQ(rte_ring_count(testbed.target.tx[0]), expected);
		CHECK_EQ(stats_of(id).packets, expected);
		mirror_off(id);
		packets_free(rx, 3);
		CHECK_EQ(ring_get(testbed.target.tx[0], rx, expected > 3 ? 3 : expected),
				expected > 3 ? 3 : expected);
		packets_free(rx, expected > 3 ? 3 : expected);
		CHECK_EQ(ring_get(testbed.target.tx[0], tx, 5), expected > 3 ? expected - 3 : 0);
		packets_free(tx, expected > 3 ? expected - 3 : 0);
		CHECK_EQ(ring_get(testbed.source.tx[0], tx, 5), 5);
		packets_free(tx, 5);
	}
	testbed_close(&testbed);
}

static void
an_empty_burst_is_no_burst(void)
{
	struct rte_mbuf *pkts[4];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, 4), 0);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 0), 0);
	CHECK_EQ(stats_of(id).seen, 0);
	mirror_off(id);
	testbed_close(&testbed);
}

/* What the source's driver then refuses, and the application sends again or frees, has been mirrored all the same. */
static void
a_tx_mirror_gets_what_the_source_is_offered(void)
{
	struct rte_mbuf *pkts[5], *filler;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_TX);
	filler = packet_make(testbed.pool, 1, 60, 0);
	rte_mbuf_refcnt_set(filler, PORT_RING_SIZE);
	while (rte_ring_free_count(testbed.source.tx[0]) > 0)
		ring_put(testbed.source.tx[0], &filler, 1);
	packets_make(testbed.pool, pkts, 5, 2, 60);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 5), 0);
	CHECK_EQ(stats_of(id).packets, 5);
	ring_check(testbed.target.tx[0], pkts, 5);
	packets_check_refcnt(pkts, 5, 1);
	packets_free(pkts, 5);
	mirror_off(id);
	testbed_close(&testbed);
}

/* What a full target does not take has its references given back, every segment's, and is counted. */
static void
a_full_target_costs_the_mirror_alone(void)
{
	struct rte_mbuf *pkts[100], *got[100];
	struct rte_mirror_stats stats;
	struct snapshot *before;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	packets_make(testbed.pool, got, 100, 1, 60);
	while (rte_ring_free_count(testbed.target.tx[0]) > 30) {
		rte_mbuf_refcnt_update(got[0], 1);
		ring_put(testbed.target.tx[0], got, 1);
	}
	packets_make(testbed.pool, pkts, 100, 3, 60);
	before = snapshot_take(pkts, 100);
	ring_put(testbed.source.rx[0], pkts, 100);
	packets_free(got, 100);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, got, 100), 100);
	snapshot_check(before, got, 100);
	packets_check_refcnt(got, 30, 2);
	packets_check_refcnt(got + 30, 70, 1);
	stats = stats_of(id);
	CHECK_EQ(stats.packets, 30);
	CHECK_EQ(stats.full, 70);
	CHECK_EQ(stats.bytes, 30 * 180);
	CHECK_EQ(stats.seen, 100);
	packets_free(got, 100);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Sends one packet with these flags through a mirror of one direction: whether the target got the very packet. */
static bool
is_shared(struct testbed *testbed, uint32_t direction, uint64_t ol_flags, uint16_t nb_segs)
{
	const uint32_t id = mirror_on(testbed->source.id, testbed->target.id, direction);
	struct rte_mbuf *pkt = packet_make(testbed->pool, nb_segs, 60, 0), *got = NULL;
	struct rte_mirror_stats stats;
	struct snapshot *before;
	bool is_shared;

	pkt->ol_flags |= ol_flags;
	before = snapshot_take(&pkt, 1);
	if (direction == RTE_MIRROR_RX) {
		ring_put(testbed->source.rx[0], &pkt, 1);
		CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, &pkt, 1), 1);
		ring_put(testbed->source.tx[0], &pkt, 1);
	} else {
		CHECK_EQ(rte_eth_tx_burst(testbed->source.id, 0, &pkt, 1), 1);
	}
	snapshot_check(before, &pkt, 1);
	stats = stats_of(id);
	CHECK_EQ(stats.seen, 1);
	CHECK_EQ(stats.unsupported + stats.packets, 1);
	CHECK_EQ(ring_get(testbed->target.tx[0], &got, 1), stats.packets);
	is_shared = got == pkt;
	packets_check_refcnt(&pkt, 1, is_shared ? 2 : 1);
	/* Whatever else it got leaves nothing for a driver to do. */
	CHECK(is_shared || got == NULL || got->ol_flags == 0);
	rte_pktmbuf_free(got);
	ring_check(testbed->source.tx[0], &pkt, 1);
	mirror_off(id);
	return is_shared;
}

static void
packets_with_work_left_for_a_driver_are_not_shared(void)
{
	struct testbed testbed;
	unsigned int bit;
	uint64_t flag;

	testbed_open(&testbed, NULL, NULL);
	for (bit = 0; bit < 64; bit++) {
		flag = UINT64_C(1) << bit;
		if ((flag & RTE_MBUF_F_TX_OFFLOAD_MASK) == 0)
			continue;
		CHECK(!is_shared(&testbed, RTE_MIRROR_TX, flag, 1));
		CHECK(!is_shared(&testbed, RTE_MIRROR_RX, flag, 1));
	}
	CHECK(is_shared(&testbed, RTE_MIRROR_TX, 0, 1));
	CHECK(is_shared(&testbed, RTE_MIRROR_RX, RTE_MBUF_F_RX_RSS_HASH, 1));
	testbed_close(&testbed);
}

static void
packets_without_their_vlan_tag_are_not_shared(void)
{
	const uint64_t stripped = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	CHECK(!is_shared(&testbed, RTE_MIRROR_RX, stripped, 1));
	CHECK(!is_shared(&testbed, RTE_MIRROR_RX,
			stripped | RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED, 1));
	CHECK(is_shared(&testbed, RTE_MIRROR_RX, RTE_MBUF_F_RX_VLAN, 1));
	/* A packet that was received untagged of its tag is sent as it is. */
	CHECK(is_shared(&testbed, RTE_MIRROR_TX, stripped, 1));
	testbed_close(&testbed);
}

static void
packets_whose_checksum_is_left_to_a_card_are_not_shared(void)
{
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	CHECK(!is_shared(&testbed, RTE_MIRROR_RX, RTE_MBUF_F_RX_L4_CKSUM_NONE, 1));
	CHECK(is_shared(&testbed, RTE_MIRROR_RX, RTE_MBUF_F_RX_L4_CKSUM_GOOD, 1));
	CHECK(is_shared(&testbed, RTE_MIRROR_RX, RTE_MBUF_F_RX_L4_CKSUM_BAD, 1));
	/* What the application has done about it is not known, and it is sent as it is. */
	CHECK(is_shared(&testbed, RTE_MIRROR_TX, RTE_MBUF_F_RX_L4_CKSUM_NONE, 1));
	testbed_close(&testbed);
}

static void
chains_need_a_target_that_has_them_enabled(void)
{
	const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct testbed testbed;

	testbed_open(&testbed, NULL, &no_chains);
	CHECK(!is_shared(&testbed, RTE_MIRROR_RX, 0, 2));
	CHECK(!is_shared(&testbed, RTE_MIRROR_TX, 0, 40));
	CHECK(is_shared(&testbed, RTE_MIRROR_RX, 0, 1));
	testbed_close(&testbed);
	testbed_open(&testbed, NULL, NULL);
	CHECK(is_shared(&testbed, RTE_MIRROR_RX, 0, 2));
	CHECK(is_shared(&testbed, RTE_MIRROR_TX, 0, 40));
	testbed_close(&testbed);
}

/* Whatever of a burst is left out, the rest arrives in order, and every packet is counted once. */
static void
a_mixed_burst_is_mirrored_in_part(void)
{
	struct rte_mbuf *pkts[96], *shared[96];
	struct rte_mirror_stats stats;
	struct snapshot *before;
	uint16_t i, nb_shared = 0;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	packets_make(testbed.pool, pkts, 96, 2, 50);
	for (i = 0; i < 96; i++) {
		/* It says that there is an IP header, and not where. */
		if (i % 3 == 1)
			pkts[i]->ol_flags |= RTE_MBUF_F_TX_IP_CKSUM;
		else
			shared[nb_shared++] = pkts[i];
	}
	before = snapshot_take(pkts, 96);
	ring_put(testbed.source.rx[0], pkts, 96);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, 96), 96);
	snapshot_check(before, pkts, 96);
	stats = stats_of(id);
	CHECK_EQ(stats.packets, nb_shared);
	CHECK_EQ(stats.unsupported, 96 - nb_shared);
	CHECK_EQ(stats.bytes, nb_shared * 100);
	ring_check(testbed.target.tx[0], shared, nb_shared);
	packets_check_refcnt(pkts, 96, 1);
	packets_free(pkts, 96);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "rx_bursts_of_any_size", rx_bursts_of_any_size },
	{ "tx_bursts_of_any_size", tx_bursts_of_any_size },
	{ "packets_of_any_number_of_segments", packets_of_any_number_of_segments },
	{ "each_direction_is_mirrored_when_asked_for", each_direction_is_mirrored_when_asked_for },
	{ "an_empty_burst_is_no_burst", an_empty_burst_is_no_burst },
	{ "a_tx_mirror_gets_what_the_source_is_offered",
			a_tx_mirror_gets_what_the_source_is_offered },
	{ "a_full_target_costs_the_mirror_alone", a_full_target_costs_the_mirror_alone },
	{ "packets_with_work_left_for_a_driver_are_not_shared",
			packets_with_work_left_for_a_driver_are_not_shared },
	{ "packets_without_their_vlan_tag_are_not_shared",
			packets_without_their_vlan_tag_are_not_shared },
	{ "packets_whose_checksum_is_left_to_a_card_are_not_shared",
			packets_whose_checksum_is_left_to_a_card_are_not_shared },
	{ "chains_need_a_target_that_has_them_enabled",
			chains_need_a_target_that_has_them_enabled },
	{ "a_mixed_burst_is_mirrored_in_part", a_mixed_burst_is_mirrored_in_part },
	{ NULL, NULL },
};
