/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_STREAM_SOCKET_H
#define MIRROR_PLUGIN_STREAM_SOCKET_H

/**
 * @file
 * A socket in the file system that one reader at a time connects to. Who may do so is the folder's and the socket's mode
 * to say, 0700 and 0600, and nobody else's: what the kernel tells of the other end is not to be trusted across namespaces
 * of users. A child of fork() has none of it.
 */

#include <stdbool.h>

#include "socket_path.h"

struct stream_socket {
	int fd; /**< negative: closed */
	struct socket_path path;
};

/** Removes what dead processes of the user's have left in the folders that paths are chosen in. */
void mirror_stream_sockets_sweep(void);
/** Chooses a path where nothing is, in a folder of the process' user's, which there need not be yet: 0 or -errno, the refusal kept. */
int mirror_stream_socket_choose(char path[SOCKET_PATH_SIZE]);

/** Whether there can be a socket, now: 0 or -errno, the refusal kept. */
int mirror_stream_socket_check(const char *path, const char *asked);
/**
 * Listens at a path, for whom asked is: 0 or -errno, the refusal kept. If it is in the folder that paths are chosen in, makes that,
 * and removes what dead processes have left there.
 */
int mirror_stream_socket_open(struct stream_socket *socket, const char *path, const char *asked);
/** The connection of somebody who has come, which does not block; negative: nobody. */
int mirror_stream_socket_accept(const struct stream_socket *socket);
/** Tells the other end of a connection that nothing comes any more: it is to be closed after that. */
void mirror_stream_socket_hang_up(int connection);
/** Ends the connection of somebody who has come. */
void mirror_stream_socket_turn_away(const struct stream_socket *socket);
/** Whether the other end of a connection is closed. */
bool mirror_stream_socket_is_left(int connection);
/** Listens no more, and removes the path. May be closed already. */
void mirror_stream_socket_close(struct stream_socket *socket);

#endif /* MIRROR_PLUGIN_STREAM_SOCKET_H */
