/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DATAPATH_RING_H
#define MIRROR_DATAPATH_RING_H

/**
 * @file
 * A ring between one poller and the thread that drains a target: what the poller pays for a target, whatever that does.
 *
 * One producer, the poller of one queue in one direction; one consumer, the target's thread. Both count on for ever, so
 * that what is in the ring is the difference of two numbers, each with one writer. A slot's packet is written before
 * tail moves past it and read before head does.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_mbuf.h>

#include "rte_mirror.h"

/** How many packets a ring holds: what a poller mirrors at 10 Mpps while the thread sleeps for 0.1 ms. */
#define MIRROR_RING_SIZE 4096

/** How many of the application's pools are known at a time. */
#define MIRROR_MAX_POOLS 16

struct mirror_ring_item {
	struct rte_mbuf *pkt;
	uint64_t tsc;      /**< when its burst was mirrored */
	uint32_t wire_len; /**< its length on the wire; the application may change what it shares */
	uint32_t is_own : 1; /**< an mbuf of the mirror's, so its pkt_len is as it was put in */
	uint32_t held : 31; /**< how many segments of the application's it keeps from being freed */
};

/** How long it was when it was put in: as long as on the wire, or cut. */
static inline uint32_t
mirror_ring_item_len(const struct mirror_ring_item *item)
{
	return item->is_own ? item->pkt->pkt_len : item->wire_len;
}

/** Of an mbuf of the mirror's own, between take and ring: how long its packet is on the wire. It has no hash. */
#define MIRROR_WIRE_LEN(own) ((own)->hash.rss)

struct mirror_ring {
	/* Written by the poller. */
	uint64_t tail;          /**< packets put in */
	uint64_t head_seen;     /**< head, when it was last looked at */
	uint64_t sent;          /**< segments held by what was put in */
	uint64_t released_seen; /**< released, when it was last looked at */
	uint64_t dry_until; /**< freed, when the mirror's pool, which was empty, is asked again; 0: it is not known to be */

	/* Written by the thread. */
	uint64_t head __rte_cache_aligned; /**< packets taken out */
	uint64_t freed; /**< packets whose mbufs are back; a sink may have them in its buffer, not taken out */
	uint64_t released; /**< segments held by what the target is done with */
	uint64_t lost_packets; /**< those that the target has not taken: the poller has counted them as sent, too */
	uint64_t lost_bytes;
	uint64_t early_packets; /**< those of before counters started again, which are not among these */
	uint64_t early_bytes;

	/* Written by control. */
	uint64_t limit __rte_cache_aligned; /**< segments that may be held: this ring's part of all */
	uint64_t nb_kept;                   /**< packets that it began with */
	uint64_t counted_from; /**< what was put in before so many packets is lost early; with the drain's mutex */
	uint16_t target_queue;
	bool is_closing; /**< no poller puts anything in, and what the target refuses is not offered again */

	struct mirror_ring_item items[MIRROR_RING_SIZE] __rte_cache_aligned;
} __rte_cache_aligned;

/**
 * The application's pools whose buffers may be held, NULL where there is none; written by control. They are compared
 * and never looked into: any may be freed meanwhile.
 */
extern const struct rte_mempool *mirror_known_pools[MIRROR_MAX_POOLS];

/** One that pollers have come across and that is not among them, for control to look at; NULL: none. */
extern const struct rte_mempool *mirror_unknown_pool;

/**
 * Begins with so many packets that the target keeps already. They may be mirrors' that there were before, and nobody knows
 * what they hold: so until they have been read nothing more is held.
 */
void mirror_ring_start(struct mirror_ring *ring, uint32_t nb_kept);

/** For how many of nb packets there is room. */
static inline uint16_t
mirror_ring_room(struct mirror_ring *ring, uint16_t nb)
{
	if (unlikely(ring->tail - ring->head_seen > MIRROR_RING_SIZE - (uint64_t)nb)) {
		/* The slots before it have been read. Pairs with the release in mirror_ring_release(). */
		ring->head_seen = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
		return RTE_MIN(nb, MIRROR_RING_SIZE - (ring->tail - ring->head_seen));
	}
	return nb;
}

/**
 * The mirror's pool is empty, and to find that out takes long: it is not asked again before the thread has given back half
 * of what it has, or a good part of a ring.
 */
static inline void
mirror_ring_set_dry(struct mirror_ring *ring)
{
	const uint64_t freed = __atomic_load_n(&ring->freed, __ATOMIC_RELAXED);

	ring->dry_until = freed + RTE_MIN((ring->tail - freed + 1) / 2, MIRROR_RING_SIZE / 16U);
}

/** Whether the mirror's pool counts as empty. */
static inline bool
mirror_ring_is_dry(struct mirror_ring *ring)
{
	if (likely(ring->dry_until == 0))
		return false;
	if (__atomic_load_n(&ring->freed, __ATOMIC_RELAXED) < ring->dry_until)
		return true;
	ring->dry_until = 0;
	return false;
}

/**
 * Whether the mirror may keep the application from freeing these packets until the target is done with them.
 *
 * @param own
 *   The mirror's pool. Packets of the application's that are of it would be taken for the mirror's own.
 */
bool mirror_ring_may_hold(struct mirror_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts,
		const struct rte_mempool *own);

/**
 * Puts packets in, for which there is room.
 *
 * @param pool
 *   Where mbufs of the mirror's own come from. All others are the application's.
 */
void mirror_ring_put(struct mirror_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts,
		const struct rte_mempool *pool, uint64_t tsc);

/** How many packets have been put in, all of which the thread finds. */
static inline uint64_t
mirror_ring_tail(const struct mirror_ring *ring)
{
	/* Pairs with the release in mirror_ring_put(). */
	return __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
}

/** The packet that was put in after so many others, if it has not been released. */
static inline struct mirror_ring_item *
mirror_ring_item(struct mirror_ring *ring, uint64_t nb_before)
{
	return &ring->items[nb_before % MIRROR_RING_SIZE];
}

/** What was put in before so many is freed. */
static inline void
mirror_ring_set_freed(struct mirror_ring *ring, uint64_t nb_before)
{
	__atomic_store_n(&ring->freed, RTE_MAX(ring->freed, nb_before), __ATOMIC_RELAXED);
}

/** The target is done with what was put in before these, or all of it has been freed: the poller has their room again. */
static inline void
mirror_ring_release(struct mirror_ring *ring, uint64_t nb_before)
{
	uint64_t i, released = ring->released;

	for (i = ring->head; i < nb_before; i++)
		released += mirror_ring_item(ring, i)->held;
	__atomic_store_n(&ring->released, released, __ATOMIC_RELAXED);
	mirror_ring_set_freed(ring, nb_before);
	__atomic_store_n(&ring->head, nb_before, __ATOMIC_RELEASE);
}

#endif /* MIRROR_DATAPATH_RING_H */
