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

/* The pollers go on counting meanwhile: each counter is read whole, not all of them at one instant. */
static union counters
read_counters(const struct mirror_slot *slot)
{
	const uint64_t *words = (const uint64_t *)&slot->counters.stats;
	uint64_t lost_packets = 0, lost_bytes = 0;
	union counters now;
	unsigned int i;

	/* Before the poller's, which counts first what may be lost then. */
	if (slot->ring != NULL) {
		lost_packets = __atomic_load_n(&slot->ring->lost_packets, __ATOMIC_ACQUIRE);
		lost_bytes = __atomic_load_n(&slot->ring->lost_bytes, __ATOMIC_ACQUIRE);
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
	if (slot->ring == NULL) {
		slot->base = read_counters(slot).stats;
		return;
	}
	mirror_drain_lock(slot->mirror->drain);
	slot->base = read_counters(slot).stats;
	slot->ring->counted_from = mirror_ring_tail(slot->ring);
	mirror_drain_unlock(slot->mirror->drain);
}

struct rte_mirror_stats
mirror_counters_sum(const struct mirror *mirror)
{
	union counters total = { .words = { 0 } };
	const struct mirror_slot *slot;
	uint64_t seen = 0;
	unsigned int i;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		const union counters now = read_counters(slot), base = { .stats = slot->base };

		for (i = 0; i < NB_COUNTERS; i++)
			total.words[i] += now.words[i] - base.words[i];
	}
	/* Each packet ends in one of the counters, so the data path need not count it when it comes, too. */
	for (i = 0; i < NB_COUNTERS; i++)
		seen += total.words[i];
	total.stats.seen = seen - total.stats.bytes;
	return total.stats;
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
	const struct rte_mirror_stats stats = mirror_counters_sum(mirror);

	mirror_drains_tell(mirror, &stats);
}
