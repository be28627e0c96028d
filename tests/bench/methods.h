/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_METHODS_H
#define TESTS_BENCH_METHODS_H

/**
 * @file
 * The ways to mirror that are compared: this library's, and the others.
 */

#include <stdbool.h>
#include <stdint.h>

#include "bed.h"
#include "rte_mirror.h"
#include "traffic.h"

struct flow;

/** What a loop does itself, right after rx_burst: the least that any mirror has to do. */
enum floor {
	FLOOR_NONE,
	FLOOR_FREED_AT_ONCE,
	FLOOR_FREED_AT_ONCE_COLD, /**< the same; it fetches what it is about to read */
	FLOOR_FREED_LATER,
};

struct method {
	const char *name;
	/** What it is in results, which tell numbers of mirrors apart; NULL: name. */
	const char *label;
	/** A callback of the bench's own on the source's rx queues; NULL: none. */
	rte_rx_callback_fn callback;
	bool is_floor;
	/** Mirrors of the library's on the source; 0: none. */
	uint16_t nb_mirrors;
	enum rte_mirror_mode mode;
	uint32_t snaplen;
	/** What its mirrors select; NULL: all, unless has_filters says something. */
	const struct rte_mirror_select *select;
	/** What its mirrors take a second at most; 0: all. */
	uint64_t rate;
	enum rte_mirror_rate_unit rate_unit;
	/** Each of its mirrors has a filter of its own, which no packet passes. */
	bool has_filters;
	/** Filters are not compiled. */
	bool interpreted;
	/** Leaves the source in its state anew, before each measurement; NULL: it stays. */
	void (*prepare)(struct flow *flow);
	/** Whether the target gets packets. */
	bool idle;
};

/** The one of that name; there has to be one. */
const struct method *method_find(const char *name);

/** Where a callback of the bench's own sends what it makes. */
struct way {
	uint16_t target_port, target_queue;
	struct rte_mempool *pool;
	struct rte_ring *ring;
	bool reads_itself; /**< nobody else reads ring: what is put there is taken out and freed at once */
	uint64_t nb_refused;
	uint64_t nb_accepted;
};

/** A method at work on a source of its own. */
struct flow {
	const struct method *method;
	const struct source *source;
	uint16_t nb_queues;
	uint16_t burst;
	bool later;     /**< the targets' packets are freed by a reader */
	uint16_t queue; /**< where the next burst comes through */
	enum floor floor;

	uint32_t mirrors[BED_NULLS];
	const struct rte_eth_rxtx_callback *callbacks[BED_SOURCE_QUEUES];
	struct way ways[BED_NULLS];
	struct ring_set rings; /**< what the reader is to read */
};

/** What flows have in common that are compared with each other. */
struct flow_options {
	uint16_t nb_queues;
	uint16_t burst;
	bool later;
	bool cold;
};

/** Puts a method to work on the bed's source of that index. Targets are its own. */
void flow_open(struct flow *flow, struct bed *bed, unsigned int index, const struct method *method,
		const struct flow_options *options);
void flow_close(struct flow *flow);
/** How many packets targets got, and did not take, since it was opened. */
struct flow_counts {
	uint64_t accepted, refused;
};
struct flow_counts flow_count(const struct flow *flow);

#endif /* TESTS_BENCH_METHODS_H */
