/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef SCENE_H
#define SCENE_H

/**
 * @file
 * A mirror whose target reads late, and packets of every make.
 */

#include "bench.h"
#include "originals.h"

/** The target's packets wait in its ring until a test takes them. */
struct scene {
	struct bench bench;
	struct originals originals;
	struct rte_mempool *pool; /**< the mirror's, one that notices misuse; NULL: another */
	uint32_t directions;
	uint32_t id;
};

#define SCENE_POOL_SIZE 511

/**
 * Opens it; what param leaves 0 of target_port and pool is the scene's own.
 *
 * @param target
 *   The target's options, NULL: port_default, which allows chains.
 */
void scene_open(struct scene *scene, const struct rte_mirror_param *param,
		const struct port_options *target);
/** Checks that every mbuf of every pool is back, and closes it. */
void scene_close(struct scene *scene);
/** Checks that every mbuf of every pool is back. */
void scene_check_whole(const struct scene *scene);

/**
 * Passes packets through the source, in the one direction that is mirrored; checks that they are unchanged, and gives
 * them back to the caller.
 */
void scene_pass(struct scene *scene, struct rte_mbuf **pkts, uint16_t nb_pkts);
/** Takes what the target was sent, which has to be so many. */
void scene_get(struct scene *scene, struct rte_mbuf **got, uint16_t nb_got);

#endif /* SCENE_H */
