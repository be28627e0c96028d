/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_STRESS_APPLICATION_H
#define TESTS_STRESS_APPLICATION_H

/**
 * @file
 * An application that never runs out of packets, on ports that receive what they send.
 *
 * Two lcores poll a queue of each source, and send what they receive back. A third reads and frees what is sent to a
 * target that holds packets until then.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#define NB_SOURCES 2
#define NB_QUEUES  2

/** Packets that go round in each queue. */
#define NB_PACKETS 256

/** One queue of a source, polled by one lcore. */
struct loop {
	struct rte_ring *ring;
	struct rte_mbuf *pkts
			[NB_PACKETS]; /**< in order; the ring holds them in this order, from any on */
	struct snapshot *snapshot;    /**< what they looked like at first */
	uint64_t nb_received;         /**< packets, each of which was sent again */
};

struct application {
	struct rte_mempool *pool;
	uint16_t sources[NB_SOURCES];
	struct loop loops[NB_SOURCES][NB_QUEUES];
	struct rte_ring *late; /**< what the third lcore reads */
	uint64_t nb_read;      /**< packets that it has freed */
	bool stop;             /**< tells the lcores that poll */
	bool stop_reader;
};

void application_open(struct application *application, struct rte_ring *late);
void application_start(struct application *application);
/** Ends what the lcores do; what was sent to late has been read then. */
void application_stop(struct application *application);
/** Checks that packets and their order are as they were, and that nothing else holds one; closes all. */
void application_close(struct application *application);
/** How many packets a source has received, and sent. May be asked while they come. */
uint64_t application_received(const struct application *application, unsigned int source);

#endif /* TESTS_STRESS_APPLICATION_H */
