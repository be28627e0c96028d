/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "newfile.h"

/* Opened once, so that what is checked and what is written to are the same. */
static int
open_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder;
	int fd;

	if (slash == NULL)
		return open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* That of a file in / is /. */
	folder = strndup(path, slash - path + (slash == path));
	if (folder == NULL)
		return -1;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	return fd;
}

static int
check_folder(int folder, const char **why)
{
	struct stat status;

	if (fstat(folder, &status) != 0)
		return -errno;
	if ((status.st_mode & S_IWOTH) == 0)
		return 0;
	if ((status.st_mode & S_ISVTX) != 0 && (status.st_uid == 0 || status.st_uid == geteuid()))
		return 0;
	*why = "anybody may write to that folder, and move the file away: choose another, or one "
	       "that is sticky and belongs to root or to the application's user";
	return -EPERM;
}

int
mirror_capture_newfile_check(const char *path, const char **why)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	int folder = open_folder(path), rc;
	struct stat status;

	*why = NULL;
	if (folder < 0)
		return -errno;
	rc = check_folder(folder, why);
	if (rc == 0 && fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
		rc = -EEXIST;
	if (rc == 0 && faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) != 0)
		rc = -errno;
	close(folder);
	return rc;
}

int
mirror_capture_newfile_create(const char *path, int *fd, const char **why)
{
	const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int folder = open_folder(path), made, rc;

	*why = NULL;
	if (folder < 0)
		return -errno;
	rc = check_folder(folder, why);
	if (rc == 0) {
		made = openat(folder, name, flags, S_IRUSR | S_IWUSR);
		if (made >= 0)
			*fd = made;
		else
			rc = -errno;
	}
	close(folder);
	return rc;
}
