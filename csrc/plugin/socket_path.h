/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_SOCKET_PATH_H
#define MIRROR_PLUGIN_SOCKET_PATH_H

/**
 * @file
 * The path of a socket: in a directory that only this process' user may write to.
 */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

/** Bytes of a path in an address, the terminating 0 included. */
#define SOCKET_PATH_SIZE sizeof(((struct sockaddr_un *)NULL)->sun_path)

/** A socket in the file system, and who has made it. */
struct socket_path {
	char path[SOCKET_PATH_SIZE]; /**< "": none is made */
	dev_t device;
	ino_t inode;
	pid_t pid;
};

/**
 * Binds a listening socket to a path, which nobody but this process' user can connect to. What a process that has died
 * has left there is replaced.
 *
 * @param made
 *   Filled in.
 * @param asked
 *   What has asked for it, and refusals begin with.
 * @param type
 *   SOCK_STREAM or SOCK_SEQPACKET.
 * @return
 *   The socket, which does not block, or a negative errno, the refusal kept.
 */
int mirror_socket_path_bind(
		struct socket_path *made, const char *path, const char *asked, int type);
/** Whether that would do, now: 0 or a negative errno, the refusal kept. */
int mirror_socket_path_check(const char *path, const char *asked);
/** Whether there is a socket whose process has died. One that lives learns nothing of the question. */
bool mirror_socket_path_is_dead(const char *path);
/** Removes the socket from the file system, if it is still the one that this process has made. */
void mirror_socket_path_remove(const struct socket_path *made);

#endif /* MIRROR_PLUGIN_SOCKET_PATH_H */
