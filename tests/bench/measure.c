/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <math.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_random.h>

#include "measure.h"

/* How often a flow's chunk is tried in a round. */
#define MAX_TRIES 8
/* How much slower than ever the CPU may be around an accepted chunk. */
#define TOLERANCE 1.06

static uint64_t fastest = UINT64_MAX;

/* Each step waits for the one before, and nothing waits for memory. */
static uint64_t
calibrate(void)
{
	const uint64_t start = rte_rdtsc_precise();
	uint64_t value = start;
	int i;

	for (i = 0; i < 500; i++) {
		value = value * 6364136223846793005 + 1442695040888963407;
		__asm__ volatile("" : "+r"(value));
	}
	return rte_rdtsc_precise() - start;
}

bool
gate_is_fast(void)
{
	const uint64_t cycles = calibrate();

	fastest = RTE_MIN(fastest, cycles);
	return (double)cycles <= (double)fastest * TOLERANCE;
}

void
gate_open(void)
{
	int i;

	for (i = 0; i < 20000; i++)
		gate_is_fast();
}

static double
try_chunk(const struct comparison *comparison, struct flow *flow)
{
	const struct flow_counts before = flow_count(flow);
	struct flow_counts after;
	double cycles;

	if (flow->method->prepare != NULL)
		flow->method->prepare(flow);
	cycles = comparison->chunk(flow, comparison->arg);
	after = flow_count(flow);
	/* What a full target costs is another question. But a mirror that does nothing measures nothing at all. */
	ENSURE(flow->method->is_floor || flow->method->idle == (after.accepted == before.accepted));
	return after.refused == before.refused ? cycles : NAN;
}

static void
measure_flow(struct comparison *comparison, unsigned int flow, unsigned int round)
{
	struct measured *measured = &comparison->measured[flow];
	int i;

	measured->cycles[round] = NAN;
	for (i = 0; i < MAX_TRIES && isnan(measured->cycles[round]); i++) {
		measured->cycles[round] = try_chunk(comparison, &comparison->flows[flow]);
		measured->nb_tried++;
	}
	measured->nb_accepted += !isnan(measured->cycles[round]);
}

void
measure(struct comparison *comparison)
{
	const unsigned int nb = comparison->nb_flows;
	unsigned int order[MEASURE_MAX_FLOWS];
	unsigned int round, i, j;

	ENSURE(comparison->nb_rounds <= MEASURE_MAX_ROUNDS);
	for (i = 0; i < nb; i++) {
		order[i] = i;
		comparison->measured[i].nb_tried = 0;
		comparison->measured[i].nb_accepted = 0;
	}
	for (round = 0; round < comparison->nb_rounds; round++) {
		for (i = nb - 1; i > 0; i--) {
			const unsigned int last = order[i];

			j = (unsigned int)rte_rand_max(i + 1);
			order[i] = order[j];
			order[j] = last;
		}
		for (i = 0; i < nb; i++)
			measure_flow(comparison, order[i], round);
	}
}

static int
compare(const void *left, const void *right)
{
	const double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

/* Between two values where it falls between them. */
static double
quantile(const double *sorted, unsigned int nb, double fraction)
{
	const double rank = fraction * (nb - 1);
	const unsigned int below = (unsigned int)rank;

	if (below + 1 >= nb)
		return sorted[nb - 1];
	return sorted[below] + (rank - below) * (sorted[below + 1] - sorted[below]);
}

/* Rounds in which either of the two is missing count for nothing. */
static struct quartiles
quartiles_of(const double *cycles, const double *baseline, unsigned int nb_rounds)
{
	struct quartiles quartiles = { .low = NAN, .median = NAN, .high = NAN };
	double values[MEASURE_MAX_ROUNDS];
	unsigned int i, nb = 0;

	for (i = 0; i < nb_rounds; i++) {
		values[nb] = cycles[i] - (baseline != NULL ? baseline[i] : 0);
		nb += !isnan(values[nb]);
	}
	/* A figure from fewer rounds than half would be a wrong one. */
	if (nb == 0 || 2 * nb < nb_rounds)
		return quartiles;
	qsort(values, nb, sizeof(values[0]), compare);
	quartiles.low = quantile(values, nb, 0.25);
	quartiles.median = quantile(values, nb, 0.5);
	quartiles.high = quantile(values, nb, 0.75);
	return quartiles;
}

struct quartiles
measured_cycles(const struct comparison *comparison, unsigned int flow)
{
	return quartiles_of(comparison->measured[flow].cycles, NULL, comparison->nb_rounds);
}

struct quartiles
measured_difference(const struct comparison *comparison, unsigned int flow)
{
	return quartiles_of(comparison->measured[flow].cycles, comparison->measured[0].cycles,
			comparison->nb_rounds);
}
