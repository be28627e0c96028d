/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What the application does to packets that a target reads later, in the modes with mbufs of their own. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edits.h"
#include "late_target.h"

/* Too big for a stack. */
static struct bytes before[NB_LAYOUTS];

/* Whether these are the library's mbufs, not the application's, and tell of the packet what they should. */
static void
check_own(struct rte_mbuf *const *got, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	const uint64_t refers = RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	const struct rte_mbuf *seg;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		CHECK(got[i] != pkts[i]);
		CHECK_EQ(got[i]->port, pkts[i]->port);
		CHECK_EQ(rte_mbuf_refcnt_read(got[i]), 1);
		for (seg = got[i]; seg != NULL; seg = seg->next)
			CHECK(seg->data_len > 0 && (seg->ol_flags & ~refers) == 0);
	}
}

/* How many of the packets an edit was made to. */
static unsigned int
apply(const struct edit *edit, const struct originals *originals, struct rte_mbuf **pkts)
{
	unsigned int i, nb = 0;

	for (i = 0; i < NB_LAYOUTS; i++)
		nb += edit->apply(originals, &pkts[i]);
	return nb;
}

static void
free_all(struct rte_mbuf **pkts)
{
	unsigned int i;

	for (i = 0; i < NB_LAYOUTS; i++)
		rte_pktmbuf_free(pkts[i]);
}

/* The target reads once after the edit, and again when the application has freed all and its memory is used anew. */
static void
check_does_not_show(struct late_target *late, enum original_kind kind, const struct edit *edit)
{
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];

	originals_make(&late->originals, kind, pkts);
	bytes_read_all(before, pkts, NB_LAYOUTS);
	late_target_pass(late, pkts, NB_LAYOUTS);
	late_target_get(late, got, NB_LAYOUTS);
	check_own(got, pkts, NB_LAYOUTS);
	CHECK(apply(edit, &late->originals, pkts) > 0);
	bytes_check_all(before, got, NB_LAYOUTS);
	free_all(pkts);
	originals_scribble(&late->originals);
	bytes_check_all(before, got, NB_LAYOUTS);
	packets_free(got, NB_LAYOUTS);
	late_target_check_whole(late);
}

static void
check_edits_do_not_show(enum rte_mirror_mode mode, uint32_t directions, const struct edit *edits)
{
	const struct rte_mirror_param param = { .mode = mode, .directions = directions };
	const struct edit *edit;
	struct late_target late;
	unsigned int kind;

	late_target_open(&late, &param, NULL);
	CHECK_EQ(info_of(late.id).mode, mode);
	for (edit = edits; edit->name != NULL; edit++) {
		for (kind = 0; kind < ORIGINAL_KINDS; kind++)
			check_does_not_show(&late, (enum original_kind)kind, edit);
	}
	CHECK_EQ(stats_of(late.id).packets, stats_of(late.id).seen);
	late_target_close(&late);
}

static void
split_shows_no_edit_of_headers_or_fields(void)
{
	check_edits_do_not_show(RTE_MIRROR_SPLIT, RTE_MIRROR_RX, header_edits);
	check_edits_do_not_show(RTE_MIRROR_SPLIT, RTE_MIRROR_TX, header_edits);
}

static void
copy_shows_no_edit_at_all(void)
{
	check_edits_do_not_show(RTE_MIRROR_COPY, RTE_MIRROR_RX, header_edits);
	check_edits_do_not_show(RTE_MIRROR_COPY, RTE_MIRROR_RX, payload_edits);
	check_edits_do_not_show(RTE_MIRROR_COPY, RTE_MIRROR_TX, payload_edits);
}

/* A net_ring target that takes chains: auto is split there. */
static void
auto_shows_no_edit_of_headers_where_the_target_reads_late(void)
{
	const struct rte_mirror_param param = { .mode = RTE_MIRROR_AUTO,
		.directions = RTE_MIRROR_RX };
	struct rte_mirror_info info;
	struct late_target late;

	late_target_open(&late, &param, NULL);
	info = info_of(late.id);
	CHECK_EQ(info.mode, RTE_MIRROR_SPLIT);
	CHECK_EQ(info.split_len, RTE_MIRROR_SPLIT_LEN);
	CHECK(strstr(info.mode_reason, "net_ring") != NULL);
	check_does_not_show(&late, ORIGINAL_MIXED, header_edits);
	late_target_close(&late);
}

/* A packet of 5 times 1800 bytes: what of it the target sees change when each byte is inverted. */
static uint32_t
first_byte_to_change(struct late_target *late, enum original_kind kind)
{
	const struct layout layout = { 5, { 1800, 1800, 1800, 1800, 1800 } };
	struct rte_mbuf *pkt = original_make(&late->originals, kind, &layout, 3), *got;
	static struct bytes now;
	uint32_t i, first;

	bytes_read(before, pkt);
	late_target_pass(late, &pkt, 1);
	late_target_get(late, &got, 1);
	bytes_check(before, got, 9000);
	CHECK(payload_edits[2].apply(&late->originals, &pkt));
	bytes_read(&now, got);
	for (first = 0; first < now.len && now.data[first] == before->data[first]; first++)
		;
	for (i = first; i < now.len; i++)
		CHECK_EQ(now.data[i], before->data[i] ^ 0xff);
	rte_pktmbuf_free(pkt);
	rte_pktmbuf_free(got);
	return first;
}

