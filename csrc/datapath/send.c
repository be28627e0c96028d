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
give_back(struct rte_mbuf *pkt)
{
	/* The one does not look at next, which is in the second cache line. */
	if (pkt->nb_segs == 1)
		rte_pktmbuf_free_seg(pkt);
	else
		rte_pktmbuf_free(pkt);
}

static uint16_t
transmit(const struct mirror_entry *entry, struct rte_mbuf **taken, uint16_t nb_taken)
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

void
mirror_send(const struct mirror_entry *entry, struct rte_mbuf **taken, uint16_t nb_taken,
		uint64_t bytes)
{
	uint16_t nb, i;

	if (nb_taken == 0)
		return;
	nb = transmit(entry, taken, nb_taken);
	for (i = nb; i < nb_taken; i++) {
		bytes -= taken[i]->pkt_len;
		give_back(taken[i]);
	}
	entry->counters->stats.packets += nb;
	entry->counters->stats.bytes += bytes;
	entry->counters->stats.full += nb_taken - nb;
}
