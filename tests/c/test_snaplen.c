/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets of which the target gets the beginning. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "edits.h"
#include "poison.h"
#include "late_target.h"

static struct bytes before[NB_LAYOUTS];

/* Around what split copies, around the lengths of packets and of segments, at segments' borders. */
static const uint32_t snaplens[] = { 14, 15, 64, 191, 192, 193, 512, 513, 1399, 1400, 1401, 1499,
	1500, 1501, 1800, 3000, 3600, 8999, 9000, 9001, 65535, UINT32_MAX };

/* The worst that may happen to a packet without showing in this mode. */
static const struct edit *
hidden_edit(enum rte_mirror_mode mode)
{
	switch (mode) {
	case RTE_MIRROR_SPLIT:
		return &header_edits[3];
	case RTE_MIRROR_COPY:
		return &payload_edits[2];
	default:
		return NULL;
	}
}

static void
check_kind(struct late_target *late, enum rte_mirror_mode mode, uint32_t snaplen, unsigned int kind)
{
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	const struct edit *edit = hidden_edit(mode);
	uint16_t ports[NB_LAYOUTS];
	uint64_t sum = 0;
	unsigned int i;

	originals_make(&late->originals, (enum original_kind)kind, pkts);
	bytes_read_all(before, pkts, NB_LAYOUTS);
	CHECK_EQ(rte_mirror_stats_reset(late->id), 0);
	/* It checks that the application's packets are as they were, byte for byte. */
	late_target_pass(late, pkts, NB_LAYOUTS);
	/* Only now: from 24.11 on net_ring says on rx where a packet came in. */
	for (i = 0; i < NB_LAYOUTS; i++)
		ports[i] = pkts[i]->port;
	late_target_get(late, got, NB_LAYOUTS);
	for (i = 0; i < NB_LAYOUTS; i++) {
		if (edit != NULL)
			edit->apply(&late->originals, &pkts[i]);
		rte_pktmbuf_free(pkts[i]);
	}
	originals_scribble(&late->originals);
	for (i = 0; i < NB_LAYOUTS; i++) {
		bytes_check(&before[i], got[i], RTE_MIN(before[i].len, snaplen));
		CHECK_EQ(got[i]->port, ports[i]);
		sum += got[i]->pkt_len;
		/* What is cut has none of the original's flags. */
		CHECK((got[i]->ol_flags & RTE_MBUF_F_RX_RSS_HASH) == 0 || got[i] == pkts[i]);
	}
	CHECK_EQ(stats_of(late->id).packets, NB_LAYOUTS);
	CHECK_EQ(stats_of(late->id).bytes, sum);
	packets_free(got, NB_LAYOUTS);
	late_target_check_whole(late);
}

static void
check_mode(enum rte_mirror_mode mode)
{
	struct rte_mirror_param param = { .mode = mode, .directions = RTE_MIRROR_RX };
	struct late_target late;
	unsigned int i, kind;

	for (i = 0; i < RTE_DIM(snaplens); i++) {
		param.snaplen = snaplens[i];
		late_target_open(&late, &param, NULL);
		CHECK_EQ(info_of(late.id).snaplen, snaplens[i]);
		CHECK_EQ(info_of(late.id).mode, mode);
		for (kind = 0; kind < ORIGINAL_KINDS; kind++)
			check_kind(&late, mode, snaplens[i], kind);
		late_target_close(&late);
	}
}

static void
share_cuts_packets_and_leaves_the_applications_whole(void)
{
	check_mode(RTE_MIRROR_SHARE);
}

static void
split_cuts_packets_and_leaves_the_applications_whole(void)
{
	check_mode(RTE_MIRROR_SPLIT);
}

static void
copy_cuts_packets(void)
{
	check_mode(RTE_MIRROR_COPY);
}

