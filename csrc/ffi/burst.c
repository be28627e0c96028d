/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "burst.h"

/* Checks a frame against what can be sent at all, so that a pool that is merely empty is told apart. */
static int
check_frame(const struct ffi_burst_target *target, uint32_t length)
{
	const uint32_t room = rte_pktmbuf_data_room_size(target->pool) - RTE_PKTMBUF_HEADROOM;
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
	for (;;) {
		part = RTE_MIN(length, rte_pktmbuf_tailroom(seg));
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

static int
make_packets(const struct ffi_burst_target *target, const struct ffi_frames *frames,
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

int
ffi_burst_send(const struct ffi_burst_target *target, const struct ffi_frames *frames)
{
	struct rte_mbuf **pkts;
	uint16_t sent;
	int rc;

	if (frames->count > UINT16_MAX)
		return -ERANGE;
	if (frames->count == 0)
		return 0;
	pkts = calloc(frames->count, sizeof(*pkts));
	if (pkts == NULL)
		return -ENOMEM;
	rc = make_packets(target, frames, pkts);
	if (rc == 0) {
		sent = rte_eth_tx_burst(target->port_id, target->queue_id, pkts, frames->count);
		rte_pktmbuf_free_bulk(&pkts[sent], frames->count - sent);
		rc = sent;
	}
	free(pkts);
	return rc;
}

static void
copy_out(const struct rte_mbuf *pkt, uint8_t *data)
{
	for (; pkt != NULL; pkt = pkt->next) {
		memcpy(data, rte_pktmbuf_mtod(pkt, const void *), pkt->data_len);
		data += pkt->data_len;
	}
}

static int
copy_packets(struct rte_mbuf **pkts, uint16_t nb, struct ffi_frames *frames)
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

int
ffi_burst_receive(uint16_t port_id, uint16_t queue_id, uint16_t limit, struct ffi_frames *frames)
{
	struct rte_mbuf **pkts;
	uint16_t nb;
	int rc;

	pkts = calloc(limit + 1, sizeof(*pkts));
	if (pkts == NULL)
		return -ENOMEM;
	nb = rte_eth_rx_burst(port_id, queue_id, pkts, limit);
	rc = copy_packets(pkts, nb, frames);
	rte_pktmbuf_free_bulk(pkts, nb);
	free(pkts);
	return rc;
}

void
ffi_burst_release(struct ffi_frames *frames)
{
	free(frames->data);
	free(frames->lengths);
	*frames = (struct ffi_frames){ 0 };
}
