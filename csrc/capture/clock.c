/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <math.h>
#include <time.h>

#include <rte_common.h>
#include <rte_cycles.h>

#include "clock.h"

/* From one look to the next: first soon, since the rate is not known yet. */
#define FIRST_PACE_NS 1000000
#define LAST_PACE_NS  1000000000

/* A look is as good as the time that it took; of so many the best is taken. */
#define LOOKS 4

/* A rate that differs by more from what DPDK says, or from the one seen before, is none: the clock was set meanwhile. */
#define RATE_TOLERANCE 0.01
#define RATE_CHANGE    0.001
/* What the clock is ahead by more than this it was set ahead. */
#define STEP_NS 10000000
/* The slowest that times go, and the fastest, while they are led to the clock. */
#define SLOWEST 0.5
#define FASTEST 1.5

static uint64_t
read_clock(uint64_t *tsc)
{
	uint64_t best = UINT64_MAX, time_ns = 0;
	struct timespec now;
	int i;

	for (i = 0; i < LOOKS; i++) {
		const uint64_t before = rte_rdtsc();
		uint64_t after;

		clock_gettime(CLOCK_REALTIME, &now);
		after = rte_rdtsc();
		if (after - before >= best)
			continue;
		best = after - before;
		*tsc = before + best / 2;
		time_ns = (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
	}
	return time_ns;
}

/* A moment before the line's beginning is on it, too. */
static uint64_t
time_on(const struct mirror_capture_line *line, uint64_t tsc)
{
	const double ticks = (double)(int64_t)(tsc - line->tsc);
	const double leading = RTE_MIN(ticks, line->ticks_to_bend);

	return line->time_ns +
			(int64_t)(leading * line->leading + (ticks - leading) * line->ns_per_tick);
}

uint64_t
mirror_capture_clock_time(const struct mirror_capture_clock *clock, uint64_t tsc)
{
	const bool is_before = (int64_t)(tsc - clock->line.tsc) < 0;

	return time_on(is_before ? &clock->before : &clock->line, tsc);
}

/* Begins a line on which the time comes to be off by nothing when the clock is looked at next. */
static void
begin_line(struct mirror_capture_clock *clock, uint64_t tsc, uint64_t time_ns, double off,
		double ns_per_tick)
{
	const double pace = (double)clock->pace_ns;
	const double factor = fmax(SLOWEST, fmin(FASTEST, 1 + off / pace));

	clock->line = (struct mirror_capture_line){
		.tsc = tsc,
		.time_ns = time_ns,
		.leading = ns_per_tick * factor,
		.ticks_to_bend = pace / ns_per_tick,
		.ns_per_tick = ns_per_tick,
	};
	clock->next_tsc = tsc + (uint64_t)clock->line.ticks_to_bend;
}

void
mirror_capture_clock_begin(
		struct mirror_capture_clock *clock, uint64_t tsc_hz, uint64_t tsc, uint64_t time_ns)
{
	*clock = (struct mirror_capture_clock){
		.nominal = (double)NS_PER_S / (double)tsc_hz,
		.pace_ns = FIRST_PACE_NS,
		.seen_tsc = tsc,
		.seen_ns = time_ns,
	};
	begin_line(clock, tsc, time_ns, 0, clock->nominal);
	clock->before = clock->line;
}

static bool
is_near(double a, double b, double tolerance)
{
	return fabs(a - b) <= b * tolerance;
}

/* The rate since the last look, if two looks agree on it. */
static double
measure(struct mirror_capture_clock *clock, uint64_t tsc, uint64_t time_ns)
{
	const double before = clock->seen_rate;
	const double rate = (double)(int64_t)(time_ns - clock->seen_ns) /
			(double)(tsc - clock->seen_tsc);
	const bool is_rate = is_near(rate, clock->nominal, RATE_TOLERANCE) &&
			is_near(rate, before, RATE_CHANGE);

	clock->seen_tsc = tsc;
	clock->seen_ns = time_ns;
	clock->seen_rate = rate;
	return is_rate ? rate : clock->line.ns_per_tick;
}

void
mirror_capture_clock_see(struct mirror_capture_clock *clock, uint64_t tsc, uint64_t time_ns)
{
	const uint64_t was = mirror_capture_clock_time(clock, tsc);
	const double off = (double)(int64_t)(time_ns - was);
	double ns_per_tick;

	if ((int64_t)(tsc - clock->seen_tsc) <= 0)
		return;
	ns_per_tick = measure(clock, tsc, time_ns);
	clock->pace_ns = RTE_MIN(clock->pace_ns * 2, (uint64_t)LAST_PACE_NS);
	clock->before = clock->line;
	if (off > STEP_NS)
		begin_line(clock, tsc, time_ns, 0, ns_per_tick);
	else
		begin_line(clock, tsc, was, off, ns_per_tick);
}

void
mirror_capture_clock_start(struct mirror_capture_clock *clock, uint64_t tsc_hz)
{
	uint64_t tsc = 0, time_ns = read_clock(&tsc);

	mirror_capture_clock_begin(clock, tsc_hz, tsc, time_ns);
}

void
mirror_capture_clock_tick(struct mirror_capture_clock *clock)
{
	uint64_t tsc = rte_rdtsc(), time_ns;

	if ((int64_t)(tsc - clock->next_tsc) < 0)
		return;
	time_ns = read_clock(&tsc);
	mirror_capture_clock_see(clock, tsc, time_ns);
}

uint64_t
mirror_capture_clock_now(const struct mirror_capture_clock *clock)
{
	return mirror_capture_clock_time(clock, rte_rdtsc());
}

uint64_t
mirror_capture_monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}
