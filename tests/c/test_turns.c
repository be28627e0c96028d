/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Drivers that take their time, and commands that take turns meanwhile. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../csrc/plugin/turn.h"
#include "testbed.h"
#include "ondemand.h"
#include "slow.h"

#define SLOW "null:slow"

static struct {
	bool has_ended, has_had_turn, is_open;
} now;

static bool
is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void
set(bool *flag, bool value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static int
end_target(void *target)
{
	mirror_turn_take();
	mirror_targets_close(target);
	mirror_turn_give();
	set(&now.has_ended, true);
	return 0;
}

/* Targets of other kinds come and go. */
static int
have_a_turn(void *arg)
{
	(void)arg;
	mirror_turn_take();
	mirror_targets_undo(target_open("ring:turns", 1));
	mirror_turn_give();
	set(&now.has_had_turn, true);
	return 0;
}

/* The one that is just being ended. */
static int
open_again(void *arg)
{
	struct target **target = arg;

	mirror_turn_take();
	*target = target_open(SLOW, 1);
	mirror_turn_give();
	set(&now.is_open, true);
	return 0;
}

static void
commands_have_their_turn_while_a_driver_takes_its_time(void)
{
	struct target *target, *again = NULL;

	target = target_open(SLOW, 1);
	slow_begin(mirror_targets_port(target));
	test_launch(0, end_target, target);
	slow_wait();
	test_launch(1, open_again, &again);
	test_launch(2, have_a_turn, NULL);
	CHECK_WITHIN(10000, is_set(&now.has_had_turn));
	mirror_turn_take();
	CHECK(mirror_targets_find(SLOW) == target);
	CHECK(!mirror_targets_is_unused(target));
	mirror_turn_give();
	CHECK(!is_set(&now.has_ended) && !is_set(&now.is_open));
	slow_end();
	test_join(0);
	test_join(1);
	test_join(2);
	CHECK(is_set(&now.has_ended) && is_set(&now.is_open));
	mirror_turn_take();
	mirror_targets_close(again);
	mirror_turn_give();
}

const struct test_case test_cases[] = {
	{ "commands_have_their_turn_while_a_driver_takes_its_time",
			commands_have_their_turn_while_a_driver_takes_its_time },
	{ NULL, NULL },
};
