/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_STRESS_MIRRORS_H
#define TESTS_STRESS_MIRRORS_H

/**
 * @file
 * Mirrors of all kinds that come and go, change and pause, at random.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "application.h"

/** A mirror may be here or not. */
struct slot {
	uint16_t source, target;
	uint32_t direction;
	bool is_late; /**< its target's packets are read later, and counted */
	uint32_t id;  /**< 0: there is none */
};

struct mirrors {
	struct slot slots[8];
	/** What some mirrors take their mbufs from: too few for a target that is read late. */
	struct rte_mempool *pool;
	rte_spinlock_t lock; /**< of some mirrors */
	uint64_t nb_removed; /**< mirrors that have come and gone */
	uint64_t nb_updated, nb_paused;
	uint64_t nb_offered; /**< packets, at least */
	uint64_t nb_late;    /**< packets that the target that is read late has accepted */
};

/** None at first; targets are one that frees at once, and one that is read late. */
void mirrors_open(
		struct mirrors *mirrors, const uint16_t *sources, uint16_t at_once, uint16_t late);
/** Does something to one of them. */
void mirrors_step(struct mirrors *mirrors);
void mirrors_remove_all(struct mirrors *mirrors);
void mirrors_close(struct mirrors *mirrors);

#endif /* TESTS_STRESS_MIRRORS_H */
