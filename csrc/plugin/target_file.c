/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "target.h"

/* Targets that have a path: a capture file, a socket. */

/* What DPDK takes a device's arguments apart at. */
#define SEPARATORS ",=[]"

/* Fits into a device's arguments. */
#define MAX_PATH 768

static int
check_path(const struct target *target)
{
	const char *path = target->value, *c;

	if (path[0] != '/')
		return plugin_refuse(EINVAL,
				"%s: the path is not absolute: the application may run in another directory",
				target->shown);
	for (c = path; *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f || strchr(SEPARATORS, *c) != NULL)
			return plugin_refuse(EINVAL,
					"%s: DPDK cannot have control characters, or any of " SEPARATORS
					", in a path: choose another",
					target->shown);
	}
	if (c - path > MAX_PATH)
		return plugin_refuse(EINVAL, "%s: a path may have %d bytes here", target->shown,
				MAX_PATH);
	if (c[-1] == '/')
		return plugin_refuse(EINVAL, "%s: that is a directory: name a file in it",
				target->shown);
	return 0;
}

static int
check_directory(const struct target *target, const char *what)
{
	char path[MAX_PATH + 1];
	char *slash;

	rte_strscpy(path, target->value, sizeof(path));
	slash = strrchr(path, '/');
	/* The root directory's name is its slash. */
	slash[slash == path] = '\0';
	if (access(path, W_OK | X_OK) != 0)
		return plugin_refuse(errno, "%s: the application cannot make %s in %s: %s",
				target->shown, what, path, strerror(errno));
	return 0;
}

int
target_pcap_check(const struct target *target)
{
	struct stat status;
	int rc = check_path(target);

	if (rc != 0)
		return rc;
	if (lstat(target->value, &status) == 0)
		return plugin_refuse(EEXIST,
				"%s: the file exists, and would be overwritten: move it away, or choose another "
				"name",
				target->shown);
	return check_directory(target, "that file");
}

/* The driver would make it for all to read, and write over one that has come meanwhile. */
int
target_pcap_prepare(struct target *target)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = open(target->value, flags, S_IRUSR | S_IWUSR);
	struct stat status = { 0 };

	if (fd < 0)
		return plugin_refuse(errno, "%s: the application cannot make that file: %s",
				target->shown, strerror(errno));
	fstat(fd, &status);
	close(fd);
	target->file_device = status.st_dev;
	target->file_inode = status.st_ino;
	return 0;
}

/* What was captured stays. So does what somebody else has put in the file's place. */
void
target_pcap_clean_up(const struct target *target, bool was_used)
{
	struct stat status;

	if (!was_used && lstat(target->value, &status) == 0 &&
			status.st_dev == target->file_device && status.st_ino == target->file_inode)
		unlink(target->value);
}

/* Whether there is a socket at that path that nobody listens on: its process has died. */
static bool
is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool is_refused;

	if (fd < 0)
		return false;
	is_refused = connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
			errno == ECONNREFUSED;
	close(fd);
	return is_refused;
}

int
target_vhost_check(const struct target *target)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat status;
	int rc = check_path(target);

	if (rc != 0)
		return rc;
	if (rte_strscpy(address.sun_path, target->value, sizeof(address.sun_path)) < 0)
		return plugin_refuse(EINVAL, "%s: a socket's path has at most %zu bytes",
				target->shown, sizeof(address.sun_path) - 1);
	if (lstat(target->value, &status) != 0)
		return check_directory(target, "a socket");
	if (!S_ISSOCK(status.st_mode) || !is_stale(&address))
		return plugin_refuse(EEXIST,
				"%s: the path exists: choose another, or remove it if nobody uses it",
				target->shown);
	return 0;
}

/* The driver takes no path that exists, and would remove it when it fails; a stale socket is worth nothing. */
int
target_vhost_prepare(struct target *target)
{
	if (unlink(target->value) != 0 && errno != ENOENT)
		return plugin_refuse(errno, "%s: the socket that is there cannot be removed: %s",
				target->shown, strerror(errno));
	return 0;
}
