/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <sched.h>
#include <stdlib.h>

#include "drain.h"

/*
 * Where the process may run: wherever one of its threads may. EAL has pinned the first one, and taken the lcores' CPUs from
 * the others; what the process was started with is on record nowhere.
 */
static void
find_allowed(cpu_set_t *allowed)
{
	DIR *threads = opendir("/proc/self/task");
	struct dirent *thread;
	cpu_set_t cpus;

	CPU_ZERO(allowed);
	while (threads != NULL && (thread = readdir(threads)) != NULL) {
		const pid_t tid = (pid_t)strtol(thread->d_name, NULL, 10);

		if (tid > 0 && sched_getaffinity(tid, sizeof(cpus), &cpus) == 0)
			CPU_OR(allowed, allowed, &cpus);
	}
	if (threads != NULL)
		closedir(threads);
}

bool
mirror_cpus_keep_off(pid_t thread, const cpu_set_t *polled)
{
	const struct sched_param none = { 0 };
	cpu_set_t allowed, both, chosen;
	bool has_own;

	find_allowed(&allowed);
	CPU_AND(&both, &allowed, polled);
	CPU_XOR(&chosen, &allowed, &both);
	has_own = CPU_COUNT(&chosen) > 0;
	/* If pollers run there, too, it has what they do not want. Without privileges it cannot come to have more again. */
	sched_setscheduler(thread, has_own ? SCHED_OTHER : SCHED_IDLE, &none);
	sched_setaffinity(thread, sizeof(chosen), has_own ? &chosen : &allowed);
	return has_own && sched_getscheduler(thread) != SCHED_IDLE;
}
