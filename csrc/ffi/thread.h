/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_THREAD_H
#define MIRROR_FFI_THREAD_H

/**
 * @file
 * Threads that read and write files beside the packets' way: they need no EAL, sleep instead of polling, and leave
 * signals to the interpreter's threads.
 */

#include <pthread.h>

/** 0 or -errno. name: at most 15 characters. */
int ffi_thread_start(pthread_t *thread, const char *name, void *(*run)(void *), void *arg);

/** What a thread does that has to wait for the packets' way. */
void ffi_thread_pause(void);

#endif /* MIRROR_FFI_THREAD_H */
