/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_THREADS_H
#define MIRROR_THREADS_H

/**
 * @file
 * Threads of the library's own.
 *
 * Signals are for the application's threads, so ours block them all. But whoever creates a thread, libc included, blocks
 * them meanwhile, and takes what has come for the process when it lets them in again: so a handler that has always run in
 * the application's main thread would run in one of telemetry's. Hence threads are made by one of ours, which never lets
 * any in. It is there while there is something to make, and for a moment afterwards.
 */

#include <stdint.h>

/**
 * Starts a thread off the polling cores: it gets the affinity of EAL's control threads.
 *
 * @param name
 *   At most 15 bytes.
 * @return
 *   0 or -errno.
 */
int mirror_thread_create(const char *name, uint32_t (*run)(void *), void *arg);

#endif /* MIRROR_THREADS_H */
