/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_LATE_TARGET_H
#define TESTS_C_LATE_TARGET_H

/**
 * @file
 * A mirror whose target reads late, and packets of every make.
 */

#include "testbed.h"
#include "originals.h"

/** The target's packets wait in its ring until a test takes them. */
struct late_target {
	struct testbed testbed;
	struct originals originals;
	struct rte_mempool *pool; /**< the mirror's, one that notices misuse; NULL: another */
	uint32_t directions;
	uint32_t id;
};

#define LATE_TARGET_POOL_SIZE 511

/**
 * Opens it; what param leaves 0 of target_port and pool is its own.
 *
 * @param target
 *   The target's options, NULL: port_default, which allows chains.
 */
void late_target_open(struct late_target *late, const struct rte_mirror_param *param,
		const struct port_options *target);
/** Checks that every mbuf of every pool is back, and closes it. */
void late_target_close(struct late_target *late);
/** Checks that every mbuf of every pool is back. */
void late_target_check_whole(const struct late_target *late);

/**
 * Passes packets through the source, in the one direction that is mirrored; checks that they are unchanged, and gives
 * them back to the caller.
 */
void late_target_pass(struct late_target *late, struct rte_mbuf **pkts, uint16_t nb_pkts);
/** Takes what the target was sent, which has to be so many. */
void late_target_get(struct late_target *late, struct rte_mbuf **got, uint16_t nb_got);

#endif /* TESTS_C_LATE_TARGET_H */
