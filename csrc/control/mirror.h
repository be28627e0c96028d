/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_MIRROR_H
#define MIRROR_CONTROL_MIRROR_H

/**
 * @file
 * Layer 2, mirror.c: the mirrors that there are. What they do is for the layers above. Called with the registry's
 * mutex held.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_common.h>
#include <rte_ethdev.h>

#include "../datapath/datapath.h"
#include "rte_mirror.h"

struct mirror_drain;
struct mirror_selection;
struct mirror_point;

/** A mirror at a point: its counters there and its target queue. Lives as long as the mirror. */
struct mirror_slot {
	/* Data path. */
	struct mirror_counters counters;
	struct mirror_progress progress;

	/* Control, on other cache lines. */
	struct rte_mirror_stats base __rte_cache_aligned; /**< counters at the last reset */
	struct mirror *mirror;
	struct mirror_point *point;
	struct mirror_ring *ring; /**< to its target's thread; NULL: the poller sends */
	uint64_t first_use;       /**< the point's context.use when the mirror came to it */
	uint16_t target_queue;
	bool wanted; /**< belongs in its point's list */
	bool live;   /**< is in its point's list */
	TAILQ_ENTRY(mirror_slot) next;
};

/** What a mirror's parameters come to with its source and target as they are. */
struct mirror_config {
	uint32_t source_epoch; /**< mirror_epochs at registration */
	uint32_t target_epoch;
	uint16_t nb_target_queues;
	bool target_is_lockfree; /**< its queues take several writers */
	bool frees_at_once;      /**< it frees mbufs in the thread that sends them */
	uint16_t max_segs;       /**< longest chain that the target takes */
	enum rte_mirror_mode mode;
	char mode_reason[RTE_MIRROR_REASON_SIZE];
	uint32_t snaplen;  /**< UINT32_MAX: all */
	uint32_t longest;  /**< longest packet that the target takes; UINT32_MAX: any */
	uint16_t shortest; /**< shortest packet that it takes */
	uint16_t tag_room; /**< by how much more with a tag of the type 0x8100 */
	char warning[RTE_MIRROR_REASON_SIZE]; /**< what will be lost for that; "": nothing that is known */
	uint32_t split_len;                   /**< 0: it does not split */
	struct rte_mempool *pool;             /**< for its own mbufs; NULL: there are none */
	bool pool_is_single;                  /**< for one producer or one consumer */
	uint16_t room;                        /**< bytes of data that an mbuf of the pool holds */
	uint64_t own_flags;                   /**< ol_flags of a new mbuf of the pool */
};

struct mirror {
	uint32_t id;
	char name[RTE_MIRROR_NAME_SIZE];
	uint16_t source_port;
	struct rte_mirror_param param; /**< as asked for; its name and select are NULL */
	struct mirror_config config;
	struct mirror_drain *drain;         /**< the thread that sends for it; NULL: pollers do */
	struct mirror_selection *selection; /**< NULL: every packet of every queue */
	enum rte_mirror_state state;        /**< not WAITING, which is found out when asked for */
	bool is_set_aside;                  /**< others are checked as if it were not there */
	char reason[RTE_MIRROR_REASON_SIZE];
	TAILQ_HEAD(, mirror_slot) slots;
	TAILQ_ENTRY(mirror) next;
};

TAILQ_HEAD(mirror_head, mirror);

/** How many mirrors may be on one source. */
#define MIRROR_MAX_PER_SOURCE 64

/** All mirrors, oldest first. */
extern struct mirror_head mirror_all;

/** A mirror with these parameters, not among the others yet; takes over the selection. NULL: no memory, the refusal kept. */
struct mirror *mirror_create(uint16_t source_port, const struct rte_mirror_param *param,
		struct mirror_selection *selection);
/** Frees a mirror that no poller can be using, and which is not among the others any more. */
void mirror_destroy(struct mirror *mirror);
/** Gives it an id and a name, that one or mirror<id>: 0 or -ENOMEM, the refusal kept. */
int mirror_give_identity(struct mirror *mirror, const char *name);
/** The mirror with that id, or NULL, the refusal kept. */
struct mirror *mirror_find(uint32_t mirror_id);
/** The mirror with that name, or NULL. */
struct mirror *mirror_find_name(const char *name);
/** Whether another mirror may stand in the way of this one. */
bool mirror_is_in_question(const struct mirror *other, const struct mirror *mirror);
/** How many of the source's queues a mirror is to be on. */
unsigned int mirror_count_queues(
		const struct mirror *mirror, const struct rte_eth_dev_info *source);

#endif /* MIRROR_CONTROL_MIRROR_H */
