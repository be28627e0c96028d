/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_mbuf.h>

#include "give.h"

/* What a sink has read is freed, and is not held any more. Until that is written the slot in the ring says how much of it there is. */
static void
mirror_drain_free_given(struct drained_ring *ring, const struct mirror_sink_packet *packets,
		struct rte_mbuf **pkts, uint16_t nb)
{
	uint64_t held = 0;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		struct mirror_ring_item *item = mirror_ring_item(&ring->ring, ring->next + i);

		held += item->held;
		*item = (struct mirror_ring_item){
			.tsc = packets[i].position,
			.wire_len = mirror_ring_item_len(item),
		};
	}
	rte_pktmbuf_free_bulk(pkts, nb);
	__atomic_store_n(&ring->ring.released, ring->ring.released + held, __ATOMIC_RELAXED);
	mirror_drain_add(&ring->next, nb);
	mirror_ring_set_freed(&ring->ring, ring->next);
}

int
mirror_drain_give(const struct mirror_drain_target *target, struct drained_ring *ring, uint16_t nb)
{
	struct mirror_sink_packet packets[MIRROR_SINK_BURST];
	struct rte_mbuf *pkts[MIRROR_SINK_BURST];
	uint16_t i;
	int taken;

	for (i = 0; i < nb; i++) {
		const struct mirror_ring_item *item = mirror_ring_item(&ring->ring, ring->next + i);

		pkts[i] = item->pkt;
		packets[i] = (struct mirror_sink_packet){
			.pkt = item->pkt,
			.tsc = item->tsc,
			.wire_len = item->wire_len,
		};
	}
	taken = target->ops->take(target->sink, &ring->origin, packets, nb);
	if (taken > 0)
		mirror_drain_free_given(ring, packets, pkts, (uint16_t)taken);
	return taken;
}

void
mirror_drain_count_lost(struct mirror_drain *drain, struct drained_ring *ring, uint64_t first,
		uint64_t end, uint64_t position)
{
	uint64_t i, nb[2] = { 0 }, bytes[2] = { 0 };

	pthread_mutex_lock(&drain->mutex);
	for (i = first; i < end; i++) {
		const struct mirror_ring_item *item = mirror_ring_item(&ring->ring, i);
		const bool is_early = i < ring->ring.counted_from;

		if (item->tsc <= position)
			continue;
		nb[is_early]++;
		bytes[is_early] += mirror_ring_item_len(item);
	}
	mirror_drain_add(&ring->ring.lost_bytes, bytes[false]);
	mirror_drain_add(&ring->ring.lost_packets, nb[false]);
	mirror_drain_add(&ring->ring.early_bytes, bytes[true]);
	mirror_drain_add(&ring->ring.early_packets, nb[true]);
	pthread_mutex_unlock(&drain->mutex);
}

void
mirror_drain_settle(struct mirror_drain *drain, struct drained_ring *ring)
{
	uint64_t done = ring->ring.head;
	struct mirror_sink_progress progress;

	if (done == ring->next)
		return;
	drain->target.ops->progress(drain->target.sink, &progress);
	while (done < ring->next &&
			mirror_ring_item(&ring->ring, done)->tsc <=
					RTE_MAX(progress.written, progress.lost))
		done++;
	if (progress.written < progress.lost)
		mirror_drain_count_lost(drain, ring, ring->ring.head, done, progress.written);
	mirror_ring_release(&ring->ring, done);
}
