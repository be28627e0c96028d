/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Where captures may be made. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../csrc/capture/newfile.h"
#include "recorded.h"
#include "testbed.h"

static int
make_in(const char *folder, mode_t mode, uid_t owner)
{
	const char *why = NULL;
	char path[64];
	struct stat status;
	int fd, rc;

	CHECK_EQ(mkdir(folder, 0700), 0);
	CHECK_EQ(chown(folder, owner, -1), 0);
	CHECK_EQ(chmod(folder, mode), 0);
	snprintf(path, sizeof(path), "%s/x", folder);
	rc = mirror_capture_newfile_create(path, &fd, &why);
	CHECK_EQ(rc == -EPERM, why != NULL);
	if (rc == 0) {
		CHECK_EQ(fstat(fd, &status), 0);
		CHECK_EQ(status.st_mode, S_IFREG | 0600);
		CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		close(fd);
		CHECK_EQ(unlink(path), 0);
	}
	CHECK_EQ(rmdir(folder), 0);
	return rc;
}

static void
try_folders(void)
{
	const mode_t mask = umask(0);
	const uid_t me = geteuid(), other = 4711;

	CHECK_EQ(make_in("f", 0700, me), 0);
	CHECK_EQ(make_in("f", 0770, me), 0);
	CHECK_EQ(make_in("f", 0777, me), -EPERM);
	CHECK_EQ(make_in("f", 0702, me), -EPERM);
	CHECK_EQ(make_in("f", 01777, me), 0);
	if (me == 0) {
		CHECK_EQ(make_in("f", 0755, other), 0);
		CHECK_EQ(make_in("f", 01777, other), -EPERM);
		CHECK_EQ(make_in("f", 0777, other), -EPERM);
	}
	umask(mask);
}

static void
try_paths(void)
{
	const char *why;
	int fd = -7;

	CHECK_EQ(mirror_capture_newfile_create("nowhere/x", &fd, &why), -ENOENT);
	CHECK_EQ(mirror_capture_newfile_create("", &fd, &why), -ENOENT);
	CHECK_EQ(symlink("target", RECORDED_PATH), 0);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH, &fd, &why), -EEXIST);
	CHECK_EQ(access("target", F_OK), -1);
	CHECK_EQ(unlink(RECORDED_PATH), 0);
	CHECK_EQ(mkfifo(RECORDED_PATH, 0600), 0);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH, &fd, &why), -EEXIST);
	CHECK_EQ(unlink(RECORDED_PATH), 0);
	CHECK_EQ(fd, -7);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH, &fd, &why), 0);
	close(fd);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH, &fd, &why), -EEXIST);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH "/x", &fd, &why), -ENOTDIR);
}

static void
folders_in_which_files_are_taken_away_will_not_do(void)
{
	recorded_in_folder(try_folders);
}

static void
nothing_that_is_there_is_written_to(void)
{
	recorded_in_folder(try_paths);
}

const struct test_case test_cases[] = {
	{ "folders_in_which_files_are_taken_away_will_not_do",
			folders_in_which_files_are_taken_away_will_not_do },
	{ "nothing_that_is_there_is_written_to", nothing_that_is_there_is_written_to },
	{ NULL, NULL },
};
