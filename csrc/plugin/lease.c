/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../capture/clock.h"
#include "lease.h"
#include "refusal.h"

#define SECOND_NS UINT64_C(1000000000)

/* Reads a file of /proc whole, as far as there is room: 0 or -errno. */
static int
read_file(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length;
	int rc;

	if (fd < 0)
		return -errno;
	length = read(fd, text, size - 1);
	rc = length < 0 ? -errno : 0;
	close(fd);
	text[length > 0 ? length : 0] = '\0';
	return rc;
}

/* When a process has started: 0 or -errno; -ENOENT or -ESRCH if there is none, or if it has ended. */
static int
find_start(uint32_t pid, uint64_t *start)
{
	char path[32], text[1024], state;
	const char *fields;
	int rc;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/stat", pid);
	rc = read_file(path, text, sizeof(text));
	if (rc != 0)
		return rc;
	/* Its name, which may have any characters, stands in parentheses before. Then 18 fields lie between the two. */
	fields = strrchr(text, ')');
	if (fields == NULL ||
			sscanf(fields,
					") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
					"%*s %*s %*s %*s %" SCNu64,
					&state, start) != 2)
		return -EPROTO;
	/* One that nobody has waited for yet has ended all the same. */
	return state == 'Z' || state == 'X' ? -ESRCH : 0;
}

int
mirror_lease_check_process(const struct lease_process *process)
{
	uint64_t start;
	int rc = process->pid != 0 ? find_start(process->pid, &start) : 0;

	if (rc == 0 && process->pid != 0 && start != process->start)
		rc = -ESRCH;
	if (rc == -ENOENT || rc == -ESRCH)
		return mirror_plugin_refuse(ENOTSUP,
				"process %" PRIu32
				": the application sees none of that number and start: it has ended, or the "
				"application is in another namespace, as in a container: give a time, by lease or --for",
				process->pid);
	if (rc != 0)
		return mirror_plugin_refuse(-rc,
				"process %" PRIu32
				": the application cannot look at it: %s: give a time, by lease or --for",
				process->pid, strerror(-rc));
	return 0;
}

void
mirror_lease_set_time(struct lease *lease, uint64_t seconds)
{
	lease->seconds = seconds;
	lease->end_ns = seconds != 0 ? mirror_capture_monotonic() + seconds * SECOND_NS : 0;
}

/* Not as long as nobody can tell: the process may have no file descriptor left just now. */
static bool
has_ended(const struct lease_process *process)
{
	uint64_t start;
	int rc = find_start(process->pid, &start);

	return rc == -ENOENT || rc == -ESRCH || (rc == 0 && start != process->start);
}

bool
mirror_lease_is_over(const struct lease *lease, char reason[LEASE_REASON_SIZE])
{
	if (lease->end_ns != 0 && mirror_capture_monotonic() >= lease->end_ns) {
		snprintf(reason, LEASE_REASON_SIZE, "its %" PRIu64 " s are over", lease->seconds);
		return true;
	}
	if (lease->process.pid == 0 || !has_ended(&lease->process))
		return false;
	snprintf(reason, LEASE_REASON_SIZE,
			"process %" PRIu32 ", which it was to end with, has ended",
			lease->process.pid);
	return true;
}

uint64_t
mirror_lease_left(const struct lease *lease)
{
	const uint64_t at = mirror_capture_monotonic();

	return lease->end_ns > at ? (lease->end_ns - at + SECOND_NS - 1) / SECOND_NS : 0;
}
