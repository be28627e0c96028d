/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <math.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "cost.h"
#include "measure.h"

static __rte_always_inline void
refer(struct rte_mbuf *pkt)
{
	uint16_t left = pkt->nb_segs;

	for (rte_mbuf_refcnt_update(pkt, 1); --left > 0; rte_mbuf_refcnt_update(pkt, 1))
		pkt = pkt->next;
}

/* The least that a mirror has to do: neither callback nor port, and nothing counted. */
static __rte_always_inline void
floor_run(struct flow *flow, const enum floor floor, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t i;

	if (floor == FLOOR_NONE)
		return;
	for (i = 0; i < nb_pkts; i++) {
		refer(pkts[i]);
		if (floor == FLOOR_FREED_AT_ONCE_COLD)
			rte_prefetch0(&pkts[i]->next);
	}
	if (floor == FLOOR_FREED_LATER) {
		flow->ways[0].nb_refused += nb_pkts -
				rte_ring_sp_enqueue_burst(
						flow->ways[0].ring, (void **)pkts, nb_pkts, NULL);
		return;
	}
	for (i = 0; i < nb_pkts; i++)
		rte_pktmbuf_free(pkts[i]);
}

static __rte_always_inline void
run(struct flow *flow, struct traffic *traffic, uint32_t nb_pkts, const enum floor floor)
{
	const uint16_t burst = flow->burst, port_id = flow->source->port_id;
	struct rte_mbuf *pkts[BED_MAX_BURST];
	uint32_t done;
	uint16_t nb;

	for (done = 0; done < nb_pkts; done += burst) {
		traffic_arrive(traffic, flow->source->rx[flow->queue], burst);
		nb = rte_eth_rx_burst(port_id, flow->queue, pkts, burst);
		floor_run(flow, floor, pkts, nb);
		traffic_use(pkts, nb);
		flow->queue = flow->queue + 1 == flow->nb_queues ? 0 : flow->queue + 1;
	}
}

/* Each floor has a loop of its own, as an application's would be. */
static __rte_noinline void
lap(struct flow *flow, struct traffic *traffic, uint32_t nb_pkts)
{
	switch (flow->floor) {
	case FLOOR_NONE:
		run(flow, traffic, nb_pkts, FLOOR_NONE);
		break;
	case FLOOR_FREED_AT_ONCE:
		run(flow, traffic, nb_pkts, FLOOR_FREED_AT_ONCE);
		break;
	case FLOOR_FREED_AT_ONCE_COLD:
		run(flow, traffic, nb_pkts, FLOOR_FREED_AT_ONCE_COLD);
		break;
	case FLOOR_FREED_LATER:
		run(flow, traffic, nb_pkts, FLOOR_FREED_LATER);
		break;
	}
}

double
cost_chunk(struct flow *flow, void *arg)
{
	const struct cost_chunk *chunk = arg;
	uint64_t start, cycles = 0;
	bool was_fast;
	uint32_t i;

	if (flow->later)
		reader_choose(&flow->rings);
	/* The method's code and queues are to be warm, whatever the packets are. */
	lap(flow, chunk->traffic, 4 * BED_MAX_BURST);
	was_fast = gate_is_fast();
	for (i = 0; i < chunk->nb_laps; i++) {
		if (flow->later)
			reader_wait();
		if (chunk->warmed)
			traffic_warm(chunk->traffic);
		start = rte_rdtsc_precise();
		lap(flow, chunk->traffic, chunk->lap_pkts);
		cycles += rte_rdtsc_precise() - start;
	}
	was_fast = gate_is_fast() && was_fast;
	if (flow->later)
		reader_wait();
	return was_fast ? (double)cycles / (chunk->nb_laps * chunk->lap_pkts) : NAN;
}
