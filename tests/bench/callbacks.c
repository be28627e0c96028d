/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "callbacks.h"
#include "methods.h"

CALLBACK(callback_empty)
{
	(void)port_id;
	(void)queue_id;
	(void)pkts;
	(void)max_pkts;
	(void)user_param;
	return nb_pkts;
}

static void
deliver(struct way *way, struct rte_mbuf **mirrored, uint16_t nb_mirrored, uint16_t nb_pkts)
{
	uint16_t nb = rte_eth_tx_burst(way->target_port, way->target_queue, mirrored, nb_mirrored);

	way->nb_accepted += nb;
	way->nb_refused += nb_pkts - nb;
	while (unlikely(nb < nb_mirrored))
		rte_pktmbuf_free(mirrored[nb++]);
}

CALLBACK(callback_rfc)
{
	struct rte_mbuf *mirrored[BED_MAX_BURST];
	uint16_t i;

	(void)port_id;
	(void)queue_id;
	(void)max_pkts;
	for (i = 0; i < nb_pkts; i++) {
		rte_pktmbuf_refcnt_update(pkts[i], 1);
		mirrored[i] = pkts[i];
	}
	deliver(user_param, mirrored, nb_pkts, nb_pkts);
	return nb_pkts;
}

CALLBACK(callback_clone)
{
	struct rte_mbuf *mirrored[BED_MAX_BURST];
	struct way *way = user_param;
	uint16_t i, nb = 0;

	(void)port_id;
	(void)queue_id;
	(void)max_pkts;
	for (i = 0; i < nb_pkts; i++) {
		mirrored[nb] = rte_pktmbuf_clone(pkts[i], way->pool);
		nb += mirrored[nb] != NULL;
	}
	deliver(way, mirrored, nb, nb_pkts);
	return nb_pkts;
}

static uint16_t
copy_all(const struct way *way, struct rte_mbuf **pkts, uint16_t nb_pkts, struct rte_mbuf **copies)
{
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		copies[nb] = rte_pktmbuf_copy(pkts[i], way->pool, 0, UINT32_MAX);
		nb += copies[nb] != NULL;
	}
	return nb;
}

CALLBACK(callback_pktmbuf_copy)
{
	struct rte_mbuf *copies[BED_MAX_BURST];

	(void)port_id;
	(void)queue_id;
	(void)max_pkts;
	deliver(user_param, copies, copy_all(user_param, pkts, nb_pkts, copies), nb_pkts);
	return nb_pkts;
}

CALLBACK(callback_pdump)
{
	struct rte_mbuf *copies[BED_MAX_BURST];
	struct way *way = user_param;
	uint16_t nb_copies, nb;

	(void)port_id;
	(void)queue_id;
	(void)max_pkts;
	nb_copies = copy_all(way, pkts, nb_pkts, copies);
	/* Its counters are in memory that processes share. */
	__atomic_fetch_add(&way->nb_accepted, nb_copies, __ATOMIC_RELAXED);
	nb = rte_ring_enqueue_burst(way->ring, (void **)copies, nb_copies, NULL);
	way->nb_refused += nb_pkts - nb;
	if (unlikely(nb < nb_copies))
		rte_pktmbuf_free_bulk(copies + nb, nb_copies - nb);
	if (way->reads_itself) {
		nb = rte_ring_dequeue_burst(way->ring, (void **)copies, nb_copies, NULL);
		rte_pktmbuf_free_bulk(copies, nb);
	}
	return nb_pkts;
}
