/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_FAULTS_H
#define TESTS_C_FAULTS_H

/**
 * @file
 * What this program's own versions of ethdev functions, and of calloc(), do before, or instead of, asking ethdev and
 * libc. The library finds the program's first.
 */

#include <stdint.h>

struct faults {
	/** Counted down with every callback added; the one that makes it 0 fails. 0: none does. */
	unsigned int fail_callback;
	/** The rte_errno of callbacks that fail. */
	int callback_errno;
	/** Every callback fails. */
	int no_callbacks;
	/** Tx offloads that every port is capable of, besides what it says itself. */
	uint64_t tx_capabilities;
	/** How many segments a packet may have, says every port, unless set to 0. */
	uint16_t nb_seg_max, nb_mtu_seg_max;
	/** Tx offloads that queues of queue_port are capable of, and queue 0 tells of, if any. */
	uint64_t queue_tx_offloads;
	uint16_t queue_port;
	/** Where the queues of rx_port receive into, says its driver; NULL: it does not tell, as net_ring. */
	struct rte_mempool *rx_pool;
	uint16_t rx_port;
};

extern struct faults faults;

/** Counted down with every calloc() of this thread; the one that makes it 0 fails. 0: none does. */
extern __thread unsigned int fail_calloc;

/** Callbacks that the library has had attached, less those it has had removed. */
int nb_callbacks_now(void);

#endif /* TESTS_C_FAULTS_H */