/* What is short enough is the application's own mbuf still; what is cut refers to it. */
static void
share_cuts_by_reference(void)
{
	const struct rte_mirror_param param = { .directions = RTE_MIRROR_TX, .snaplen = 100 };
	const struct layout kept = { 1, { 100 } }, cut = { 2, { 90, 90 } };
	struct rte_mbuf *pkts[2], *got[2];
	struct late_target late;

	late_target_open(&late, &param, NULL);
	pkts[0] = original_make(&late.originals, ORIGINAL_DIRECT, &kept, 0);
	pkts[1] = original_make(&late.originals, ORIGINAL_DIRECT, &cut, 1);
	late_target_pass(&late, pkts, 2);
	late_target_get(&late, got, 2);
	CHECK(got[0] == pkts[0]);
	CHECK(got[1] != pkts[1]);
	CHECK_EQ(got[1]->nb_segs, 2);
	CHECK(RTE_MBUF_CLONED(got[1]) && got[1]->buf_addr == pkts[1]->buf_addr);
	CHECK_EQ(got[1]->next->data_len, 10);
	CHECK(RTE_MBUF_CLONED(got[1]->next) && got[1]->next->buf_addr == pkts[1]->next->buf_addr);
	packets_free(got, 2);
	packets_check_refcnt(pkts, 2, 1);
	packets_free(pkts, 2);
	late_target_close(&late);
}

/* Where a whole packet would not fit, its beginning does. */
static void
cut_packets_fit_a_target_that_takes_no_chains(void)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_COPY };
	const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct late_target late;
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		param.mode = modes[i];
		param.snaplen = 500;
		param.pool = poison_pool_create("cut", 127, RTE_PKTMBUF_HEADROOM + 500);
		late_target_open(&late, &param, &no_chains);
		originals_make(&late.originals, ORIGINAL_MIXED, pkts);
		bytes_read_all(before, pkts, NB_LAYOUTS);
		late_target_pass(&late, pkts, NB_LAYOUTS);
		CHECK_EQ(stats_of(late.id).packets, NB_LAYOUTS);
		packets_free(pkts, NB_LAYOUTS);
		late_target_get(&late, got, NB_LAYOUTS);
		for (j = 0; j < NB_LAYOUTS; j++) {
			CHECK_EQ(got[j]->nb_segs, 1);
			bytes_check(&before[j], got[j], RTE_MIN(before[j].len, 500u));
		}
		packets_free(got, NB_LAYOUTS);
		late_target_close(&late);
		poison_pool_free(param.pool);
	}
}

/* A burst takes no more mbufs at any time than it needs: a short packet one, a long one another for the rest. */
static void
a_burst_takes_the_mbufs_that_it_needs(void)
{
	static const struct {
		uint32_t snaplen, length, nb_mbufs;
	} cases[] = { { 0, 512, 1 }, { 0, 513, 2 }, { 512, 1500, 1 }, { 513, 1500, 2 },
		{ 2000, 1500, 2 } };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_SPLIT };
	struct rte_mbuf *pkts[64], *got[64];
	struct late_target late;
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(cases); i++) {
		const struct layout layout = { 1, { (uint16_t)cases[i].length } };

		param.snaplen = cases[i].snaplen;
		late_target_open(&late, &param, NULL);
		for (j = 0; j < 64; j++)
			pkts[j] = original_make(&late.originals, ORIGINAL_DIRECT, &layout, j);
		poison_pool_most_used(late.pool);
		late_target_pass(&late, pkts, 64);
		CHECK_EQ(poison_pool_most_used(late.pool), 64 * cases[i].nb_mbufs);
		late_target_get(&late, got, 64);
		packets_free(got, 64);
		packets_free(pkts, 64);
		late_target_close(&late);
	}
}

const struct test_case test_cases[] = {
	{ "share_cuts_packets_and_leaves_the_applications_whole",
			share_cuts_packets_and_leaves_the_applications_whole },
	{ "split_cuts_packets_and_leaves_the_applications_whole",
			split_cuts_packets_and_leaves_the_applications_whole },
	{ "copy_cuts_packets", copy_cuts_packets },
	{ "share_cuts_by_reference", share_cuts_by_reference },
	{ "cut_packets_fit_a_target_that_takes_no_chains",
			cut_packets_fit_a_target_that_takes_no_chains },
	{ "a_burst_takes_the_mbufs_that_it_needs", a_burst_takes_the_mbufs_that_it_needs },
	{ NULL, NULL },
};
