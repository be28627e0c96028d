/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DRAIN_CPUS_H
#define MIRROR_DRAIN_CPUS_H

/**
 * @file
 * On which CPUs threads of ours may run, and hold up no poller.
 */

#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

struct mirror_cpus {
	cpu_set_t allowed; /**< on which this process may run */
	cpu_set_t polled;  /**< on which it polls */
};

/**
 * Finds what the process's threads do, but for ours. It may run wherever one of them may: EAL has pinned the first one, and
 * taken the lcores' CPUs from the others; what the process was started with is on record nowhere. It polls where a thread
 * that may run nowhere else has not slept since the last call.
 */
void mirror_cpus_find(bool (*is_ours)(pid_t tid), struct mirror_cpus *found);

/** Keeps a thread off those that are polled: whether it runs on others, and not only when nobody else does. */
bool mirror_cpus_keep_off(pid_t thread, const struct mirror_cpus *cpus);

#endif /* MIRROR_DRAIN_CPUS_H */
