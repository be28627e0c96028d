/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_DRAINS_H
#define MIRROR_CONTROL_DRAINS_H

/**
 * @file
 * Layer 4, drains.c and budget.c: the threads that send to the targets of mirrors with RTE_MIRROR_F_DRAIN, and what the
 * rings to them may hold. Called with the registry's mutex held.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../sink.h"
#include "mirror.h"

/* drains.c */

/** Whether it can be told what a queue of a target's holds still, which is of net_ring. */
bool mirror_drains_see_behind(uint16_t port_id, uint16_t queue_id);
/** Gives a mirror its target's thread, if it is to have one: 0 or -errno, the refusal kept. */
int mirror_drains_join(struct mirror *mirror);
/** Takes it from one that no poller uses; nothing is waited for. */
void mirror_drains_leave(struct mirror *mirror);
/** Gives a slot of such a mirror its ring, to the target queue that it has been allotted: 0 or -ENOMEM. */
int mirror_drains_cover(struct mirror_slot *slot);
/** Has what a mirror's rings hold sent, or lost, when no poller uses them. */
void mirror_drains_close(struct mirror *mirror);
/** Whether that is done, so that the target may go. */
bool mirror_drains_are_quiet(const struct mirror *mirror);
/** Has pollers use them again. */
void mirror_drains_open(struct mirror *mirror);
/** Tells of a mirror's thread. */
void mirror_drains_describe(const struct mirror *mirror, struct rte_mirror_info *info);
/** Keeps the threads off the CPUs that pollers were last seen on. */
void mirror_drains_keep_off_pollers(void);

/** Starts the thread of a sink, for any number of mirrors, and numbers it: 0 or -errno. */
int mirror_drains_add_sink(const struct mirror_sink_ops *ops, void *sink, uint16_t *number);
/** Has it end. */
void mirror_drains_remove_sink(uint16_t number);
/** Whether there is a sink of that number. */
bool mirror_drains_have_sink(uint16_t number);
/** Whether the sink of that number, or the device that had that port id, is gone. */
bool mirror_drains_target_is_gone(uint16_t target, uint32_t epoch);
/** Whether that sink can have another mirror. */
bool mirror_drains_sink_has_room(uint16_t number);
/** Whether a mirror's target is a sink that takes nothing any more, and why. */
bool mirror_drains_sink_is_over(uint16_t number, char reason[RTE_MIRROR_REASON_SIZE]);
/** Tells a mirror's target, a sink, the mirror's counters. */
void mirror_drains_tell(const struct mirror *mirror, const struct rte_mirror_stats *stats);

/* budget.c */

/** Divides what may be held of the application's pools, as they are now, among the rings. */
void mirror_budget_divide(void);
/** Whether a pool of one of a port's rx queues is for one producer: mbufs may then be freed by its poller alone. */
bool mirror_budget_has_single_producer(uint16_t port_id);
/** Whether a pool is one that the application receives into, as far as drivers tell, on any port but that one. */
bool mirror_budget_is_received_into(struct rte_mempool *pool, uint16_t but);

#endif /* MIRROR_CONTROL_DRAINS_H */
