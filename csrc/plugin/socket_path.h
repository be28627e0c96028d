/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_SOCKET_PATH_H
#define MIRROR_PLUGIN_SOCKET_PATH_H

/**
 * @file
 * The path of the library's own socket: in a directory that only this process' user may write to.
 */

#include <sys/types.h>

/** A socket in the file system, and who has made it. */
struct socket_path {
	const char *path;
	dev_t device;
	ino_t inode;
	pid_t pid;
};

/**
 * Binds a listening SEQPACKET socket to a path, which nobody but this process' user can connect to. What a process that
 * has died has left there is replaced.
 *
 * @param made
 *   Filled in, path is borrowed.
 * @return
 *   The socket, which does not block, or a negative errno, the refusal kept.
 */
int mirror_socket_path_bind(struct socket_path *made, const char *path);
/** Removes the socket from the file system, if it is still the one that this process has made. */
void mirror_socket_path_remove(const struct socket_path *made);

#endif /* MIRROR_PLUGIN_SOCKET_PATH_H */
