/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_DRAINED_H
#define TESTS_C_DRAINED_H

/**
 * @file
 * A mirror whose packets a thread of the library's sends to a target that the plugin makes.
 */

#include "ondemand.h"
#include "testbed.h"

#define NB_PACKETS 32
#define LENGTH     200

/** What a target's ring, and one of the library's, hold. */
#define TARGET_RING  1023
#define LIBRARY_RING 4096

/** The part of a pool that mirrors may hold. */
#define PART 16

/** How long the library may take to notice anything, on a machine that has other things to do. */
#define SOON_MS 10000

/** A testbed with a target that the plugin makes: a ring that is read by its name. */
struct drained {
	struct testbed testbed;
	struct target *target;
	struct rte_ring *ring;
	struct rte_mirror_param param;
	uint32_t id;
};

/** Opens all of it, and mirrors what the source receives; source is its options, NULL: port_default. */
void drained_open(struct drained *drained, enum rte_mirror_mode mode,
		const struct port_options *source);
void drained_close(struct drained *drained);
/** Has the application receive a burst of packets of LENGTH bytes on a queue, and free it. */
void pass(const struct drained *drained, uint16_t queue, uint32_t seed);
/** Has so many packets that wait in the target read and freed, if there are as many. */
void read_some(const struct drained *drained, unsigned int nb_pkts);

/** Has the target's driver not return, until it may. */
void block_target(const struct drained *drained);
void unblock_target(void);
/** Whether a thread is held up by that. */
bool target_is_blocked(void);

#endif /* TESTS_C_DRAINED_H */
