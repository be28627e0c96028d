/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_COMPAT_H
#define MIRROR_COMPAT_H

/**
 * @file
 * What differs between the DPDK releases that this project builds with (22.11, 24.11, 25.11). No other file tests
 * RTE_VERSION.
 */

#include <pthread.h>

#include <rte_lcore.h>
#include <rte_version.h>

#if RTE_VERSION < RTE_VERSION_NUM(22, 11, 0, 0)
#error "dpdk-mirror needs DPDK 22.11 or later"
#endif

#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#include <rte_thread.h>
#endif

/** A thread off the polling cores: it gets the affinity of EAL's control threads. Returns 0 or -errno. */
static inline int
mirror_thread_create(const char *name, uint32_t (*run)(void *), void *arg)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	rte_thread_t thread;
	int rc = rte_thread_create_control(&thread, name, run, arg);

	return rc != 0 ? rc : rte_thread_detach(thread);
#else
	pthread_t thread;
	/* Only the result's type differs, and nobody reads the result of a detached thread. */
	int rc = rte_ctrl_thread_create(
			&thread, name, NULL, (void *(*)(void *))(uintptr_t)run, arg);

	return rc != 0 ? rc : -pthread_detach(thread);
#endif
}

#endif /* MIRROR_COMPAT_H */
