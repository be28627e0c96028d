/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DRAIN_GIVE_H
#define MIRROR_DRAIN_GIVE_H

/**
 * @file
 * What a thread does with a sink, where it would send to a port.
 */

#include "round.h"

/** To a number that control reads. */
static inline void
mirror_drain_add(uint64_t *counter, uint64_t nb)
{
	__atomic_store_n(counter, *counter + nb, __ATOMIC_RELEASE);
}

/** Offers a sink packets of a ring: as of its take(). */
int mirror_drain_give(
		const struct mirror_drain_target *target, struct drained_ring *ring, uint16_t nb);

/** Gives the poller the room of what the sink has written, and counts what it has lost of what it had taken. */
void mirror_drain_settle(struct mirror_drain *drain, struct drained_ring *ring);

/**
 * Counts as not sent the packets from first up to end, those apart that were put in before counters started again. Of what
 * a sink has taken, what is behind a position.
 */
void mirror_drain_count_lost(struct mirror_drain *drain, struct drained_ring *ring, uint64_t first,
		uint64_t end, uint64_t position);

#endif /* MIRROR_DRAIN_GIVE_H */
