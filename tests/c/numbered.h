/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_NUMBERED_H
#define TESTS_C_NUMBERED_H

/**
 * @file
 * Traffic on another lcore whose packets are numbered, so that one that is missing or comes twice tells.
 */

#include <stdbool.h>
#include <stdint.h>

#include "testbed.h"

#define NUMBERED_BURST 32

/** An application that numbers its packets, and never sends more than the target has room for. */
struct poller {
	const struct testbed *testbed;
	uint32_t directions;
	uint64_t nb_wanted; /**< bursts; 0: until told */
	bool stop;
	uint64_t nb_bursts;
};

/** Starts it, on a worker of its own. */
void poller_start(struct poller *poller);
/** Waits until it has passed all bursts that it was to. */
void poller_join(void);
void poller_stop(struct poller *poller);
/** How many bursts have passed. */
uint64_t poller_bursts(const struct poller *poller);

/** What has come to the target. */
struct reader {
	struct rte_ring *ring;
	uint64_t next; /**< number that is expected next */
	uint64_t nb, nb_gaps;
};

/** Takes a packet, if there is one; numbers grow. */
bool reader_take(struct reader *reader, uint64_t *number);
/** Takes what is there. */
void reader_take_all(struct reader *reader);
/** Takes until the poller has passed some bursts more. */
void reader_follow(struct reader *reader, const struct poller *poller);

#endif /* TESTS_C_NUMBERED_H */
