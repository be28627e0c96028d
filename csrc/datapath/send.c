/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_ethdev.h>

#include "datapath.h"

/*
 * The application's packet loses our reference; the application still has its own. An mbuf of ours is freed with its
 * last reference.
 */
static void
mirror_give_back(struct rte_mbuf *pkt)
{
	/* The one does not look at next, which is in the second cache line. */
	if (pkt->nb_segs == 1)
		rte_pktmbuf_free_seg(pkt);
	else
		rte_pktmbuf_free(pkt);
}

static uint16_t
mirror_transmit(const struct mirror_entry *entry, struct rte_mbuf **taken, uint16_t nb_taken)
{
	uint16_t nb;

	/* The port id may already be another device's, which never asked for these packets. */
	if (mirror_is_gone(entry->target_port, entry->target_epoch))
		return 0;
	if (entry->queue_lock == NULL)
		return rte_eth_tx_burst(entry->target_port, entry->target_queue, taken, nb_taken);
	if (!mirror_lock(entry, entry->queue_lock))
		return 0;
	nb = rte_eth_tx_burst(entry->target_port, entry->target_queue, taken, nb_taken);
	rte_spinlock_unlock(entry->queue_lock);
	return nb;
}

/* Gives back what the target has refused: how many bytes that are. */
static __rte_noinline uint64_t
mirror_give_back_all(struct rte_mbuf **refused, uint16_t nb_refused)
{
	uint64_t bytes = 0;
	uint16_t i;

	for (i = 0; i < nb_refused; i++) {
		bytes += refused[i]->pkt_len;
		mirror_give_back(refused[i]);
	}
	return bytes;
}

void
mirror_send(const struct mirror_entry *entry, struct rte_mbuf **taken, uint16_t nb_taken,
		struct mirror_visit *visit, uint64_t bytes)
{
	struct rte_mirror_stats *stats = &entry->counters->stats;
	uint16_t nb;

	if (nb_taken == 0)
		return;
	if (entry->ring != NULL) {
		/* First, so that none is lost that has not been counted. */
		stats->packets += nb_taken;
		stats->bytes += bytes;
		mirror_ring_put(entry->ring, taken, nb_taken, entry->pool, mirror_visit_tsc(visit));
		return;
	}
	nb = mirror_transmit(entry, taken, nb_taken);
	if (unlikely(nb < nb_taken)) {
		bytes -= mirror_give_back_all(taken + nb, nb_taken - nb);
		stats->full += nb_taken - nb;
	}
	stats->packets += nb;
	stats->bytes += bytes;
}
