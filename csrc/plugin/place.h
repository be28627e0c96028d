/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef PLUGIN_PLACE_H
#define PLUGIN_PLACE_H

/**
 * @file
 * Where the library's own socket is: in a directory that only this process' user may write to.
 */

#include <sys/types.h>

/** A socket in the file system, and who has made it. */
struct place {
	const char *path;
	dev_t device;
	ino_t inode;
	pid_t pid;
};

/**
 * Binds a listening SEQPACKET socket to a path, which nobody but this process' user can connect to. What a process that
 * has died has left there is replaced.
 *
 * @param place
 *   Filled in, path is borrowed.
 * @return
 *   The socket, which does not block, or a negative errno, the refusal kept.
 */
int place_bind(struct place *place, const char *path);
/** Removes the socket from the file system, if it is still the one that this process has made. */
void place_remove(const struct place *place);

#endif /* PLUGIN_PLACE_H */
