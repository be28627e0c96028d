/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "socket_path.h"
#include "refusal.h"

/* Connections that wait to be accepted. */
#define BACKLOG 10

/* Bytes of a path in an address, the terminating 0 included. */
#define PATH_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)

/* What a socket's name ends with until it can be connected to. */
#define NEW             ".new"
#define MAX_PATH_LENGTH (PATH_SIZE - sizeof(NEW))

static int
refuse(const char *path, int error, const char *why)
{
	return mirror_plugin_refuse(error, "DPDK_MIRROR_SOCKET=%s: %s", path, why);
}

/* Opens the directory of a path, if nobody else may write there. */
static int
open_directory(const char *path)
{
	char directory[PATH_SIZE];
	const char *slash = strrchr(path, '/');
	struct stat status;
	int fd;

	if (path[0] != '/' || slash[1] == '\0' || strlen(path) > MAX_PATH_LENGTH)
		return refuse(path, EINVAL, "give an absolute path of at most 103 bytes");
	static_assert(MAX_PATH_LENGTH == 103, "as it says");
	/* That of a file in / is /. */
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + (slash == path), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return refuse(path, errno, strerror(errno));
	if (fstat(fd, &status) != 0 || status.st_uid != geteuid() ||
			(status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		close(fd);
		return refuse(path, EPERM,
				"give a path in a directory that belongs to the user who runs the "
				"application, and that nobody else may write to");
	}
	return fd;
}

static struct sockaddr_un
address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, path);
	return address;
}

static int
open_socket(void)
{
	return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Removes what a process that has died has left at the path; anything else there is left alone. */
static int
clear(int directory, const char *path)
{
	const struct sockaddr_un address = address_of(path);
	const char *name = strrchr(path, '/') + 1;
	struct stat status;
	int fd, error = 0;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return refuse(path, EEXIST, "there is a file, and no socket");
	fd = open_socket();
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	if (error != ECONNREFUSED)
		return refuse(path, EADDRINUSE, "another process has a socket there");
	return unlinkat(directory, name, 0) == 0 ? 0 : refuse(path, errno, strerror(errno));
}

/* Binds a socket to a path, listens, and then renames it to the path that was made for: there it can be connected to at once. */
static int
bind_in(int directory, const char *path, struct socket_path *made)
{
	const struct sockaddr_un address = address_of(path);
	const char *name = strrchr(path, '/') + 1, *last = strrchr(made->path, '/') + 1;
	int error, fd = open_socket();
	bool is_bound = false;
	struct stat status;

	/* Its mode before it is there: nobody else can connect in between. */
	if (fd >= 0 && fchmod(fd, S_IRUSR | S_IWUSR) == 0)
		is_bound = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	if (is_bound && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
			listen(fd, BACKLOG) == 0 &&
			renameat(directory, name, directory, last) == 0) {
		made->device = status.st_dev;
		made->inode = status.st_ino;
		made->pid = getpid();
		return fd;
	}
	error = errno;
	if (is_bound)
		unlinkat(directory, name, 0);
	if (fd >= 0)
		close(fd);
	return refuse(made->path, error, strerror(error));
}

int
mirror_socket_path_bind(struct socket_path *made, const char *path)
{
	int directory = open_directory(path), rc;
	char new_path[PATH_SIZE];

	if (directory < 0)
		return directory;
	made->path = path;
	snprintf(new_path, sizeof(new_path), "%s" NEW, path);
	/* Two processes that find the same dead socket replace it one after the other. Closing unlocks. */
	rc = flock(directory, LOCK_EX) == 0 ? 0 : refuse(path, errno, strerror(errno));
	if (rc == 0)
		rc = clear(directory, path);
	if (rc == 0)
		rc = clear(directory, new_path);
	if (rc == 0)
		rc = bind_in(directory, new_path, made);
	close(directory);
	return rc;
}

void
mirror_socket_path_remove(const struct socket_path *made)
{
	struct stat status;

	/* A child of fork() ends without it. */
	if (made->path == NULL || made->pid != getpid())
		return;
	if (lstat(made->path, &status) == 0 && status.st_dev == made->device &&
			status.st_ino == made->inode)
		unlink(made->path);
}
