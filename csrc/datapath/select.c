/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <math.h>
#include <stddef.h>
#include <string.h>

#include <rte_prefetch.h>

#include "datapath.h"

/* Vigna's splitmix64: from any state to any other, all of 64 bits. */
static uint64_t
mirror_random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* How many packets lie between two that are taken: at random, as many as trials of that probability fail. */
static uint64_t
mirror_sample_gap(const struct mirror_selector *selector, struct mirror_sampler *sampler)
{
	double uniform;

	if (!selector->sample_random)
		return selector->sample_one_in - 1;
	/* 53 bits: what a double takes. Less than 1. */
	uniform = (double)(mirror_random_next(&sampler->random) >> 11) * 0x1p-53;
	return (uint64_t)(log1p(-uniform) * selector->sample_scale);
}

static void
mirror_sample_start(const struct mirror_selector *selector, const struct mirror_burst *burst,
		struct mirror_sampler *sampler)
{
	/* Each queue has a sequence of its own. */
	sampler->random = (uint64_t)burst->port_id << 32 | (uint64_t)burst->queue_id << 1 |
			burst->is_tx;
	sampler->random = mirror_random_next(&sampler->random) ^ selector->sample_seed;
	sampler->skip = mirror_sample_gap(selector, sampler);
}

static uint16_t
mirror_sample(const struct mirror_selector *selector, struct mirror_sampler *sampler,
		struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t nb = 0;
	uint64_t next;

	for (next = sampler->skip; next < nb_pkts; next += 1 + mirror_sample_gap(selector, sampler))
		pkts[nb++] = pkts[next];
	sampler->skip = next - nb_pkts;
	return nb;
}

/* The tests that look at packets, cheapest first. */
static uint16_t
mirror_match(const struct mirror_selector *selector, const struct mirror_burst *burst,
		struct mirror_counters *counters, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t i;

	/* Driver and application have looked at the mbufs by now; at the packets, maybe nobody. */
	for (i = 0; selector->has_matches && i < nb_pkts; i++)
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	if (selector->has_mac)
		nb_pkts = mirror_match_mac(selector, counters, pkts, nb_pkts);
	if (selector->wants_tags || selector->has_flow)
		nb_pkts = mirror_match_headers(selector, burst->off_wire, counters, pkts, nb_pkts);
	if (selector->filter != NULL)
		nb_pkts = mirror_match_filter(selector, burst->off_wire, counters, pkts, nb_pkts);
	return nb_pkts;
}

/* Starts what outlives a burst anew with each selector. */
static inline void
mirror_progress_follow(struct mirror_progress *progress, const struct mirror_selector *selector,
		const struct mirror_burst *burst)
{
	if (likely(progress->serial == selector->serial))
		return;
	progress->serial = selector->serial;
	progress->tokens = 0;
	if (selector->sample_one_in != 0)
		mirror_sample_start(selector, burst, &progress->sampler);
}

/* Apart, so that a mirror of every packet pays for none of this. */
static __rte_noinline uint16_t
mirror_choose(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf **pkts)
{
	const struct mirror_selector *selector = entry->selector;
	struct mirror_counters *counters = entry->counters;
	struct mirror_progress *progress = entry->progress;
	const uint64_t unsupported = counters->stats.unsupported;
	uint16_t nb_pkts = burst->nb_pkts, nb;

	memcpy(pkts, burst->pkts, nb_pkts * sizeof(pkts[0]));
	nb = mirror_match(selector, burst, counters, pkts, nb_pkts);
	counters->stats.filtered += nb_pkts - nb - (counters->stats.unsupported - unsupported);
	nb_pkts = nb;
	if (nb_pkts > 0 && (selector->sample_one_in != 0 || selector->bucket != NULL))
		mirror_progress_follow(progress, selector, burst);
	if (selector->sample_one_in != 0 && nb_pkts > 0) {
		nb = mirror_sample(selector, &progress->sampler, pkts, nb_pkts);
		counters->stats.unsampled += nb_pkts - nb;
		nb_pkts = nb;
	}
	if (selector->offload != NULL && nb_pkts > 0) {
		/* It may reorder what it is given, and the application's array is not ours to reorder. */
		nb = selector->offload(burst->port_id, burst->queue_id, pkts, nb_pkts,
				selector->offload_ctx);
		nb = RTE_MIN(nb, nb_pkts);
		counters->stats.declined += nb_pkts - nb;
		nb_pkts = nb;
	}
	if (selector->bucket != NULL && nb_pkts > 0) {
		nb = mirror_limit(entry, pkts, nb_pkts);
		counters->stats.limited += nb_pkts - nb;
		nb_pkts = nb;
	}
	return nb_pkts;
}

uint16_t
mirror_select(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf **room, struct rte_mbuf *const **chosen)
{
	if (entry->selector == NULL) {
		*chosen = burst->pkts;
		return burst->nb_pkts;
	}
	*chosen = room;
	return mirror_choose(entry, burst, room);
}
