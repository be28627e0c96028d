/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_PINNED_H
#define TESTS_C_PINNED_H

/**
 * @file
 * A process, or a thread, that has few CPUs.
 */

#include <sched.h>

/** Has all threads of the process run on so many CPUs, this one's and others, and nowhere else: which these are. */
cpu_set_t pinned_to(unsigned int nb_cpus);
/** Has them run where they did before. */
void pinned_back(void);
/** Has this thread stay on the CPU that it is on. */
void pinned_here(void);

#endif /* TESTS_C_PINNED_H */
