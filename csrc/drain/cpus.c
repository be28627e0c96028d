/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <rte_cycles.h>

#include "cpus.h"

/* What the kernel's MAKE_THREAD_CPUCLOCK(tid, CPUCLOCK_SCHED) is. */
#define CPU_CLOCK_OF(tid) ((clockid_t)(~(unsigned int)(tid) << 3 | 6))

/* A thread that wants its CPU for so much of the time never sleeps. */
#define POLLER_PERCENT 90

/* So many threads with a CPU of their own are looked at. */
#define MAX_BOUND 256

/* A thread that may run on one CPU alone, and for how long it has wanted it: has run there, or waited for others. */
struct bound {
	pid_t tid;
	uint64_t wanted_ns;
};

struct look {
	uint64_t at_ns;
	unsigned int nb;
	struct bound threads[MAX_BOUND];
};

static uint64_t
mirror_cpus_read_clock(clockid_t clock)
{
	struct timespec time = { 0 };

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * NS_PER_S + (uint64_t)time.tv_nsec;
}

/* Kernels without the file do not say how long it has waited. */
static uint64_t
mirror_cpus_find_wanted(pid_t tid)
{
	uint64_t waited = 0;
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/schedstat", (int)tid);
	file = fopen(path, "re");
	if (file != NULL) {
		if (fscanf(file, "%*u %" SCNu64, &waited) != 1)
			waited = 0;
		fclose(file);
	}
	return mirror_cpus_read_clock(CPU_CLOCK_OF(tid)) + waited;
}

static bool
mirror_cpus_is_poller(const struct look *before, const struct look *now, const struct bound *thread)
{
	const int64_t passed = (int64_t)(now->at_ns - before->at_ns);
	unsigned int i;

	for (i = 0; i < before->nb; i++) {
		if (before->threads[i].tid == thread->tid)
			/* Less than nothing: it is another thread by now. */
			return (int64_t)(thread->wanted_ns - before->threads[i].wanted_ns) * 100 >=
					passed * POLLER_PERCENT;
	}
	return false;
}

static void
mirror_cpus_look_at(
		pid_t tid, const struct look *before, struct look *now, struct mirror_cpus *found)
{
	struct bound *thread = &now->threads[now->nb];
	cpu_set_t cpus;

	if (sched_getaffinity(tid, sizeof(cpus), &cpus) != 0)
		return;
	CPU_OR(&found->allowed, &found->allowed, &cpus);
	if (CPU_COUNT(&cpus) > 1 || now->nb == MAX_BOUND)
		return;
	*thread = (struct bound){ .tid = tid, .wanted_ns = mirror_cpus_find_wanted(tid) };
	if (mirror_cpus_is_poller(before, now, thread))
		CPU_OR(&found->polled, &found->polled, &cpus);
	now->nb++;
}

void
mirror_cpus_find(bool (*is_ours)(pid_t tid), struct mirror_cpus *found)
{
	static struct look looks[2];
	static unsigned int nb_looks;
	const struct look *before = &looks[nb_looks % 2];
	struct look *now = &looks[++nb_looks % 2];
	DIR *threads = opendir("/proc/self/task");
	struct dirent *entry;

	now->nb = 0;
	now->at_ns = mirror_cpus_read_clock(CLOCK_MONOTONIC);
	CPU_ZERO(&found->allowed);
	CPU_ZERO(&found->polled);
	while (threads != NULL && (entry = readdir(threads)) != NULL) {
		const pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && !is_ours(tid))
			mirror_cpus_look_at(tid, before, now, found);
	}
	if (threads != NULL)
		closedir(threads);
}

bool
mirror_cpus_keep_off(pid_t thread, const struct mirror_cpus *cpus)
{
	const struct sched_param none = { 0 };
	cpu_set_t both, chosen;
	bool has_own;

	CPU_AND(&both, &cpus->allowed, &cpus->polled);
	CPU_XOR(&chosen, &cpus->allowed, &both);
	has_own = CPU_COUNT(&chosen) > 0;
	/* If pollers run there, too, it has what they do not want. Without privileges it cannot come to have more again. */
	sched_setscheduler(thread, has_own ? SCHED_OTHER : SCHED_IDLE, &none);
	sched_setaffinity(thread, sizeof(chosen), has_own ? &chosen : &cpus->allowed);
	return has_own && sched_getscheduler(thread) != SCHED_IDLE;
}
