/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_THROUGHPUT_H
#define TESTS_BENCH_THROUGHPUT_H

/**
 * @file
 * Packets that one lcore forwards, with mirrors and without: it receives, rewrites and transmits, and does what the
 * drivers of a NIC would do.
 */

#include "methods.h"

/** Packets on their way through a source: in its rx ring and its tx ring, as many as a NIC has descriptors. */
struct forward {
	struct rte_mempool *pool;
	struct traffic_shape shape; /**< of one segment */
	uint32_t nb_pkts;           /**< in a chunk, a multiple of BED_MAX_BURST */
};

void forward_open(struct forward *forward, struct flow *flow);
/** Frees the packets on their way. */
void forward_close(struct flow *flow);

/** A chunk_fn; arg is a struct forward. */
double forward_chunk(struct flow *flow, void *arg);

#endif /* TESTS_BENCH_THROUGHPUT_H */
