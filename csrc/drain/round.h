/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DRAIN_ROUND_H
#define MIRROR_DRAIN_ROUND_H

/**
 * @file
 * What the thread of a target does in a round, and what it works with.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <rte_cycles.h>

#include "../datapath/ring.h"
#include "drain.h"

/** How long a packet may wait for an earlier one of another ring. */
#define MIRROR_DRAIN_WINDOW_US 300

struct rte_ring;

struct drained_ring {
	struct mirror_ring ring;

	/* Written by the thread. */
	/** Packets that the target has taken, or that were freed; control reads it. Behind head those that it keeps yet. */
	uint64_t next;
	uint64_t stuck_at; /**< when the target last took one; 0: it takes them */
	bool is_stuck;     /**< the target has refused one in this round */
	bool sees_closing; /**< is_closing when this round began */
	bool is_quiet; /**< a round has passed that began so: control reads it, and clears it before */

	/* Written by control. */
	struct mirror_sink_origin origin;
	const struct rte_ring *behind;
	bool is_dropped;
	struct drained_ring *following; /**< the next; by the thread, too, with the mutex */
};

struct mirror_drain {
	struct mirror_drain_target target;
	uint32_t too_long; /**< the thread's: what is so long the target has refused for itself; 0: nothing */

	/**
	 * Guards first against a thread that takes a ring out while another comes, tid against its end, what the
	 * thread is called for, and what is counted as lost against counters that start again meanwhile. Never held
	 * while a target is at work.
	 */
	pthread_mutex_t mutex;
	pthread_cond_t call; /**< wakes the thread */
	bool is_called;
	uint64_t called_at;         /**< the last time; 0: not yet */
	struct drained_ring *first; /**< control puts rings in front, the thread takes them out */
	pid_t tid;                  /**< the thread's; 0: it has not begun, or has ended */
	pthread_t thread;
	bool yields; /**< it runs only when pollers have nothing to do */
	bool is_ending;
	bool is_over; /**< the thread has ended, with EAL */
};

static inline uint64_t
mirror_drain_to_tsc(uint64_t us)
{
	return us * (rte_get_tsc_hz() / US_PER_S);
}

/**
 * Gives the target what there is: how many packets it took, or were freed.
 *
 * @param[out] is_stuck
 *   Whether it has refused some that are to be offered again.
 */
uint64_t mirror_drain_run_round(struct mirror_drain *drain, bool *is_stuck);

#endif /* MIRROR_DRAIN_ROUND_H */
