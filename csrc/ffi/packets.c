/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>

#include "frames.h"
#include "packets.h"

/* Where data is. */
#define WHERE (RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL)

struct ffi_packets {
	uint16_t count;
	struct rte_mbuf *pkts[];
};

/* A driver may give buffers back on a thread of its own. */
static int64_t nb_external;

static void
free_external(void *buffer, void *arg)
{
	(void)arg;
	__atomic_fetch_sub(&nb_external, 1, __ATOMIC_RELAXED);
	rte_free(buffer);
}

static struct ffi_packets *
packets_alloc(uint32_t room)
{
	return calloc(1, sizeof(struct ffi_packets) + room * sizeof(struct rte_mbuf *));
}

/* Has a packet's data be in memory of no pool. */
static int
make_external(struct rte_mbuf *pkt)
{
	const uint16_t length = pkt->data_len;
	struct rte_mbuf_ext_shared_info *shared;
	/* Behind the data comes what counts references. */
	uint16_t size = RTE_ALIGN_CEIL(length, sizeof(uintptr_t)) + sizeof(*shared);
	uint8_t *buffer;

	if (pkt->nb_segs != 1)
		return -ENOTSUP;
	buffer = rte_malloc(NULL, size, 0);
	if (buffer == NULL)
		return -ENOMEM;
	memcpy(buffer, rte_pktmbuf_mtod(pkt, const void *), length);
	shared = rte_pktmbuf_ext_shinfo_init_helper(buffer, &size, free_external, NULL);
	rte_pktmbuf_attach_extbuf(pkt, buffer, rte_malloc_virt2iova(buffer), size, shared);
	pkt->data_off = 0;
	pkt->data_len = length;
	__atomic_fetch_add(&nb_external, 1, __ATOMIC_RELAXED);
	return 0;
}

static int
make_indirect(struct rte_mbuf **pkt, struct rte_mempool *pool)
{
	struct rte_mbuf *indirect = rte_pktmbuf_clone(*pkt, pool);

	if (indirect == NULL)
		return -ENOMEM;
	rte_pktmbuf_free(*pkt);
	*pkt = indirect;
	return 0;
}

int
ffi_packets_make(const struct ffi_burst_target *target, enum ffi_packets_form form,
		const struct ffi_frames *frames, struct ffi_packets **packets)
{
	struct ffi_packets *made;
	uint16_t i;
	int rc;

	if (frames->count > UINT16_MAX)
		return -ERANGE;
	made = packets_alloc(frames->count);
	if (made == NULL)
		return -ENOMEM;
	rc = ffi_frames_to_packets(target, frames, made->pkts);
	if (rc == 0)
		made->count = frames->count;
	for (i = 0; i < made->count && rc == 0; i++) {
		if (form == FFI_PACKETS_INDIRECT)
			rc = make_indirect(&made->pkts[i], target->pool);
		else if (form == FFI_PACKETS_EXTERNAL)
			rc = make_external(made->pkts[i]);
	}
	if (rc == 0)
		*packets = made;
	else
		ffi_packets_close(made);
	return rc;
}

int
ffi_packets_receive(
		uint16_t port_id, uint16_t queue_id, uint16_t limit, struct ffi_packets **packets)
{
	struct ffi_packets *made = packets_alloc(limit);

	if (made == NULL)
		return -ENOMEM;
	made->count = rte_eth_rx_burst(port_id, queue_id, made->pkts, limit);
	*packets = made;
	return 0;
}

uint16_t
ffi_packets_prepare(struct ffi_packets *packets, uint16_t port_id, uint16_t queue_id)
{
	return rte_eth_tx_prepare(port_id, queue_id, packets->pkts, packets->count);
}

static void
add_references(struct rte_mbuf *const *pkts, uint16_t nb, int16_t references)
{
	struct rte_mbuf *seg;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		for (seg = pkts[i]; seg != NULL; seg = seg->next)
			rte_mbuf_refcnt_update(seg, references);
	}
}

uint16_t
ffi_packets_send(struct ffi_packets *packets, uint16_t port_id, uint16_t queue_id, bool share)
{
	struct rte_mbuf **burst;
	uint16_t sent;

	if (!share) {
		sent = rte_eth_tx_burst(port_id, queue_id, packets->pkts, packets->count);
		packets->count -= sent;
		memmove(packets->pkts, packets->pkts + sent,
				packets->count * sizeof(*packets->pkts));
		return sent;
	}
	/* Drivers may write to the array that they get. */
	burst = calloc(packets->count + 1, sizeof(*burst));
	if (burst == NULL)
		return 0;
	memcpy(burst, packets->pkts, packets->count * sizeof(*burst));
	add_references(burst, packets->count, 1);
	sent = rte_eth_tx_burst(port_id, queue_id, burst, packets->count);
	add_references(burst + sent, packets->count - sent, -1);
	free(burst);
	return sent;
}

uint16_t
ffi_packets_count(const struct ffi_packets *packets)
{
	return packets->count;
}

void
ffi_packets_look(const struct ffi_packets *packets, struct ffi_packet *infos)
{
	const struct rte_mbuf *seg;
	uint16_t i;

	for (i = 0; i < packets->count; i++) {
		infos[i] = (struct ffi_packet){
			.length = packets->pkts[i]->pkt_len,
			.segments = packets->pkts[i]->nb_segs,
			.ol_flags = packets->pkts[i]->ol_flags & ~WHERE,
			.tx_offload = packets->pkts[i]->tx_offload,
			.vlan_tci = packets->pkts[i]->vlan_tci,
		};
		for (seg = packets->pkts[i]; seg != NULL; seg = seg->next)
			infos[i].references = RTE_MAX(
					infos[i].references, rte_mbuf_refcnt_read(seg));
	}
}

void
ffi_packets_overwrite(struct ffi_packets *packets, uint8_t byte)
{
	struct rte_mbuf *seg;
	uint16_t i;

	for (i = 0; i < packets->count; i++) {
		for (seg = packets->pkts[i]; seg != NULL; seg = seg->next)
			memset(rte_pktmbuf_mtod(seg, void *), byte, seg->data_len);
	}
}

int
ffi_packets_frames(const struct ffi_packets *packets, struct ffi_frames *frames)
{
	return ffi_frames_of_packets(packets->pkts, packets->count, frames);
}

void
ffi_packets_close(struct ffi_packets *packets)
{
	rte_pktmbuf_free_bulk(packets->pkts, packets->count);
	free(packets);
}

int64_t
ffi_packets_external(void)
{
	return __atomic_load_n(&nb_external, __ATOMIC_RELAXED);
}
