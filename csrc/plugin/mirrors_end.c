/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_log.h>

#include "../control/watch.h"
#include "../eal_gate.h"
#include "../threads.h"
#include "ended.h"
#include "log.h"
#include "mirrors.h"
#include "turn.h"

/* Mirrors that are over: the thread that watches ports finds them, and another ends them, since that may take time. */

/* Whether that thread is at it. */
static bool is_ending;

/* So many looks later what could not be ended is tried again: others have their turn meanwhile. */
#define NB_OFF 20

static unsigned int nb_off;

/* Ends a mirror as a command would: whether it could be, for there may be a poller inside. */
static bool
end(uint32_t id, const char *reason)
{
	struct rte_mirror_stats stats = { 0 };
	struct rte_mirror_info info;
	int rc = rte_mirror_info_get(id, &info);

	if (rc != 0)
		return false;
	/* What it has counted then is all that its target gets. One that has stopped counts no more. */
	if (info.state != RTE_MIRROR_STOPPED)
		(void)rte_mirror_pause(id);
	(void)rte_mirror_stats_get(id, &stats);
	/* Before others have their turn, while its target ends. */
	mirror_ended_note(&info, &stats, reason);
	rc = mirror_asked_remove(id);
	if (rc == 0)
		mirror_plugin_log(RTE_LOG_NOTICE, "%s has ended: %s", info.name, reason);
	return rc == 0;
}

static uint32_t
end_all(void *arg __rte_unused)
{
	char reason[RTE_MIRROR_REASON_SIZE];
	uint32_t id, before = UINT32_MAX;

	mirror_turn_take();
	if (mirror_eal_enter()) {
		while (mirror_asked_sweep() == 0 && mirror_asked_find_over(before, &id, reason)) {
			if (!end(id, reason))
				nb_off = NB_OFF; /* the watcher sees it with is_ending */
			before = id;
		}
		mirror_eal_leave();
	}
	mirror_turn_give();
	__atomic_store_n(&is_ending, false, __ATOMIC_RELEASE);
	return 0;
}

/* On the watcher's thread. */
static void
look(void)
{
	char reason[RTE_MIRROR_REASON_SIZE];
	bool is_over;
	uint32_t id;

	if (__atomic_load_n(&is_ending, __ATOMIC_ACQUIRE))
		return;
	if (nb_off > 0) {
		nb_off--;
		return;
	}
	if (!mirror_turn_try())
		return;
	is_over = mirror_asked_find_over(UINT32_MAX, &id, reason);
	mirror_turn_give();
	if (!is_over)
		return;
	__atomic_store_n(&is_ending, true, __ATOMIC_RELAXED);
	if (mirror_thread_create("mirror-end", end_all, NULL) != 0)
		__atomic_store_n(&is_ending, false, __ATOMIC_RELAXED);
}

void
mirror_asked_watch(void)
{
	mirror_watch_also(look);
}
