/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets to which there are so many references that one more, or a few, would wrap their counts. */

#include <string.h>

#include "testbed.h"

#define MOST    60000
#define SEG_LEN 300

/* A packet whose data is counted somewhere: there, as many references are said to be held as a case wants. */
struct counted {
	struct rte_mbuf *pkt;
	uint16_t *count;
	struct rte_mbuf_ext_shared_info shared;
	uint8_t data[3 * SEG_LEN];
};

enum kind { FIRST, LAST, INDIRECT, EXTERNAL, NB_KINDS };

static void
keep(void *data, void *arg)
{
	(void)data;
	(void)arg;
}

/* Where a packet of three segments, or of one that is elsewhere, is counted. */
static void
counted_make(struct counted *counted, enum kind kind, struct rte_mempool *pool)
{
	struct rte_mbuf *whole;

	if (kind == EXTERNAL) {
		counted->pkt = rte_pktmbuf_alloc(pool);
		counted->shared = (struct rte_mbuf_ext_shared_info){ .free_cb = keep };
		rte_mbuf_ext_refcnt_set(&counted->shared, 1);
		memset(counted->data, 7, sizeof(counted->data));
		rte_pktmbuf_attach_extbuf(counted->pkt, counted->data, RTE_BAD_IOVA,
				sizeof(counted->data), &counted->shared);
		CHECK(rte_pktmbuf_append(counted->pkt, sizeof(counted->data)) != NULL);
		counted->count = (uint16_t *)&counted->shared.refcnt;
		return;
	}
	whole = packet_make(pool, 3, SEG_LEN, kind);
	counted->pkt = whole;
	counted->count = (uint16_t *)&(kind == LAST ? whole->next->next : whole)->refcnt;
	if (kind == INDIRECT) {
		counted->pkt = rte_pktmbuf_clone(whole, pool);
		rte_pktmbuf_free(whole);
	}
}

/* Whether any of a packet's data is the original's. */
static bool
refers(const struct rte_mbuf *pkt)
{
	for (; pkt != NULL; pkt = pkt->next) {
		if (!RTE_MBUF_DIRECT(pkt))
			return true;
	}
	return false;
}

/* The original when it was sent, and what came of it. */
static void
check(const struct rte_mirror_param *param, enum kind kind, bool is_full)
{
	static struct counted counted;
	const bool shares = param->mode == RTE_MIRROR_SHARE && param->snaplen == 0;
	/* Shared is the mbuf that refers, and that is counted by itself. */
	const bool is_copied = is_full && !(shares && kind >= INDIRECT);
	struct rte_mirror_param mirror = *param;
	struct rte_mbuf *pkt, *got;
	static struct bytes bytes;
	struct testbed testbed;
	uint16_t before;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	mirror.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &mirror);
	counted_make(&counted, kind, testbed.pool);
	before = *counted.count;
	*counted.count = is_full ? MOST : MOST - 1;
	pkt = counted.pkt;
	bytes_read(&bytes, pkt);
	testbed_receive(&testbed, 0, &pkt, 1);
	if (is_full)
		CHECK_EQ(*counted.count, MOST);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	bytes_check(&bytes, got, param->snaplen != 0 ? param->snaplen : bytes.len);
	if (shares)
		CHECK_EQ(got == pkt, !is_copied);
	else if (param->mode != RTE_MIRROR_COPY)
		CHECK_EQ(refers(got), !is_copied);
	rte_pktmbuf_free(got);
	CHECK_EQ(*counted.count, is_full ? MOST : MOST - 1);
	CHECK_EQ(stats_of(id).packets, 1);
	*counted.count = before;
	rte_pktmbuf_free(pkt);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
what_has_very_many_references_is_copied(void)
{
	static const struct rte_mirror_param params[] = {
		{ .mode = RTE_MIRROR_SHARE },
		{ .mode = RTE_MIRROR_SHARE, .snaplen = 3 * SEG_LEN - 1 },
		{ .mode = RTE_MIRROR_SPLIT },
		{ .mode = RTE_MIRROR_SPLIT, .split_len = 14, .snaplen = 3 * SEG_LEN - 1 },
		{ .mode = RTE_MIRROR_COPY },
	};
	struct rte_mirror_param param;
	unsigned int i;

	for (i = 0; i < RTE_DIM(params) * NB_KINDS * 2; i++) {
		param = params[i / 2 / NB_KINDS];
		param.directions = RTE_MIRROR_RX;
		check(&param, i / 2 % NB_KINDS, i % 2);
	}
}

/* Packets of one segment are looked at in a shorter way; and mirrors that share together, and have no mbufs for it. */
static void
what_cannot_be_copied_is_counted(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[3], *got[3], *taken;
	struct testbed testbed;
	uint32_t ids[2];
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	param.pool = rte_pktmbuf_pool_create("small", 1, 0, 0, PACKET_DATA_ROOM, SOCKET_ID_ANY);
	CHECK(param.pool != NULL);
	param.target_port = testbed.target.id;
	ids[0] = mirror_with(testbed.source.id, &param);
	param.target_port = testbed.target2.id;
	ids[1] = mirror_with(testbed.source.id, &param);
	taken = rte_pktmbuf_alloc(param.pool);
	CHECK(taken != NULL);
	packets_make(testbed.pool, pkts, 3, 1, SEG_LEN);
	rte_mbuf_refcnt_set(pkts[1], UINT16_MAX);
	testbed_receive(&testbed, 0, pkts, 3);
	CHECK_EQ(rte_mbuf_refcnt_read(pkts[1]), UINT16_MAX);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(stats_of(ids[i]).packets, 2);
		CHECK_EQ(stats_of(ids[i]).nombuf, 1);
	}
	CHECK_EQ(ring_get(testbed.target.tx[0], got, 3), 2);
	CHECK(got[0] == pkts[0] && got[1] == pkts[2]);
	packets_free(got, 2);
	CHECK_EQ(ring_get(testbed.target2.tx[0], got, 3), 2);
	packets_free(got, 2);
	rte_mbuf_refcnt_set(pkts[1], 1);
	packets_free(pkts, 3);
	rte_pktmbuf_free(taken);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	rte_mempool_free(param.pool);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "what_has_very_many_references_is_copied", what_has_very_many_references_is_copied },
	{ "what_cannot_be_copied_is_counted", what_cannot_be_copied_is_counted },
	{ NULL, NULL },
};
