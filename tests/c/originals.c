/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_mempool.h>

#include "harness.h"
#include "originals.h"
#include "packets.h"
#include "poison.h"

#define NB_DIRECT 255
#define NB_PINNED 127
#define ROOM      RTE_MBUF_DEFAULT_BUF_SIZE
#define SCRIBBLE  0xEE

const struct layout layouts[NB_LAYOUTS] = {
	{ 1, { 14 } },
	{ 1, { 60 } },
	{ 1, { 191 } },
	{ 1, { 192 } },
	{ 1, { 193 } },
	{ 1, { 512 } },
	{ 1, { 513 } },
	{ 1, { 1500 } },
	{ 1, { 2000 } },
	{ 3, { 1500, 1500, 1500 } },
	{ 5, { 1800, 1800, 1800, 1800, 1800 } },
	/* What split copies ends with a segment, or a byte beside its end. */
	{ 2, { 192, 1400 } },
	{ 2, { 191, 1400 } },
	{ 2, { 193, 1400 } },
	{ 3, { 191, 1, 1400 } },
	/* Headers here and there. */
	{ 5, { 14, 20, 20, 138, 1400 } },
	{ 4, { 14, 20, 20, 1400 } },
	{ 12, { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 50, 1500 } },
	{ 3, { 1, 1, 12 } },
	/* Segments with nothing in them. */
	{ 2, { 0, 60 } },
	{ 3, { 0, 0, 1500 } },
	{ 4, { 100, 0, 92, 1400 } },
	{ 4, { 192, 0, 0, 1400 } },
	{ 4, { 60, 1400, 0, 0 } },
	{ 3, { 1400, 1, 0 } },
};

static unsigned int nb_buffers;

void
originals_open(struct originals *originals)
{
	static unsigned int nb_made;
	struct rte_pktmbuf_extmem memory = { .buf_len = NB_PINNED * ROOM, .elt_size = ROOM };
	char name[32];

	snprintf(name, sizeof(name), "direct%u", nb_made);
	originals->direct = poison_pool_create(name, NB_DIRECT, ROOM);
	snprintf(name, sizeof(name), "shells%u", nb_made);
	originals->shells = poison_pool_create(name, NB_DIRECT, 0);
	snprintf(name, sizeof(name), "pinned%u", nb_made++);
	memory.buf_ptr = rte_malloc(NULL, memory.buf_len, RTE_CACHE_LINE_SIZE);
	CHECK(memory.buf_ptr != NULL);
	memory.buf_iova = rte_malloc_virt2iova(memory.buf_ptr);
	originals->pinned_memory = memory.buf_ptr;
	originals->pinned = rte_pktmbuf_pool_create_extbuf(
			name, NB_PINNED, 0, 0, ROOM, 0, &memory, 1);
	CHECK(originals->pinned != NULL);
}

void
originals_check_whole(const struct originals *originals)
{
	CHECK_EQ(rte_mempool_in_use_count(originals->direct), 0);
	CHECK_EQ(rte_mempool_in_use_count(originals->shells), 0);
	CHECK_EQ(rte_mempool_in_use_count(originals->pinned), 0);
	CHECK_EQ(nb_buffers, 0);
}

void
originals_close(struct originals *originals)
{
	originals_check_whole(originals);
	poison_pool_free(originals->direct);
	poison_pool_free(originals->shells);
	rte_mempool_free(originals->pinned);
	rte_free(originals->pinned_memory);
}

static void
scribble(struct rte_mempool *pool)
{
	struct rte_mbuf *mbufs[NB_DIRECT];
	unsigned int i, nb = 0;

	while (nb < RTE_DIM(mbufs) && (mbufs[nb] = rte_pktmbuf_alloc(pool)) != NULL)
		nb++;
	for (i = 0; i < nb; i++)
		memset(mbufs[i]->buf_addr, SCRIBBLE, mbufs[i]->buf_len);
	for (i = 0; i < nb; i++)
		rte_pktmbuf_free(mbufs[i]);
}

void
originals_scribble(const struct originals *originals)
{
	scribble(originals->direct);
	scribble(originals->pinned);
}

static void
buffer_free(void *buffer, void *arg)
{
	(void)arg;
	memset(buffer, SCRIBBLE, ROOM);
	free(buffer);
	nb_buffers--;
}

static struct rte_mbuf *
external_make(struct rte_mempool *shells)
{
	struct rte_mbuf *shell = rte_pktmbuf_alloc(shells);
	struct rte_mbuf_ext_shared_info *shared;
	uint16_t len = ROOM + sizeof(*shared) + 8;
	void *buffer = malloc(len);

	CHECK(shell != NULL && buffer != NULL);
	shared = rte_pktmbuf_ext_shinfo_init_helper(buffer, &len, buffer_free, NULL);
	CHECK(shared != NULL);
	rte_pktmbuf_attach_extbuf(shell, buffer, (rte_iova_t)(uintptr_t)buffer, len, shared);
	shell->data_off = RTE_PKTMBUF_HEADROOM;
	nb_buffers++;
	return shell;
}

static struct rte_mbuf *
segment_make(const struct originals *originals, enum original_kind kind, uint16_t len)
{
	const bool is_indirect = kind == ORIGINAL_INDIRECT || kind == ORIGINAL_INDIRECT_EXTERNAL;
	struct rte_mbuf *segment, *clone;

	if (kind == ORIGINAL_EXTERNAL || kind == ORIGINAL_INDIRECT_EXTERNAL)
		segment = external_make(originals->shells);
	else
		segment = rte_pktmbuf_alloc(
				kind == ORIGINAL_PINNED ? originals->pinned : originals->direct);
	CHECK(segment != NULL);
	CHECK(rte_pktmbuf_append(segment, len) != NULL);
	if (!is_indirect)
		return segment;
	clone = rte_pktmbuf_clone(segment, originals->shells);
	CHECK(clone != NULL);
	rte_pktmbuf_free(segment);
	return clone;
}

static void
fill(struct rte_mbuf *pkt, uint32_t seed)
{
	uint32_t offset;
	uint8_t byte;

	for (offset = 0; offset < pkt->pkt_len; offset++) {
		byte = (uint8_t)(seed * 31 + offset * 7 + offset / 256 * 13);
		packet_write(pkt, offset, &byte, 1);
	}
}

struct rte_mbuf *
original_make(const struct originals *originals, enum original_kind kind,
		const struct layout *layout, uint32_t seed)
{
	struct rte_mbuf *head = NULL, *segment;
	enum original_kind its_kind = kind;
	uint16_t i;

	for (i = 0; i < layout->nb_segs; i++) {
		if (kind == ORIGINAL_MIXED)
			its_kind = (enum original_kind)((i + seed) % ORIGINAL_MIXED);
		segment = segment_make(originals, its_kind, layout->lens[i]);
		if (head == NULL)
			head = segment;
		else
			CHECK_EQ(rte_pktmbuf_chain(head, segment), 0);
		/* As drivers leave them. */
		segment->ol_flags |= RTE_MBUF_F_RX_RSS_HASH | RTE_MBUF_F_RX_IP_CKSUM_GOOD;
	}
	head->port = (uint16_t)(100 + seed);
	fill(head, seed);
	return head;
}

void
originals_make(const struct originals *originals, enum original_kind kind,
		struct rte_mbuf *pkts[NB_LAYOUTS])
{
	uint32_t i;

	for (i = 0; i < NB_LAYOUTS; i++)
		pkts[i] = original_make(originals, kind, &layouts[i], i);
}
