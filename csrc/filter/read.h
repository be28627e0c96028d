/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FILTER_READ_H
#define MIRROR_FILTER_READ_H

/**
 * @file
 * Reading a packet whose bytes lie in any number of segments, and whose lengths may contradict one another.
 *
 * The segments tell what there is to read: pkt_len, which a driver or an application may have got wrong, leads nowhere.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_mbuf.h>

/** mirror_read() beyond the first segment. */
const void *mirror_read_segments(
		const struct rte_mbuf *pkt, uint32_t offset, uint32_t length, void *buffer);

/**
 * Bytes of a packet, in place where one segment has all of them, else gathered in the buffer.
 *
 * @return
 *   NULL: the segments end before.
 */
static inline const void *
mirror_read(const struct rte_mbuf *pkt, uint32_t offset, uint32_t length, void *buffer)
{
	if (likely((uint64_t)offset + length <= pkt->data_len))
		return (const uint8_t *)pkt->buf_addr + pkt->data_off + offset;
	return mirror_read_segments(pkt, offset, length, buffer);
}

/** Whether a packet has the segments that it says, and these the bytes. */
bool mirror_is_whole(const struct rte_mbuf *pkt);

/**
 * Copies a packet's first bytes and makes a view of the others.
 *
 * @param[out] rest
 *   A segment that begins behind what was copied, to be read and nothing else. Its nb_segs counts it and those behind it.
 * @return
 *   How many were copied: fewer than asked for if the segments end before.
 */
uint32_t mirror_read_head(const struct rte_mbuf *pkt, uint32_t length, uint8_t *buffer,
		struct rte_mbuf *rest);

#endif /* MIRROR_FILTER_READ_H */
