/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <pthread.h>
#include <time.h>

#include <rte_bus.h>
#include <rte_cycles.h>
#include <rte_lcore.h>

#include "compat.h"
#include "eal_gate.h"

/* How long the end waits for those inside: they may be making a device. */
#define LIMIT_MS 10000

static uint32_t nb_inside;
static bool is_over, is_used, is_a_childs;
static __thread bool is_inside;

/* How EAL cleans up the first bus that it does. */
static int (*clean_up_bus)(void);

bool
mirror_eal_is_starting(void)
{
	/* EAL counts them first of all, before it loads plugins. */
	return rte_lcore_count() != 0;
}

bool
mirror_eal_is_up(void)
{
	/* EAL takes the clock's frequency when its memory is there, and nothing else sets it. */
	return rte_get_tsc_hz() != 0;
}

bool
mirror_eal_is_over(void)
{
	return __atomic_load_n(&is_over, __ATOMIC_SEQ_CST);
}

bool
mirror_eal_is_inherited(void)
{
	return is_a_childs;
}

bool
mirror_eal_must_leave(void)
{
	return is_inside && mirror_eal_is_over();
}

bool
mirror_eal_enter(void)
{
	__atomic_store_n(&is_used, true, __ATOMIC_RELAXED);
	/* Either we see that it is over, or mirror_eal_shut() sees us inside. */
	__atomic_fetch_add(&nb_inside, 1, __ATOMIC_SEQ_CST);
	is_inside = !mirror_eal_is_over();
	if (!is_inside)
		__atomic_fetch_sub(&nb_inside, 1, __ATOMIC_RELEASE);
	return is_inside;
}

void
mirror_eal_leave(void)
{
	is_inside = false;
	/* Pairs with mirror_eal_shut(): what we have asked for is done. */
	__atomic_fetch_sub(&nb_inside, 1, __ATOMIC_RELEASE);
}

void
mirror_eal_shut(void)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	/* A handler of a signal may end the process in the midst of what its thread does: that goes no further. */
	const uint32_t nb_self = is_inside;
	unsigned int i;

	if (__atomic_exchange_n(&is_over, true, __ATOMIC_SEQ_CST))
		return;
	for (i = 0; i < LIMIT_MS && __atomic_load_n(&nb_inside, __ATOMIC_SEQ_CST) > nb_self; i++)
		nanosleep(&moment, NULL);
}

/* rte_eal_cleanup() comes here while all devices, and the memory, are there still. */
static int
on_cleanup(void)
{
	mirror_eal_shut();
	return clean_up_bus();
}

static int
has_no_cleanup(const struct rte_bus *bus, const void *data __rte_unused)
{
	const struct mirror_bus *same = (const void *)bus;

	/* Where not even the name is where it should be, nothing is touched. */
	return same->name != rte_bus_name(bus) || same->cleanup == NULL;
}

static void
on_fork(void)
{
	/* A process that has yet to mirror may have become a daemon. */
	if (!__atomic_load_n(&is_used, __ATOMIC_RELAXED))
		return;
	is_a_childs = true;
	__atomic_store_n(&is_over, true, __ATOMIC_SEQ_CST);
}

void
mirror_eal_watch(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	struct mirror_bus *bus = NULL;

	if (mirror_eal_is_up())
		__atomic_store_n(&is_used, true, __ATOMIC_RELAXED);
	pthread_mutex_lock(&mutex);
	if (clean_up_bus == NULL)
		bus = (struct mirror_bus *)rte_bus_find(NULL, has_no_cleanup, NULL);
	if (bus != NULL) {
		clean_up_bus = bus->cleanup;
		__atomic_store_n(&bus->cleanup, on_cleanup, __ATOMIC_RELEASE);
		pthread_atfork(NULL, NULL, on_fork);
	}
	pthread_mutex_unlock(&mutex);
}
