/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_OWN_FDS_H
#define MIRROR_PLUGIN_OWN_FDS_H

/**
 * @file
 * Descriptors that a child of fork() closes: else whoever reads at the other end would not notice the parent's end, and whoever
 * comes would wait for a child that serves nobody.
 */

/** While it is locked nobody forks: opening or closing one, and telling it, is one thing then. */
void mirror_own_fds_lock(void);
void mirror_own_fds_unlock(void);

/** From now on it is one of them; with the lock. Out of memory it is none. */
void mirror_own_fds_add(int fd);
/** It is none any more; with the lock. */
void mirror_own_fds_remove(int fd);

#endif /* MIRROR_PLUGIN_OWN_FDS_H */
