/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

#include "harness.h"
#include "pinned.h"

#define MAX_THREADS 64

/* Where threads might run before. */
static struct {
	pid_t tid;
	cpu_set_t cpus;
} threads[MAX_THREADS];

static unsigned int nb_threads;

static void
pin(pid_t tid, const cpu_set_t *cpus)
{
	cpu_set_t before, after;

	/* Threads end at any time. */
	if (sched_getaffinity(tid, sizeof(before), &before) != 0)
		return;
	CPU_AND(&after, &before, cpus);
	if (sched_setaffinity(tid, sizeof(after), CPU_COUNT(&after) > 0 ? &after : cpus) != 0)
		return;
	CHECK(nb_threads < MAX_THREADS);
	threads[nb_threads].tid = tid;
	threads[nb_threads++].cpus = before;
}

cpu_set_t
pinned_to(unsigned int nb_cpus)
{
	DIR *tasks = opendir("/proc/self/task");
	int cpu = sched_getcpu();
	struct dirent *task;
	cpu_set_t cpus;

	CHECK(tasks != NULL && cpu >= 0);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN) && CPU_COUNT(&cpus) < (int)nb_cpus; cpu++)
		CPU_SET(cpu, &cpus);
	if (CPU_COUNT(&cpus) < (int)nb_cpus)
		test_skip("there are too few CPUs");
	nb_threads = 0;
	while ((task = readdir(tasks)) != NULL) {
		if (atoi(task->d_name) > 0)
			pin(atoi(task->d_name), &cpus);
	}
	closedir(tasks);
	return cpus;
}

void
pinned_back(void)
{
	unsigned int i;

	for (i = 0; i < nb_threads; i++)
		sched_setaffinity(threads[i].tid, sizeof(threads[i].cpus), &threads[i].cpus);
}

void
pinned_here(void)
{
	const int cpu = sched_getcpu();
	cpu_set_t cpus;

	CHECK(cpu >= 0);
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	CHECK_EQ(sched_setaffinity(0, sizeof(cpus), &cpus), 0);
}
