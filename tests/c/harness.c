/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ftw.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_eal.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "harness.h"

static char runtime_directory[] = "/tmp/mirror-test-XXXXXX";
static const char *current = "set-up";

static int
remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
remove_runtime_directory(void)
{
	nftw(runtime_directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void
test_fail(const char *file, int line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "%s:%d: %s: ", file, line, current);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	remove_runtime_directory();
	/* Other threads are still at work: no handlers, no cleanup. */
	_exit(1);
}

void
test_skip(const char *why)
{
	printf("skipped: %s\n", why);
	fflush(stdout);
	remove_runtime_directory();
	_exit(77);
}

uint64_t
test_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void
test_pause(void)
{
	usleep(50);
}

static unsigned int
lcore_of(unsigned int worker)
{
	unsigned int lcore = rte_get_next_lcore(-1, 1, 0);

	while (worker-- > 0)
		lcore = rte_get_next_lcore(lcore, 1, 0);
	return lcore;
}

void
test_launch(unsigned int worker, int (*run)(void *), void *arg)
{
	CHECK_EQ(rte_eal_remote_launch(run, arg, lcore_of(worker)), 0);
}

void
test_join(unsigned int worker)
{
	CHECK_EQ(rte_eal_wait_lcore(lcore_of(worker)), 0);
}

/* Every lcore may use all the CPUs that this process may, however few. */
static void
describe_lcores(char *text, size_t size)
{
	int cpu, length = snprintf(text, size, "(0-%d)@(", TEST_WORKERS);
	const char *separator = "";
	cpu_set_t set;

	CHECK_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		length += snprintf(text + length, size - length, "%s%d", separator, cpu);
		separator = ",";
	}
	CHECK(length + 1 < (int)size);
	strcat(text, ")");
}

void
test_start(char *program)
{
	char lcores[4096];
	char *args[] = { program, "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m",
		"512", "--log-level=lib.mirror:critical", "--lcores", lcores, NULL };

	setvbuf(stdout, NULL, _IOLBF, 0);
	describe_lcores(lcores, sizeof(lcores));
	CHECK(mkdtemp(runtime_directory) != NULL);
	CHECK_EQ(setenv("RUNTIME_DIRECTORY", runtime_directory, 1), 0);
	CHECK(rte_eal_init(RTE_DIM(args) - 1, args) >= 0);
}

void
test_name(const char *name)
{
	current = name;
}

void
test_end(void)
{
	current = "end";
	CHECK_EQ(rte_eal_cleanup(), 0);
	remove_runtime_directory();
}
