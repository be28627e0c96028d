/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "packets.h"

struct rte_mbuf *
packet_make(struct rte_mempool *pool, uint16_t nb_segs, uint16_t seg_len, uint32_t seed)
{
	struct rte_mbuf *head = NULL, *seg;
	uint16_t i, offset;
	char *data;

	for (i = 0; i < nb_segs; i++) {
		seg = rte_pktmbuf_alloc(pool);
		CHECK(seg != NULL);
		data = rte_pktmbuf_append(seg, seg_len);
		CHECK(data != NULL);
		for (offset = 0; offset < seg_len; offset++)
			data[offset] = (char)(seed * 31 + i * 7 + offset);
		if (head == NULL)
			head = seg;
		else
			CHECK_EQ(rte_pktmbuf_chain(head, seg), 0);
	}
	return head;
}

void
packets_make(struct rte_mempool *pool, struct rte_mbuf **pkts, uint16_t nb_pkts, uint16_t nb_segs,
		uint16_t seg_len)
{
	uint16_t i;

	for (i = 0; i < nb_pkts; i++)
		pkts[i] = packet_make(pool, nb_segs, seg_len, i);
}

void
packets_free(struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	rte_pktmbuf_free_bulk(pkts, nb_pkts);
}

void
packets_check_refcnt(struct rte_mbuf *const *pkts, uint16_t nb_pkts, uint16_t refcnt)
{
	const struct rte_mbuf *seg;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		for (seg = pkts[i]; seg != NULL; seg = seg->next)
			CHECK_EQ(rte_mbuf_refcnt_read(seg), refcnt);
	}
}

void
packet_write(struct rte_mbuf *pkt, uint32_t offset, const void *data, uint32_t len)
{
	const uint8_t *from = data;
	uint32_t nb;

	for (; len > 0; pkt = pkt->next) {
		CHECK(pkt != NULL);
		if (offset >= pkt->data_len) {
			offset -= pkt->data_len;
			continue;
		}
		nb = RTE_MIN(len, pkt->data_len - offset);
		memcpy(rte_pktmbuf_mtod_offset(pkt, uint8_t *, offset), from, nb);
		from += nb;
		len -= nb;
		offset = 0;
	}
}

void
bytes_read(struct bytes *bytes, const struct rte_mbuf *pkt)
{
	const void *data = rte_pktmbuf_read(pkt, 0, pkt->pkt_len, bytes->data);

	CHECK(pkt->pkt_len <= sizeof(bytes->data));
	CHECK(data != NULL);
	bytes->len = pkt->pkt_len;
	if (data != bytes->data)
		memcpy(bytes->data, data, bytes->len);
}

void
bytes_read_all(struct bytes *bytes, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	uint16_t i;

	for (i = 0; i < nb_pkts; i++)
		bytes_read(&bytes[i], pkts[i]);
}

void
bytes_check(const struct bytes *bytes, const struct rte_mbuf *pkt, uint32_t len)
{
	const struct rte_mbuf *seg;
	struct bytes got;
	const char *why;
	uint32_t sum = 0;

	if (rte_mbuf_check(pkt, 1, &why) != 0)
		test_fail(__FILE__, __LINE__, "%s", why);
	for (seg = pkt; seg != NULL; seg = seg->next)
		sum += seg->data_len;
	CHECK_EQ(sum, pkt->pkt_len);
	CHECK_EQ(pkt->pkt_len, len);
	CHECK(len <= bytes->len);
	bytes_read(&got, pkt);
	CHECK(memcmp(got.data, bytes->data, len) == 0);
}

void
bytes_check_all(const struct bytes *bytes, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	uint16_t i;

	for (i = 0; i < nb_pkts; i++)
		bytes_check(&bytes[i], pkts[i], bytes[i].len);
}

struct seen_segment {
	struct rte_mbuf header;
	uint8_t *data;
};

struct snapshot {
	uint16_t nb_pkts;
	struct rte_mbuf **pkts;
	uint32_t nb_segs;
	struct seen_segment *segs;
};

static void
see(const struct rte_mbuf *seg, struct seen_segment *seen)
{
	seen->data = malloc(seg->buf_len);
	CHECK(seen->data != NULL);
	memcpy(&seen->header, seg, sizeof(seen->header));
	rte_mbuf_refcnt_set(&seen->header, 0);
	/* From 24.11 on net_ring says on rx where a packet came in. */
	seen->header.port = 0;
	memcpy(seen->data, seg->buf_addr, seg->buf_len);
}

struct snapshot *
snapshot_take(struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	const struct rte_mbuf *seg;
	uint32_t nb = 0;
	uint16_t i;

	CHECK(snapshot != NULL);
	snapshot->nb_pkts = nb_pkts;
	snapshot->pkts = calloc(nb_pkts, sizeof(pkts[0]));
	for (i = 0; i < nb_pkts; i++)
		snapshot->nb_segs += pkts[i]->nb_segs;
	snapshot->segs = calloc(snapshot->nb_segs, sizeof(snapshot->segs[0]));
	CHECK(snapshot->pkts != NULL && snapshot->segs != NULL);
	memcpy(snapshot->pkts, pkts, nb_pkts * sizeof(pkts[0]));
	for (i = 0; i < nb_pkts; i++) {
		for (seg = pkts[i]; seg != NULL; seg = seg->next)
			see(seg, &snapshot->segs[nb++]);
	}
	CHECK_EQ(nb, snapshot->nb_segs);
	return snapshot;
}

void
snapshot_check(struct snapshot *snapshot, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	const struct rte_mbuf *seg;
	struct seen_segment now;
	uint32_t nb = 0;
	uint16_t i;

	CHECK_EQ(nb_pkts, snapshot->nb_pkts);
	CHECK(memcmp(pkts, snapshot->pkts, nb_pkts * sizeof(pkts[0])) == 0);
	for (i = 0; i < nb_pkts; i++) {
		for (seg = pkts[i]; seg != NULL; seg = seg->next, nb++) {
			struct seen_segment *before = &snapshot->segs[nb];

			see(seg, &now);
			CHECK(memcmp(&now.header, &before->header, sizeof(now.header)) == 0);
			CHECK(memcmp(now.data, before->data, seg->buf_len) == 0);
			free(now.data);
			free(before->data);
		}
	}
	CHECK_EQ(nb, snapshot->nb_segs);
	free(snapshot->pkts);
	free(snapshot->segs);
	free(snapshot);
}

void
ring_put(struct rte_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	CHECK_EQ(rte_ring_enqueue_bulk(ring, (void *const *)pkts, nb_pkts, NULL), nb_pkts);
}

uint16_t
ring_get(struct rte_ring *ring, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	return (uint16_t)rte_ring_dequeue_burst(ring, (void **)pkts, nb_pkts, NULL);
}

void
ring_check(struct rte_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	struct rte_mbuf *got;
	uint16_t i;

	CHECK_EQ(rte_ring_count(ring), nb_pkts);
	for (i = 0; i < nb_pkts; i++) {
		CHECK_EQ(ring_get(ring, &got, 1), 1);
		CHECK(got == pkts[i]);
		rte_pktmbuf_free(got);
	}
}
