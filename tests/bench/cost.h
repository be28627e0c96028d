/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_COST_H
#define TESTS_BENCH_COST_H

/**
 * @file
 * What a mirror costs: a loop that receives packets and looks at them, with mirrors and without.
 */

#include "methods.h"

/** What a chunk is; chunks take 0.05 to 1 ms. */
struct cost_chunk {
	struct traffic *traffic;
	uint32_t nb_laps;  /**< measured one by one; a reader catches up between them */
	uint32_t lap_pkts; /**< packets in each, a multiple of BED_MAX_BURST */
	bool warmed;       /**< the reader's caches give the packets back before each lap */
};

/** A chunk_fn; arg is a struct cost_chunk. */
double cost_chunk(struct flow *flow, void *arg);

#endif /* TESTS_BENCH_COST_H */
