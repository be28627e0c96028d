/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>

#include "../eal_gate.h"
#include "caller.h"
#include "check.h"
#include "config.h"
#include "drains.h"
#include "error.h"
#include "plan.h"
#include "registry.h"
#include "selection.h"

/* How long a poller may stay inside the data path before that is an error. Bursts take microseconds. */
#define TIMEOUT_US 5000000

/* How long a target may take for what its rings still hold, and how often that is looked at. */
#define QUIET_US     1000000
#define QUIET_NAP_US 100

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* In a child of fork() nobody holds it. Whether the child may call is mirror_check_caller()'s to say. */
static void
in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static void __attribute__((constructor))
watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

/* A command goes no further once EAL ends: what it comes to next may be gone when it does. */
static int
lock(void)
{
	pthread_mutex_lock(&mutex);
	if (!mirror_eal_must_leave())
		return 0;
	pthread_mutex_unlock(&mutex);
	return mirror_refuse(ESHUTDOWN, "the application is ending");
}

int
mirror_registry_lock(void)
{
	int rc = mirror_check_caller();

	return rc == 0 ? lock() : rc;
}

int
mirror_registry_lock_for(const struct rte_mirror_param *param, struct mirror_selection **selection)
{
	int rc = mirror_check_caller();

	if (rc == 0)
		rc = mirror_check_param(param);
	/* Without the mutex: it takes as long as it takes to resolve the names in a filter. */
	if (rc == 0)
		rc = mirror_selection_make(param, selection);
	if (rc != 0)
		return rc;
	rc = lock();
	if (rc != 0)
		mirror_selection_leave(*selection);
	return rc;
}

void
mirror_registry_unlock(void)
{
	mirror_pools_tidy();
	pthread_mutex_unlock(&mutex);
}

void
mirror_registry_lock_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

void
mirror_registry_unlock_mutex(void)
{
	pthread_mutex_unlock(&mutex);
}

void
mirror_registry_try_tidy(void)
{
	if (pthread_mutex_trylock(&mutex) != 0)
		return;
	mirror_pools_tidy();
	pthread_mutex_unlock(&mutex);
}

int
mirror_registry_apply(const struct mirror *mirror, const struct mirror *newcomer)
{
	int rc = mirror_plan_apply(newcomer, TIMEOUT_US);

	switch (rc) {
	case 0:
		return 0;
	case -ETIMEDOUT:
		return mirror_refuse(ETIMEDOUT,
				"a poller has stayed inside a mirror for %d s: does the caller hold its "
				"lock? Call again once it has left",
				TIMEOUT_US / 1000000);
	case -ENOMEM:
		return mirror_refuse(ENOMEM, "out of memory");
	case -ENOTSUP:
		return mirror_refuse(ENOTSUP,
				"this DPDK has no rx/tx callbacks: build it with RTE_ETHDEV_RXTX_CALLBACKS");
	default:
		return mirror_refuse(-rc, "port %u: cannot attach to its queues: %s",
				mirror->source_port, strerror(-rc));
	}
}

int
mirror_registry_wait_quiet(struct mirror **mirror, uint32_t mirror_id)
{
	const uint64_t timeout = rte_get_timer_hz() / US_PER_S * QUIET_US;
	const uint64_t deadline = rte_get_timer_cycles() + timeout;

	mirror_drains_close(*mirror);
	while (*mirror != NULL && !mirror_drains_are_quiet(*mirror)) {
		if (rte_get_timer_cycles() >= deadline || mirror_eal_must_leave())
			return mirror_refuse(ETIMEDOUT,
					"%s gets nothing any more, but its target is at work on what it had "
					"got, for a second now: call again when it is done",
					(*mirror)->name);
		pthread_mutex_unlock(&mutex);
		usleep(QUIET_NAP_US);
		pthread_mutex_lock(&mutex);
		*mirror = mirror_find(mirror_id);
	}
	return 0;
}
