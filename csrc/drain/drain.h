/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DRAIN_DRAIN_H
#define MIRROR_DRAIN_DRAIN_H

/**
 * @file
 * A thread that sends to one target what pollers have put into rings.
 *
 * A driver that makes system calls, or a disk that stalls, holds up this thread and no poller. What the target refuses is
 * offered again, for a second: meanwhile the rings fill, and pollers find no room. Each ring's packets keep their order;
 * between rings the order is that of their bursts' time stamps, as far as they are there within MIRROR_DRAIN_WINDOW_US of each other.
 *
 * Called by control, which has the registry's mutex. Nothing here waits for the thread.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../datapath/ring.h"
#include "../sink.h"

struct mirror_cpus;
struct mirror_drain;
struct rte_ring;

/** What a thread sends to. */
struct mirror_drain_target {
	uint16_t port_id;                  /**< or a sink's number */
	uint32_t epoch;                    /**< of the device that has it */
	const struct mirror_sink_ops *ops; /**< of a sink; NULL: it is a port */
	void *sink;
};

/** Starts a thread for a target: 0 or -errno. */
int mirror_drain_start(const struct mirror_drain_target *target, struct mirror_drain **drain);
/** Has the thread end. Its rings have all been dropped. */
void mirror_drain_end(struct mirror_drain *drain);

/**
 * A ring to the target, for one poller; NULL: out of memory.
 *
 * @param origin
 *   What a sink is told of its packets.
 * @param behind
 *   Where the target keeps packets until somebody reads them: what is in it counts as held, also what is there already.
 *   NULL: it has read and freed them when rte_eth_tx_burst() returns.
 */
struct mirror_ring *mirror_drain_add_ring(struct mirror_drain *drain,
		const struct mirror_sink_origin *origin, const struct rte_ring *behind);
/** Which of the target's queues a ring's packets go to, and where that keeps them. */
void mirror_drain_set_queue(
		struct mirror_ring *ring, uint16_t queue_id, const struct rte_ring *behind);
/**
 * Has the target given, soon, what is left in a ring that no poller uses now. What it refuses is lost; where it keeps
 * packets is looked at no more, and what it keeps counts as held until the ring is open again.
 */
void mirror_drain_close_ring(struct mirror_drain *drain, struct mirror_ring *ring);
/** Whether that is done: for as long as the ring is closed, the thread does nothing with the target on its account. */
bool mirror_drain_is_quiet(struct mirror_drain *drain, struct mirror_ring *ring);
/** Has a closed ring used by a poller again. */
void mirror_drain_open_ring(struct mirror_ring *ring);
/** Frees a ring that no poller uses any more, once the thread is done with it. */
void mirror_drain_drop_ring(struct mirror_drain *drain, struct mirror_ring *ring);

/** Between these, nothing comes to be counted as lost. For a moment: the thread waits. */
void mirror_drain_lock(struct mirror_drain *drain);
void mirror_drain_unlock(struct mirror_drain *drain);

/** Keeps the thread off CPUs on which pollers run; if there are no others, on any, when they have nothing to do. */
void mirror_drain_keep_off(struct mirror_drain *drain, const struct mirror_cpus *cpus);
/** Whether a thread is that one. */
bool mirror_drain_is_thread(struct mirror_drain *drain, pid_t tid);

/** How much CPU time the thread has used, in us. */
uint64_t mirror_drain_cpu_us(struct mirror_drain *drain);

/** Whether it runs only then. */
bool mirror_drain_yields(const struct mirror_drain *drain);

#endif /* MIRROR_DRAIN_DRAIN_H */
