/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <math.h>

#include <rte_cycles.h>

#include "measure.h"
#include "throughput.h"

/* A driver on rx: it fills descriptors from its pool. */
static __rte_always_inline void
receive(const struct forward *forward, struct rte_ring *ring, uint16_t nb_pkts)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];
	uint16_t i;

	ENSURE(rte_pktmbuf_alloc_bulk(forward->pool, pkts, nb_pkts) == 0);
	for (i = 0; i < nb_pkts; i++)
		traffic_receive(pkts + i, &forward->shape);
	rte_ring_sp_enqueue_bulk(ring, (void **)pkts, nb_pkts, NULL);
}

/* A driver on tx: it frees what was sent long ago. */
static __rte_always_inline void
complete(struct rte_ring *ring, uint16_t nb_pkts)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];

	nb_pkts = rte_ring_sc_dequeue_burst(ring, (void **)pkts, nb_pkts, NULL);
	rte_pktmbuf_free_bulk(pkts, nb_pkts);
}

static __rte_noinline void
forward_run(const struct forward *forward, struct flow *flow, uint32_t nb_pkts)
{
	const uint16_t port_id = flow->source->port_id, burst = flow->burst;
	struct rte_mbuf *pkts[BED_MAX_BURST];
	uint32_t done;
	uint16_t nb;

	for (done = 0; done < nb_pkts; done += burst) {
		receive(forward, flow->source->rx[0], burst);
		nb = rte_eth_rx_burst(port_id, 0, pkts, burst);
		traffic_use(pkts, nb);
		rte_eth_tx_burst(port_id, 0, pkts, nb);
		complete(flow->source->tx, burst);
	}
}

void
forward_open(struct forward *forward, struct flow *flow)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];
	unsigned int i;

	for (i = 0; i < BED_DESCRIPTORS; i += BED_MAX_BURST) {
		receive(forward, flow->source->rx[0], BED_MAX_BURST);
		ENSURE(rte_pktmbuf_alloc_bulk(forward->pool, pkts, BED_MAX_BURST) == 0);
		rte_ring_sp_enqueue_bulk(flow->source->tx, (void **)pkts, BED_MAX_BURST, NULL);
	}
}

void
forward_close(struct flow *flow)
{
	while (!rte_ring_empty(flow->source->rx[0]))
		complete(flow->source->rx[0], BED_MAX_BURST);
	while (!rte_ring_empty(flow->source->tx))
		complete(flow->source->tx, BED_MAX_BURST);
}

double
forward_chunk(struct flow *flow, void *arg)
{
	const struct forward *forward = arg;
	uint64_t start, cycles;
	bool was_fast;

	if (flow->later)
		reader_choose(&flow->rings);
	/* Every packet on its way has been there once before. */
	forward_run(forward, flow, 2 * BED_DESCRIPTORS);
	if (flow->later)
		reader_wait();
	was_fast = gate_is_fast();
	start = rte_rdtsc_precise();
	forward_run(forward, flow, forward->nb_pkts);
	cycles = rte_rdtsc_precise() - start;
	was_fast = gate_is_fast() && was_fast;
	if (flow->later)
		reader_wait();
	return was_fast ? (double)cycles / forward->nb_pkts : NAN;
}
