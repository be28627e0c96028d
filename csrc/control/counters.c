/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>

#include "../drain/drain.h"
#include "counters.h"
#include "drains.h"

/** Counters, and room for those to come, are all that there is in struct rte_mirror_stats. */
#define NB_COUNTERS (sizeof(struct rte_mirror_stats) / sizeof(uint64_t))

union counters {
	struct rte_mirror_stats stats;
	uint64_t words[NB_COUNTERS];
};

static uint64_t
load(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_ACQUIRE);
}

/*
 * The pollers go on counting meanwhile: each counter is read whole, not all of them at one instant. With what is lost
 * early, if counters are not to have started again.
 */
static union counters
read_counters(const struct mirror_slot *slot, bool with_early)
{
	const uint64_t *words = (const uint64_t *)&slot->counters.stats;
	uint64_t lost_packets = 0, lost_bytes = 0;
	union counters now;
	unsigned int i;

	/* Before the poller's, which counts first what may be lost then. */
	if (slot->ring != NULL) {
		lost_packets = load(&slot->ring->lost_packets);
		lost_bytes = load(&slot->ring->lost_bytes);
	}
	if (slot->ring != NULL && with_early) {
		lost_packets += load(&slot->ring->early_packets);
		lost_bytes += load(&slot->ring->early_bytes);
	}
	for (i = 0; i < NB_COUNTERS; i++)
		now.words[i] = __atomic_load_n(&words[i], __ATOMIC_RELAXED);
	/* What went into the ring, and then not to the target. */
	now.stats.packets -= lost_packets;
	now.stats.bytes -= lost_bytes;
	now.stats.full += lost_packets;
	return now;
}

/* Leaves out what has been counted so far, and what becomes of those that are on their way to the target. */
static void
set_base(struct mirror_slot *slot)
{
	struct mirror_ring *ring = slot->ring;

	if (ring == NULL) {
		slot->base = read_counters(slot, false).stats;
		return;
	}
	mirror_drain_lock(slot->mirror->drain);
	slot->base = read_counters(slot, false).stats;
	/* Those that are counted, whether the poller has put them in yet or is about to. */
	ring->counted_from = ring->nb_kept + slot->base.packets + ring->lost_packets;
	mirror_drain_unlock(slot->mirror->drain);
}

static struct rte_mirror_stats
sum(const struct mirror *mirror, bool since_reset)
{
	union counters total = { .words = { 0 } };
	const struct mirror_slot *slot;
	uint64_t seen = 0;
	unsigned int i;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		const union counters now = read_counters(slot, !since_reset);
		const union counters base = { .stats = slot->base };

		for (i = 0; i < NB_COUNTERS; i++)
			total.words[i] += now.words[i] - (since_reset ? base.words[i] : 0);
	}
	/* Each packet ends in one of the counters, so the data path need not count it when it comes, too. */
	for (i = 0; i < NB_COUNTERS; i++)
		seen += total.words[i];
	total.stats.seen = seen - total.stats.bytes;
	return total.stats;
}

struct rte_mirror_stats
mirror_counters_sum(const struct mirror *mirror)
{
	return sum(mirror, true);
}

void
mirror_counters_reset(struct mirror *mirror)
{
	struct mirror_slot *slot;

	/* They have one writer, the poller: what it has counted so far is left out from now on. */
	TAILQ_FOREACH(slot, &mirror->slots, next)
		set_base(slot);
}

void
mirror_counters_tell(const struct mirror *mirror)
{
	struct rte_mirror_stats stats;

	if (!mirror_is_sink(mirror->param.target_port))
		return;
	stats = sum(mirror, false);
	mirror_drains_tell(mirror, &stats);
}
