/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

/**
 * @file
 * How cycles are measured so that they come out the same the next time.
 *
 * All flows of a comparison are measured in each round, in shuffled order, and compared with the same round's
 * baseline. A chunk of a measurement counts if the CPU was as fast as ever right before it and right after it, and
 * no target refused a packet.
 */

#include <stdbool.h>
#include <stdint.h>

#include "methods.h"

#define MEASURE_MAX_FLOWS  BED_SOURCES
#define MEASURE_MAX_ROUNDS 1000

/** What is measured of one flow: the cycles of a chunk per packet. */
struct measured {
	double cycles[MEASURE_MAX_ROUNDS]; /**< NAN: no chunk was accepted in that round */
	uint32_t nb_tried, nb_accepted;    /**< chunks */
};

/** Finds out how fast the CPU is at its best. */
void gate_open(void);
/** Whether it is as fast right now, and is not being taken away. Takes about 1 us. */
bool gate_is_fast(void);

/** Works on a chunk of packets; returns the cycles that it took per packet, NAN if the CPU was not as fast as ever. */
typedef double (*chunk_fn)(struct flow *flow, void *arg);

struct comparison {
	struct flow flows[MEASURE_MAX_FLOWS]; /**< the first one is the baseline */
	struct measured measured[MEASURE_MAX_FLOWS];
	unsigned int nb_flows;
	unsigned int nb_rounds;
	chunk_fn chunk;
	void *arg;
};

/** Measures all flows in all rounds. */
void measure(struct comparison *comparison);

/** A quarter of the rounds are below low, half below median, three quarters below high. NAN: inconclusive. */
struct quartiles {
	double low, median, high;
};

/** Of what a flow costs. */
struct quartiles measured_cycles(const struct comparison *comparison, unsigned int flow);
/** Of what it costs more than the baseline in the same round. */
struct quartiles measured_difference(const struct comparison *comparison, unsigned int flow);

#endif /* TESTS_BENCH_MEASURE_H */
