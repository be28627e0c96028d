/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What time it was when a counter was read, over hours, while the clock is set. */

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>

#include "../../csrc/capture/clock.h"
#include "testbed.h"

#define SEED  4711
#define HOUR  3600
#define BEGIN UINT64_C(1790000000000000000)
/* What DPDK says, and what the counter does: 0.2 % more. */
#define SAID_HZ 2450000000
#define TRUE_HZ 2454900000.0

/* A machine of which the test knows all: the counter counts from far, the clock goes by its rate. */
struct machine {
	struct mirror_capture_clock clock;
	double elapsed_ns; /* as its clock counts them */
	double ticks;
	double clock_rate;
	int64_t set_by_ns;
	uint64_t last_time;
	uint64_t worst_ns; /* how far the time was off, of those that counted */
};

static uint64_t
tsc_of(const struct machine *machine)
{
	return UINT64_MAX / 2 + (uint64_t)machine->ticks;
}

static uint64_t
clock_of(const struct machine *machine)
{
	return BEGIN + (uint64_t)machine->elapsed_ns + machine->set_by_ns;
}

static void
begin(struct machine *machine)
{
	*machine = (struct machine){ .clock_rate = 1 };
	mirror_capture_clock_begin(&machine->clock, SAID_HZ, tsc_of(machine), clock_of(machine));
}

static void
pass(struct machine *machine, double ns)
{
	machine->ticks += ns * (TRUE_HZ / 1e9);
	machine->elapsed_ns += ns * machine->clock_rate;
}

/* What mirror_capture_clock_tick() does. */
static void
tick(struct machine *machine)
{
	if ((int64_t)(tsc_of(machine) - machine->clock.next_tsc) >= 0)
		mirror_capture_clock_see(&machine->clock, tsc_of(machine), clock_of(machine));
}

static void
look(struct machine *machine)
{
	const uint64_t time = mirror_capture_clock_time(&machine->clock, tsc_of(machine));
	const int64_t off = (int64_t)(time - clock_of(machine));

	CHECK(time >= machine->last_time);
	machine->last_time = time;
	machine->worst_ns = RTE_MAX(machine->worst_ns, (uint64_t)llabs(off));
}

/* So many seconds of bursts and ticks at any moment. */
static void
run(struct machine *machine, unsigned int seconds)
{
	const double end = machine->elapsed_ns + seconds * 1e9;

	while (machine->elapsed_ns < end) {
		pass(machine, rand() % 20000000);
		look(machine);
		tick(machine);
		look(machine);
	}
}

/* The counter is faster than DPDK says, and the clock is led by NTP. */
static void
times_are_right_over_hours(void)
{
	struct machine machine;
	unsigned int i;

	srand(SEED);
	begin(&machine);
	run(&machine, 1);
	/* The first millisecond goes by what DPDK says. */
	CHECK(machine.worst_ns < 200000);
	run(&machine, 5);
	machine.worst_ns = 0;
	for (i = 0; i < 40; i++) {
		machine.clock_rate = 1 + (rand() % 1001 - 500) * 1e-6;
		run(&machine, HOUR / 10);
	}
	/* What 500 ppm more or less, twice, are in the second until it shows. */
	CHECK(machine.worst_ns < 1200000);
	machine.clock_rate = 1;
	run(&machine, 5);
	machine.worst_ns = 0;
	run(&machine, HOUR);
	CHECK(machine.worst_ns < 1000);
}

static void
a_clock_that_is_set_ahead_is_followed_at_once(void)
{
	struct machine machine;

	srand(SEED);
	begin(&machine);
	run(&machine, 10);
	machine.set_by_ns += HOUR * INT64_C(1000000000);
	run(&machine, 2);
	machine.worst_ns = 0;
	run(&machine, 100);
	CHECK(machine.worst_ns < 1000);
}

/* look() sees that no time is before another. */
static void
a_clock_that_is_set_back_is_waited_for(void)
{
	struct machine machine;

	srand(SEED);
	begin(&machine);
	run(&machine, 10);
	machine.set_by_ns -= INT64_C(30000000000);
	run(&machine, 70);
	machine.worst_ns = 0;
	run(&machine, 100);
	CHECK(machine.worst_ns < 1000);
}

/* A tick that comes late, since a disk holds up its thread, finds the times where the clock is. */
static void
nothing_is_overshot_where_ticks_are_late(void)
{
	struct machine machine;

	srand(SEED);
	begin(&machine);
	run(&machine, 10);
	machine.set_by_ns += 9000000;
	run(&machine, 1);
	machine.worst_ns = 0;
	pass(&machine, 60e9);
	look(&machine);
	run(&machine, 10);
	CHECK(machine.worst_ns < 1000000);
}

/* Packets wait before they are written: what has been said of a moment is said again. */
static void
a_moment_keeps_its_time_when_the_clock_is_looked_at(void)
{
	struct machine machine;
	unsigned int i;

	srand(SEED);
	begin(&machine);
	run(&machine, 10);
	for (i = 0; i < 1000; i++) {
		const uint64_t moment = tsc_of(&machine);
		const uint64_t time = mirror_capture_clock_time(&machine.clock, moment);

		machine.set_by_ns += rand() % 2000000 - 1000000;
		pass(&machine, 1000000 + rand() % 900000000);
		tick(&machine);
		CHECK_EQ(mirror_capture_clock_time(&machine.clock, moment), time);
		pass(&machine, 1e9);
		tick(&machine);
	}
}

/* The clock of this machine, which may be busy: what is read before and after is around it. */
static void
this_machines_time_is_told(void)
{
	const int64_t slack = 100000000;
	struct mirror_capture_clock clock;
	struct timespec before, after;
	uint64_t end = test_now_ms() + 1500, tsc;
	int64_t time;

	mirror_capture_clock_start(&clock, rte_get_tsc_hz());
	while (test_now_ms() < end) {
		clock_gettime(CLOCK_REALTIME, &before);
		mirror_capture_clock_tick(&clock);
		tsc = rte_rdtsc();
		clock_gettime(CLOCK_REALTIME, &after);
		time = (int64_t)mirror_capture_clock_time(&clock, tsc);
		CHECK(time > before.tv_sec * INT64_C(1000000000) + before.tv_nsec - slack);
		CHECK(time < after.tv_sec * INT64_C(1000000000) + after.tv_nsec + slack);
	}
}

const struct test_case test_cases[] = {
	{ "times_are_right_over_hours", times_are_right_over_hours },
	{ "a_clock_that_is_set_ahead_is_followed_at_once",
			a_clock_that_is_set_ahead_is_followed_at_once },
	{ "a_clock_that_is_set_back_is_waited_for", a_clock_that_is_set_back_is_waited_for },
	{ "nothing_is_overshot_where_ticks_are_late", nothing_is_overshot_where_ticks_are_late },
	{ "a_moment_keeps_its_time_when_the_clock_is_looked_at",
			a_moment_keeps_its_time_when_the_clock_is_looked_at },
	{ "this_machines_time_is_told", this_machines_time_is_told },
	{ NULL, NULL },
};
