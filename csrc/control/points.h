/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_POINTS_H
#define MIRROR_CONTROL_POINTS_H

/**
 * @file
 * Layer 3, queues.c, list.c and attach.c: where packets are observed. Target queues, the lists that pollers
 * read, and the handshake by which lists and callbacks come and go. Called with the registry's mutex held.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_spinlock.h>

#include "../datapath/datapath.h"
#include "rte_mirror.h"

struct mirror_slot;

/** An observation point (RFC 7011): one queue of a source in one direction. Never freed, see struct mirror_context. */
struct mirror_point {
	struct mirror_context context;

	uint16_t port_id;
	uint16_t queue_id;
	enum rte_mirror_direction direction;
	/** What ethdev calls; NULL: nothing of ours. */
	const struct rte_eth_rxtx_callback *attached;
	/** What ethdev called before and a poller may still be about to enter; NULL: nothing. */
	const struct rte_eth_rxtx_callback *pending;
	uint64_t pending_use;           /**< context.use when pending was removed */
	uint64_t waited_use;            /**< context.use after the last publication */
	struct mirror_list *planned[2]; /**< about to be published, one after the other */
	struct mirror_list *retired;    /**< published before, freed when no poller uses them */
	struct mirror_point *next;
};

/* queues.c */

/** Gives a slot the least used of the target queues that its mirror may use: 0 or -ENOMEM. */
int mirror_queue_allot(struct mirror_slot *slot);
/** The lock that goes with a slot's target queue; NULL: it is the only user, or none is needed. has_left: as above. */
rte_spinlock_t *mirror_queue_lock(const struct mirror_slot *slot, bool has_left);

/* list.c */

/**
 * Makes a point's list of these slots, *list NULL if there are none: 0 or -ENOMEM. With has_left set it is for when the
 * slots that are not wanted any more have left their lists.
 */
int mirror_list_build(const struct mirror_point *point, struct mirror_slot *const *slots,
		uint16_t nb_slots, bool has_left, struct mirror_list **list);
/** Frees a list that no poller uses; NULL: nothing. */
void mirror_list_free(struct mirror_list *list);
/** Whether a list of the point's that a poller may still use has mbufs from a pool. */
bool mirror_list_has_pool(const struct mirror_point *point, const struct rte_mempool *pool);
/** Whether two lists would do the same; NULL is a list of nothing. */
bool mirror_list_is_same(const struct mirror_list *a, const struct mirror_list *b);

/* attach.c */

/** The points that there have been. */
struct mirror_point *mirror_points(void);
/** Finds a point, or makes it; NULL: out of memory. */
struct mirror_point *mirror_point_get(
		uint16_t port_id, uint16_t queue_id, enum rte_mirror_direction direction);
/** Attaches the point's callback to ethdev, unless it is: 0 or -errno. */
int mirror_point_attach(struct mirror_point *point);
/** Frees what can be freed of each point, and detaches callbacks of those without a list, as far as that can be. */
void mirror_points_tidy(void);
/** Replaces the point's list, whose owner it becomes; NULL: none. */
void mirror_point_publish(struct mirror_point *point, struct mirror_list *list);
/** Waits until no poller uses a list that was published before, then frees those: 0 or -ETIMEDOUT. */
int mirror_point_wait(struct mirror_point *point, uint64_t deadline);
/** How many passes through a point have begun since its context.use was that. */
uint64_t mirror_point_passes(const struct mirror_point *point, uint64_t use);
/** Its context.use. */
uint64_t mirror_point_use(const struct mirror_point *point);

#endif /* MIRROR_CONTROL_POINTS_H */
