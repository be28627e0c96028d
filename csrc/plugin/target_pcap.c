/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refusal.h"
#include "target.h"

static int
check(const struct target *target)
{
	struct stat status;
	int rc = mirror_target_path_check(target);

	if (rc != 0)
		return rc;
	if (lstat(target->value, &status) == 0)
		return mirror_plugin_refuse(EEXIST,
				"%s: the file exists, and would be overwritten: move it away, or choose another "
				"name",
				target->shown);
	return mirror_target_path_check_directory(target, "that file");
}

/* The driver would make it for all to read, and write over one that has come meanwhile. */
static int
prepare(struct target *target)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(target->value, flags, S_IRUSR | S_IWUSR);
	struct stat status = { 0 };

	if (fd < 0)
		return mirror_plugin_refuse(errno, "%s: the application cannot make that file: %s",
				target->shown, strerror(errno));
	fstat(fd, &status);
	close(fd);
	target->file_device = status.st_dev;
	target->file_inode = status.st_ino;
	return 0;
}

/* What was captured stays. So does what somebody else has put in the file's place. */
static void
clean_up(const struct target *target, bool was_used)
{
	struct stat status;

	if (!was_used && lstat(target->value, &status) == 0 &&
			status.st_dev == target->file_device && status.st_ino == target->file_inode)
		unlink(target->value);
}

static void
describe(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	snprintf(args, TARGET_ARGS_SIZE, "tx_pcap=%s", target->value);
}

/* It has a file for each queue. Its rx queue is a dummy. */
const struct target_kind mirror_target_pcap = {
	.name = "pcap",
	.value = "FILE",
	.meaning = "a new capture file in the old pcap format (not pcapng), written until the mirror is removed",
	.driver = "net_pcap",
	.max_queues = 1,
	.check = check,
	.prepare = prepare,
	.describe = describe,
	.clean_up = clean_up,
};
