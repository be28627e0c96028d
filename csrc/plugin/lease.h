/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_LEASE_H
#define MIRROR_PLUGIN_LEASE_H

/**
 * @file
 * For how long a mirror is: so many seconds, or as long as a process.
 *
 * A process is the client's word: its number, and when it has started, which tells it from others of that number, be they
 * of another namespace or of another time. Both are compared with what /proc says here, when it is named and ever after.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a sentence on why a lease is over. */
#define LEASE_REASON_SIZE 128

struct lease_process {
	uint32_t pid;   /**< as the application sees it; 0: no process is named */
	uint64_t start; /**< in clock ticks since the machine has started */
};

/** Zeros: for ever. May be copied. */
struct lease {
	uint64_t seconds; /**< as asked for */
	uint64_t end_ns;  /**< of CLOCK_MONOTONIC; 0: no time is set */
	struct lease_process process;
};

/** Whether a process runs, if one is named: 0 or a negative errno, the refusal kept. */
int mirror_lease_check_process(const struct lease_process *process);
/** From now on so many seconds; 0: no time is set. */
void mirror_lease_set_time(struct lease *lease, uint64_t seconds);
/** Whether it is over; then reason says why. */
bool mirror_lease_is_over(const struct lease *lease, char reason[LEASE_REASON_SIZE]);
/** How many seconds are left, rounded up, of a lease with a time. */
uint64_t mirror_lease_left(const struct lease *lease);

#endif /* MIRROR_PLUGIN_LEASE_H */
