/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "read.h"

/*
 * The next of a packet's segments; NULL: there is none. Both nb_segs and next must say that there is one: next is in the
 * second cache line, which nobody needs of a single segment.
 */
static const struct rte_mbuf *
mirror_next_segment(const struct rte_mbuf *segment, uint16_t *nb_left)
{
	return --*nb_left > 0 ? segment->next : NULL;
}

static const uint8_t *
mirror_bytes_of(const struct rte_mbuf *segment)
{
	return (const uint8_t *)segment->buf_addr + segment->data_off;
}

const void *
mirror_read_segments(const struct rte_mbuf *pkt, uint32_t offset, uint32_t length, void *buffer)
{
	const struct rte_mbuf *segment = pkt;
	uint16_t nb_left = RTE_MAX(pkt->nb_segs, 1);
	uint32_t got = 0, size;
	const uint8_t *from;

	for (; segment != NULL && offset >= segment->data_len;
			segment = mirror_next_segment(segment, &nb_left))
		offset -= segment->data_len;
	for (; segment != NULL; segment = mirror_next_segment(segment, &nb_left)) {
		from = mirror_bytes_of(segment) + offset;
		size = RTE_MIN(segment->data_len - offset, length - got);
		if (size == length)
			return from;
		memcpy((uint8_t *)buffer + got, from, size);
		got += size;
		if (got == length)
			return buffer;
		offset = 0;
	}
	return NULL;
}

bool
mirror_is_whole(const struct rte_mbuf *pkt)
{
	const struct rte_mbuf *segment = pkt;
	uint64_t length = 0;
	uint16_t nb;

	/* No further than it says: what is beyond may be anything, and is not looked at. */
	for (nb = 0; nb < pkt->nb_segs && segment != NULL; nb++) {
		length += segment->data_len;
		segment = segment->next;
	}
	return nb > 0 && nb == pkt->nb_segs && segment == NULL && length >= pkt->pkt_len;
}

uint32_t
mirror_read_head(
		const struct rte_mbuf *pkt, uint32_t length, uint8_t *buffer, struct rte_mbuf *rest)
{
	const struct rte_mbuf *segment = pkt, *next;
	uint16_t nb_left = RTE_MAX(pkt->nb_segs, 1);
	uint32_t got, size;

	for (got = 0;; got += size, segment = next) {
		size = RTE_MIN(segment->data_len, length - got);
		memcpy(buffer + got, mirror_bytes_of(segment), size);
		*rest = (struct rte_mbuf){
			.buf_addr = segment->buf_addr,
			.data_off = segment->data_off + size,
			.data_len = segment->data_len - size,
			.nb_segs = nb_left,
		};
		next = mirror_next_segment(segment, &nb_left);
		if (got + size == length || next == NULL) {
			rest->next = (struct rte_mbuf *)(uintptr_t)next;
			return got + size;
		}
	}
}
