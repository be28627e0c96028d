/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_BED_H
#define TESTS_BENCH_BED_H

/**
 * @file
 * EAL, and the ports and pools that all measurements use. They are opened once: what is measured must not depend on
 * what was opened before it.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "memory.h"

/** Ends the program with a message when something is not as it has to be. */
#define ENSURE(condition)                                           \
	do {                                                        \
		if (!(condition))                                   \
			bench_fail(__FILE__, __LINE__, #condition); \
	} while (0)

void bench_fail(const char *file, int line, const char *what) __attribute__((noreturn));

/** Exit status: EAL did not start. */
#define BENCH_NO_EAL  2

#define BED_MAX_BURST 64
/** Each method that is compared with others has a source of its own. */
#define BED_SOURCES       12
#define BED_SOURCE_QUEUES 4
/** Targets that free at once (net_null), and those whose reader frees later (net_ring). */
#define BED_NULLS 16
#define BED_RINGS 4
/** Room in each ring that is read later: a lap of packets always fits. */
#define BED_RING_SIZE 4096
/** Packets that wait in a source's rings when it forwards, as in a NIC's. */
#define BED_DESCRIPTORS 1024

/** A net_ring port whose other ends are the measuring loop's: it puts packets into rx, and takes them out of tx. */
struct source {
	uint16_t port_id;
	struct rte_ring *rx[BED_SOURCE_QUEUES];
	struct rte_ring *tx;
};

struct bed {
	struct memory memory;
	struct source sources[BED_SOURCES];
	uint16_t null_ports[BED_NULLS]; /**< BED_SOURCE_QUEUES tx queues for each source */
	uint16_t ring_ports[BED_RINGS]; /**< one tx queue for each source */
	struct rte_ring *rings[BED_RINGS][BED_SOURCES];
	struct rte_ring *pdump;      /**< as librte_pdump asks for: many producers and consumers */
	struct rte_mempool *packets; /**< what the sources receive */
	struct rte_mempool *forward; /**< the same for throughput, of a usual size */
	struct rte_mempool *
			copies; /**< where clones and copies not of the library's making come from */
};

/** Starts EAL on one CPU, or two of those that this process may use, and opens everything. */
void bed_open(struct bed *bed);

/** Gives a source that many rx queues. */
void source_configure(const struct source *source, uint16_t nb_rx_queues, struct rte_mempool *pool);

/** Whether there is a second CPU, for a reader that frees later. */
bool bed_has_reader(void);

#endif /* TESTS_BENCH_BED_H */
