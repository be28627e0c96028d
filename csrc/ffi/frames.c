/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "frames.h"

/* How many bytes go into a segment. */
static uint32_t
segment_room(const struct ffi_burst_target *target)
{
	const uint32_t room = rte_pktmbuf_data_room_size(target->pool) - RTE_PKTMBUF_HEADROOM;

	return target->seg_len != 0 ? RTE_MIN(room, target->seg_len) : room;
}

/* Checks a frame against what can be sent at all, so that a pool that is merely empty is told apart. */
static int
check_frame(const struct ffi_burst_target *target, uint32_t length)
{
	const uint32_t room = segment_room(target);
	const uint32_t segs = length / room + (length % room != 0);

	if (length == 0)
		return -EINVAL;
	if (segs > target->pool->size || segs > RTE_MBUF_MAX_NB_SEGS)
		return -ERANGE;
	return segs > target->max_segs ? -ENOTSUP : 0;
}

static struct rte_mbuf *
make_packet(const struct ffi_burst_target *target, const uint8_t *data, uint32_t length)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(target->pool), *seg = head;
	uint16_t part;

	if (head == NULL)
		return NULL;
	head->pkt_len = length;
	head->ol_flags |= target->ol_flags;
	head->vlan_tci = target->vlan_tci;
	head->tx_offload = target->tx_offload;
	for (;;) {
		part = RTE_MIN(length, segment_room(target));
		memcpy(rte_pktmbuf_mtod(seg, void *), data, part);
		seg->data_len = part;
		data += part;
		length -= part;
		if (length == 0)
			return head;
		seg->next = rte_pktmbuf_alloc(target->pool);
		if (seg->next == NULL) {
			rte_pktmbuf_free(head);
			return NULL;
		}
		seg = seg->next;
		head->nb_segs++;
	}
}

int
ffi_frames_to_packets(const struct ffi_burst_target *target, const struct ffi_frames *frames,
		struct rte_mbuf **pkts)
{
	const uint8_t *data = frames->data;
	uint32_t i;
	int rc;

	for (i = 0; i < frames->count; i++) {
		rc = check_frame(target, frames->lengths[i]);
		if (rc != 0)
			return rc;
	}
	for (i = 0; i < frames->count; i++) {
		pkts[i] = make_packet(target, data, frames->lengths[i]);
		if (pkts[i] == NULL) {
			rte_pktmbuf_free_bulk(pkts, i);
			return -ENOMEM;
		}
		data += frames->lengths[i];
	}
	return 0;
}

static void
copy_out(const struct rte_mbuf *pkt, uint8_t *data)
{
	for (; pkt != NULL; pkt = pkt->next) {
		memcpy(data, rte_pktmbuf_mtod(pkt, const void *), pkt->data_len);
		data += pkt->data_len;
	}
}

void
ffi_burst_release(struct ffi_frames *frames)
{
	free(frames->data);
	free(frames->lengths);
	*frames = (struct ffi_frames){ 0 };
}

int
ffi_frames_of_packets(struct rte_mbuf *const *pkts, uint16_t nb, struct ffi_frames *frames)
{
	struct ffi_frames made = { .count = nb };
	size_t bytes = 0, at = 0;
	uint16_t i;

	for (i = 0; i < nb; i++)
		bytes += pkts[i]->pkt_len;
	made.data = malloc(bytes + 1); /* never of 0 bytes, which may give NULL */
	made.lengths = calloc(nb + 1, sizeof(*made.lengths));
	if (made.data == NULL || made.lengths == NULL) {
		ffi_burst_release(&made);
		return -ENOMEM;
	}
	for (i = 0; i < nb; i++) {
		copy_out(pkts[i], made.data + at);
		made.lengths[i] = pkts[i]->pkt_len;
		at += pkts[i]->pkt_len;
	}
	*frames = made;
	return 0;
}
