/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>
#include <unistd.h>

#include "../eal_gate.h"
#include "../threads.h"
#include "counters.h"
#include "drains.h"
#include "error.h"
#include "plan.h"
#include "points.h"
#include "ports.h"
#include "registry.h"
#include "watch.h"

/* Queues that a reconfiguration brought are mirrored after this time at the latest. */
#define PERIOD_US 500000

/* How long a poller may take to leave the data path meanwhile. */
#define POLLER_US 1000

static bool is_running;
/* What else is looked at, without the mutex. */
static void (*look_also)(void);

static bool
has_work(void)
{
	const struct mirror_point *point;

	if (!TAILQ_EMPTY(&mirror_all))
		return true;
	for (point = mirror_points(); point != NULL; point = point->next) {
		/* Attached with nothing to do, until the port's traffic proves that it can be detached. */
		if (point->attached != NULL && mirror_port_exists(point->port_id))
			return true;
	}
	return false;
}

static void
tell_counters(void)
{
	const struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next)
		mirror_counters_tell(mirror);
}

/* What ethdev has no event for: ports that stop, and queues that come and go. Whether to look again. */
static bool
look(void)
{
	bool go_on;

	/* EAL's end does not wait for a thread that waits for the registry. */
	if (!mirror_eal_enter())
		return false;
	/* Before, since what may be held depends on it. */
	mirror_drains_keep_off_pollers();
	/* What a poller holds up, by staying inside for longer, is done next time. */
	(void)mirror_plan_apply(NULL, POLLER_US);
	tell_counters();
	mirror_points_tidy();
	go_on = has_work();
	mirror_eal_leave();
	return go_on;
}

static uint32_t
watch(void *arg __rte_unused)
{
	void (*also)(void);
	bool go_on;

	do {
		usleep(PERIOD_US);
		mirror_registry_lock_mutex();
		go_on = is_running = look();
		also = look_also;
		mirror_registry_unlock_mutex();
		if (go_on && also != NULL)
			also();
	} while (go_on);
	return 0;
}

void
mirror_watch_also(void (*also)(void))
{
	mirror_registry_lock_mutex();
	look_also = also;
	mirror_registry_unlock_mutex();
}

int
mirror_watch(void)
{
	int rc;

	mirror_eal_watch();
	rc = mirror_ports_watch(mirror_registry_try_tidy);
	if (rc != 0 || is_running)
		return rc;
	rc = mirror_thread_create("mirror-watch", watch, NULL);
	if (rc != 0)
		return mirror_refuse(-rc, "cannot start the thread that watches ports: %s",
				strerror(-rc));
	is_running = true;
	return 0;
}