/* Where each mode ends to protect from what is written, whatever split_len is and however segments are cut. */
static void
split_protects_as_many_bytes_as_it_copies(void)
{
	static const uint32_t lens[] = { 0, 14, 15, 64, 192, 193, 500, 1799, 1800, 1801, 2000 };
	struct rte_mirror_param param = { .mode = RTE_MIRROR_SPLIT, .directions = RTE_MIRROR_RX };
	struct late_target late;
	unsigned int i, kind;
	uint32_t expected;

	for (i = 0; i < RTE_DIM(lens); i++) {
		param.split_len = lens[i];
		expected = lens[i] != 0 ? lens[i] : RTE_MIRROR_SPLIT_LEN;
		late_target_open(&late, &param, NULL);
		CHECK_EQ(info_of(late.id).split_len, expected);
		for (kind = 0; kind < ORIGINAL_KINDS; kind++)
			CHECK_EQ(first_byte_to_change(&late, (enum original_kind)kind), expected);
		late_target_close(&late);
	}
}

/* It is as much as split would copy, or less. */
static void
what_is_not_longer_than_split_len_is_copied_whole(void)
{
	const struct rte_mirror_param param = {
		.mode = RTE_MIRROR_SPLIT, .directions = RTE_MIRROR_RX, .split_len = 1000
	};
	const struct layout shapes[] = { { 1, { 600 } }, { 1, { 1000 } }, { 2, { 500, 500 } },
		{ 1, { 1001 } }, { 2, { 500, 501 } } };
	struct rte_mbuf *pkt, *got;
	struct late_target late;
	unsigned int i;

	late_target_open(&late, &param, NULL);
	for (i = 0; i < RTE_DIM(shapes); i++) {
		pkt = original_make(&late.originals, ORIGINAL_DIRECT, &shapes[i], 1);
		bytes_read(before, pkt);
		late_target_pass(&late, &pkt, 1);
		late_target_get(&late, &got, 1);
		bytes_check(before, got, before->len);
		CHECK_EQ(got->nb_segs, before->len > param.split_len ? 2 : 1);
		rte_pktmbuf_free(pkt);
		rte_pktmbuf_free(got);
	}
	late_target_close(&late);
}

/* What the header says split does not protect from, and copy does. */
static void
split_shows_edits_behind_the_headers(void)
{
	const struct rte_mirror_param param = { .mode = RTE_MIRROR_SPLIT,
		.directions = RTE_MIRROR_RX };
	const struct layout layout = { 1, { 2000 } };
	static struct bytes after;
	const struct edit *edit;
	struct rte_mbuf *pkt, *got;
	struct late_target late;

	late_target_open(&late, &param, NULL);
	for (edit = payload_edits; edit->name != NULL; edit++) {
		pkt = original_make(&late.originals, ORIGINAL_DIRECT, &layout, 1);
		bytes_read(before, pkt);
		late_target_pass(&late, &pkt, 1);
		late_target_get(&late, &got, 1);
		CHECK(edit->apply(&late.originals, &pkt));
		bytes_read(&after, pkt);
		CHECK_EQ(after.len, before->len);
		/* The headers are as they were, the rest is as the application's now. */
		memcpy(after.data, before->data, RTE_MIRROR_SPLIT_LEN);
		CHECK(memcmp(after.data, before->data, after.len) != 0);
		bytes_check(&after, got, after.len);
		rte_pktmbuf_free(pkt);
		rte_pktmbuf_free(got);
	}
	late_target_close(&late);
}

/* No more than the headers of a long packet is copied: the rest stays where it is. */
static void
split_refers_to_what_is_behind_the_headers(void)
{
	const struct rte_mirror_param param = { .mode = RTE_MIRROR_SPLIT,
		.directions = RTE_MIRROR_RX };
	const struct layout layout = { 3, { 1500, 1500, 1500 } };
	struct rte_mbuf *pkt, *got, *seg, *its;
	struct late_target late;

	late_target_open(&late, &param, NULL);
	pkt = original_make(&late.originals, ORIGINAL_DIRECT, &layout, 1);
	late_target_pass(&late, &pkt, 1);
	packets_check_refcnt(&pkt, 1, 2);
	late_target_get(&late, &got, 1);
	CHECK_EQ(got->nb_segs, 4);
	CHECK(RTE_MBUF_DIRECT(got));
	CHECK_EQ(got->data_len, RTE_MIRROR_SPLIT_LEN);
	for (seg = got->next, its = pkt; seg != NULL; seg = seg->next, its = its->next) {
		CHECK(RTE_MBUF_CLONED(seg));
		CHECK(seg->pool == late.pool);
		CHECK(seg->buf_addr == its->buf_addr);
	}
	rte_pktmbuf_free(got);
	packets_check_refcnt(&pkt, 1, 1);
	rte_pktmbuf_free(pkt);
	late_target_close(&late);
}

const struct test_case test_cases[] = {
	{ "split_shows_no_edit_of_headers_or_fields", split_shows_no_edit_of_headers_or_fields },
	{ "copy_shows_no_edit_at_all", copy_shows_no_edit_at_all },
	{ "auto_shows_no_edit_of_headers_where_the_target_reads_late",
			auto_shows_no_edit_of_headers_where_the_target_reads_late },
	{ "split_protects_as_many_bytes_as_it_copies", split_protects_as_many_bytes_as_it_copies },
	{ "what_is_not_longer_than_split_len_is_copied_whole",
			what_is_not_longer_than_split_len_is_copied_whole },
	{ "split_shows_edits_behind_the_headers", split_shows_edits_behind_the_headers },
	{ "split_refers_to_what_is_behind_the_headers",
			split_refers_to_what_is_behind_the_headers },
	{ NULL, NULL },
};
