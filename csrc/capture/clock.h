/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_CLOCK_H
#define MIRROR_CAPTURE_CLOCK_H

/**
 * @file
 * The time of day at a moment that is known by the time stamp counter.
 *
 * The counter's rate is measured, since what DPDK says of it is rounded, and the time of day is a clock that others set.
 * From one look at both to the next the time is a line, each of which begins where the one before ends and leads to where
 * the clock will be: a later moment never has an earlier time. A clock that was set ahead is followed at once. One that was
 * set back is waited for at half its speed.
 *
 * For one thread.
 */

#include <stdint.h>

/** Where a line begins, and what a tick takes on it: up to the bend as much as leads to the clock, then its own time. */
struct mirror_capture_line {
	uint64_t tsc;
	uint64_t time_ns;
	double leading;
	double ticks_to_bend;
	double ns_per_tick;
};

struct mirror_capture_clock {
	double nominal;    /* ns per tick, as DPDK has it */
	double seen_rate;  /* between the last two looks */
	uint64_t next_tsc; /* when to look again */
	uint64_t pace_ns;  /* and how long after that */
	uint64_t seen_tsc; /* the last look */
	uint64_t seen_ns;
	struct mirror_capture_line line;   /* from the last look on */
	struct mirror_capture_line before; /* for moments before it */
};

/** tsc_hz: rte_get_tsc_hz(). */
void mirror_capture_clock_start(struct mirror_capture_clock *clock, uint64_t tsc_hz);

/** Looks at the clock, where that is due. To be called each second at least; costs a few cycles where nothing is due. */
void mirror_capture_clock_tick(struct mirror_capture_clock *clock);

/** Nanoseconds since 1970. The moment may be before the last tick, or after it. */
uint64_t mirror_capture_clock_time(const struct mirror_capture_clock *clock, uint64_t tsc);
/** The same, now. */
uint64_t mirror_capture_clock_now(const struct mirror_capture_clock *clock);

/** Nanoseconds of CLOCK_MONOTONIC. */
uint64_t mirror_capture_monotonic(void);

/** Of the two above, all but looking: what counter and clock were at one moment. */
void mirror_capture_clock_begin(struct mirror_capture_clock *clock, uint64_t tsc_hz, uint64_t tsc,
		uint64_t time_ns);
void mirror_capture_clock_see(struct mirror_capture_clock *clock, uint64_t tsc, uint64_t time_ns);

#endif /* MIRROR_CAPTURE_CLOCK_H */
