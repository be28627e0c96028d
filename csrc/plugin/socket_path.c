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

/* What a socket's name ends with until it can be connected to. */
#define NEW             ".new"
#define MAX_PATH_LENGTH (SOCKET_PATH_SIZE - sizeof(NEW))

static int
refuse(const char *asked, int error, const char *why)
{
	return mirror_plugin_refuse(error, "%s: %s", asked, why);
}

/* Opens the directory of a path, if nobody else may write there. */
static int
open_directory(const char *path, const char *asked)
{
	char directory[SOCKET_PATH_SIZE];
	const char *slash = strrchr(path, '/');
	struct stat status;
	int fd;

	if (path[0] != '/' || slash[1] == '\0' || strlen(path) > MAX_PATH_LENGTH)
		return refuse(asked, EINVAL, "give an absolute path of at most 103 bytes");
	static_assert(MAX_PATH_LENGTH == 103, "as it says");
	/* That of a file in / is /. */
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + (slash == path), path);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return refuse(asked, errno, strerror(errno));
	if (fstat(fd, &status) != 0 || status.st_uid != geteuid() ||
			(status.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		close(fd);
		return refuse(asked, EPERM,
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
open_socket(int type)
{
	return socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* Of another type than what listens: a connection is refused for that, if there is anything to connect to. */
bool
mirror_socket_path_is_dead(const char *path)
{
	const struct sockaddr_un address = address_of(path);
	int fd = open_socket(SOCK_DGRAM);
	bool is_dead;

	if (fd < 0)
		return false;
	is_dead = connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 &&
			errno == ECONNREFUSED;
	close(fd);
	return is_dead;
}

/* Whether there is nothing at the path but what a process that has died may have left: 0 or a negative errno. */
static int
check_is_free(int directory, const char *path, const char *asked)
{
	const char *name = strrchr(path, '/') + 1;
	struct stat status;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (!S_ISSOCK(status.st_mode))
		return refuse(asked, EEXIST,
				"there is a file, and no socket: remove it, or choose another path");
	if (!mirror_socket_path_is_dead(path))
		return refuse(asked, EADDRINUSE,
				"another process has a socket there: choose another path");
	return 0;
}

/* Removes that; anything else there is left alone. */
static int
clear(int directory, const char *path, const char *asked)
{
	int rc = check_is_free(directory, path, asked);

	if (rc != 0 || unlinkat(directory, strrchr(path, '/') + 1, 0) == 0 || errno == ENOENT)
		return rc;
	return refuse(asked, errno, strerror(errno));
}

/* Binds a socket to a path, listens, and then renames it to the path that was made for: there it can be connected to at once. */
static int
bind_in(int directory, const char *path, const char *asked, int type, struct socket_path *made)
{
	const struct sockaddr_un address = address_of(path);
	const char *name = strrchr(path, '/') + 1, *last = strrchr(made->path, '/') + 1;
	int error, fd = open_socket(type);
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
	return refuse(asked, error, strerror(error));
}

int
mirror_socket_path_bind(struct socket_path *made, const char *path, const char *asked, int type)
{
	int directory = open_directory(path, asked), rc;
	char new_path[SOCKET_PATH_SIZE];

	if (directory < 0)
		return directory;
	strcpy(made->path, path);
	snprintf(new_path, sizeof(new_path), "%s" NEW, path);
	/* Two processes that find the same dead socket replace it one after the other. Closing unlocks. */
	rc = flock(directory, LOCK_EX) == 0 ? 0 : refuse(asked, errno, strerror(errno));
	if (rc == 0)
		rc = clear(directory, path, asked);
	if (rc == 0)
		rc = clear(directory, new_path, asked);
	if (rc == 0)
		rc = bind_in(directory, new_path, asked, type, made);
	close(directory);
	if (rc < 0)
		made->path[0] = '\0';
	return rc;
}

int
mirror_socket_path_check(const char *path, const char *asked)
{
	int directory = open_directory(path, asked), rc;

	if (directory < 0)
		return directory;
	rc = check_is_free(directory, path, asked);
	if (rc == 0 && faccessat(directory, ".", W_OK | X_OK, AT_EACCESS) != 0)
		rc = refuse(asked, errno, strerror(errno));
	close(directory);
	return rc;
}

void
mirror_socket_path_remove(const struct socket_path *made)
{
	struct stat status;

	/* A child of fork() ends without it. */
	if (made->path[0] == '\0' || made->pid != getpid())
		return;
	if (lstat(made->path, &status) == 0 && status.st_dev == made->device &&
			status.st_ino == made->inode)
		unlink(made->path);
}
