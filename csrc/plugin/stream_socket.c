/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own_fds.h"
#include "refusal.h"
#include "stream_socket.h"

#define SUFFIX     ".sock"
#define NB_FOLDERS 4
/* What a stream keeps of what its reader has not read yet. The kernel counts twice as much. */
#define BUFFER_SIZE (1 << 19)

static const char folder_name[] = "dpdk-mirror-";

/* Whether a folder is for this user alone, and can be had: it is there, or can be made. */
static bool
is_ours(const char *path, const char *parent)
{
	struct stat status;

	if (lstat(path, &status) != 0)
		return errno == ENOENT && faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) == 0;
	return S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
			(status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Whether a path is one that is chosen here; its folder. */
static bool
is_chosen(const char *path, char folder[SOCKET_PATH_SIZE])
{
	char name[sizeof(folder_name) + 16];
	char *slash;

	snprintf(folder, SOCKET_PATH_SIZE, "%s", path);
	slash = strrchr(folder, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	snprintf(name, sizeof(name), "%s%d", folder_name, (int)geteuid());
	slash = strrchr(folder, '/');
	return slash != NULL && strcmp(slash + 1, name) == 0;
}

/* Removes what processes that have died have left. */
static void
sweep(const char *folder)
{
	char path[SOCKET_PATH_SIZE];
	DIR *entries = opendir(folder);
	struct dirent *entry;
	struct stat status;
	const char *suffix;

	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		suffix = strrchr(entry->d_name, '.');
		if (suffix == NULL || strcmp(suffix, SUFFIX) != 0 ||
				snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name) >=
						(int)sizeof(path))
			continue;
		/* What is no socket at all refuses connections, too. */
		if (lstat(path, &status) == 0 && S_ISSOCK(status.st_mode) &&
				mirror_socket_path_is_dead(path))
			unlink(path);
	}
	if (entries != NULL)
		closedir(entries);
}

/* A name that is not there: a process of another namespace may have the same pid. */
static int
choose_name(const char *folder, char path[SOCKET_PATH_SIZE])
{
	static unsigned int number;
	unsigned int tries;
	struct stat status;

	for (tries = 0; tries < 1000; tries++) {
		if (snprintf(path, SOCKET_PATH_SIZE, "%s/%d-%u" SUFFIX, folder, (int)getpid(),
				    ++number) < (int)SOCKET_PATH_SIZE &&
				lstat(path, &status) != 0)
			return 0;
	}
	return -EEXIST;
}

/* The folder that may be chosen first, second, ...; false: it is another's, or cannot be had. */
static bool
find_folder(unsigned int i, char folder[SOCKET_PATH_SIZE])
{
	const char *parents[NB_FOLDERS] = { secure_getenv("XDG_RUNTIME_DIR"), "/run", "/tmp",
		"/dev/shm" };
	const char *parent = parents[i];

	return parent != NULL && parent[0] == '/' &&
			snprintf(folder, SOCKET_PATH_SIZE, "%s/%s%d", parent, folder_name,
					(int)geteuid()) < (int)SOCKET_PATH_SIZE &&
			is_ours(folder, parent);
}

void
mirror_stream_sockets_sweep(void)
{
	char folder[SOCKET_PATH_SIZE];
	unsigned int i;

	for (i = 0; i < NB_FOLDERS; i++) {
		if (find_folder(i, folder))
			sweep(folder);
	}
}

int
mirror_stream_socket_choose(char path[SOCKET_PATH_SIZE])
{
	char folder[SOCKET_PATH_SIZE];
	unsigned int i;

	for (i = 0; i < NB_FOLDERS; i++) {
		if (find_folder(i, folder) && choose_name(folder, path) == 0)
			return 0;
	}
	return mirror_plugin_refuse(EACCES,
			"stream: the application can make no folder of its own in /run, /tmp or /dev/shm: "
			"give a path, stream:/PATH");
}

int
mirror_stream_socket_check(const char *path, const char *asked)
{
	char folder[SOCKET_PATH_SIZE], parent[SOCKET_PATH_SIZE];
	struct stat status;

	/* That is to be made. */
	if (is_chosen(path, folder) && lstat(folder, &status) != 0) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(folder, '/') - folder),
				folder);
		if (is_ours(folder, parent))
			return 0;
	}
	return mirror_socket_path_check(path, asked);
}

int
mirror_stream_socket_open(struct stream_socket *stream, const char *path, const char *asked)
{
	char folder[SOCKET_PATH_SIZE];
	int fd;

	if (is_chosen(path, folder)) {
		(void)mkdir(folder, S_IRWXU);
		sweep(folder);
	}
	/* Without the lock: it waits for others who are after the same path. */
	fd = mirror_socket_path_bind(&stream->path, path, asked, SOCK_STREAM);

	mirror_own_fds_lock();
	if (fd >= 0)
		mirror_own_fds_add(fd);
	mirror_own_fds_unlock();
	stream->fd = fd;
	return fd < 0 ? fd : 0;
}

/* By default it is less than half of that: a reader has little at a time, and both ends wake each other more often. */
static void
widen(int connection)
{
	const int size = BUFFER_SIZE;

	/* Without privileges, as much as everybody may have. */
	if (setsockopt(connection, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

int
mirror_stream_socket_accept(const struct stream_socket *stream)
{
	int fd;

	mirror_own_fds_lock();
	fd = accept4(stream->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		mirror_own_fds_add(fd);
	mirror_own_fds_unlock();
	if (fd >= 0)
		widen(fd);
	return fd;
}

void
mirror_stream_socket_hang_up(int connection)
{
	mirror_own_fds_lock();
	mirror_own_fds_remove(connection);
	/* Also in a child that has a copy of it from now on. */
	shutdown(connection, SHUT_RDWR);
	mirror_own_fds_unlock();
}

void
mirror_stream_socket_turn_away(const struct stream_socket *stream)
{
	int fd = stream->fd >= 0 ? mirror_stream_socket_accept(stream) : -1;

	if (fd < 0)
		return;
	mirror_stream_socket_hang_up(fd);
	close(fd);
}

bool
mirror_stream_socket_is_left(int connection)
{
	struct pollfd fd = { .fd = connection };

	/* Who has only ceased to write may read still. */
	return poll(&fd, 1, 0) == 1 && (fd.revents & (POLLHUP | POLLERR)) != 0;
}

void
mirror_stream_socket_close(struct stream_socket *stream)
{
	if (stream->fd < 0)
		return;
	mirror_own_fds_lock();
	mirror_own_fds_remove(stream->fd);
	close(stream->fd);
	mirror_own_fds_unlock();
	stream->fd = -1;
	mirror_socket_path_remove(&stream->path);
}
