/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdint.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "../datapath/ring.h"
#include "../drain/drain.h"
#include "../pool_list.h"
#include "drains.h"
#include "poolkinds.h"
#include "ports.h"

/*
 * What a mirror holds is missing from the application's pools, and a target may keep it for as long as it likes. So all
 * rings together hold so small a part of the smallest pool, in segments. It is a part of each pool's, then: nobody counts
 * pool by pool. What goes beyond is copied.
 *
 * A pool is known when a driver has told that one of its rx queues uses it, or when a poller has come across it; not if it
 * is for one producer, since the thread would be a second, or so small that there is nothing to divide.
 */
#define PART     16
#define POOL_MIN 1024

/* The pools that are known from now on. */
struct found {
	const struct rte_mempool *pools[MIRROR_MAX_POOLS];
	unsigned int nb;
	uint32_t smallest; /* how many mbufs it has */
};

static void
add(struct rte_mempool *pool, void *arg)
{
	struct found *found = arg;
	unsigned int i;

	if (found->nb == MIRROR_MAX_POOLS || pool->size < POOL_MIN ||
			pool->private_data_size < sizeof(struct rte_pktmbuf_pool_private) ||
			mirror_pool_has_one_producer(pool))
		return;
	for (i = 0; i < found->nb; i++) {
		if (found->pools[i] == pool)
			return;
	}
	found->pools[found->nb++] = pool;
	found->smallest = RTE_MIN(found->smallest, pool->size);
}

/* Of all pools that there are still, those that were known, and the one that a poller has come across. */
static void
add_if_met(struct rte_mempool *pool, void *arg)
{
	bool is_met = __atomic_load_n(&mirror_unknown_pool, __ATOMIC_RELAXED) == pool;
	unsigned int i;

	for (i = 0; i < MIRROR_MAX_POOLS && !is_met; i++)
		is_met = mirror_known_pools[i] == pool;
	if (is_met)
		add(pool, arg);
}

static void
find_pools(struct found *found)
{
	uint16_t port;
	unsigned int i;

	*found = (struct found){ .smallest = UINT32_MAX };
	for (port = 0; port < RTE_MAX_ETHPORTS; port++)
		mirror_port_rx_pools(port, add, found);
	mirror_pools_walk(add_if_met, found);
	for (i = 0; i < MIRROR_MAX_POOLS; i++)
		__atomic_store_n(&mirror_known_pools[i], found->pools[i], __ATOMIC_RELAXED);
	__atomic_store_n(&mirror_unknown_pool, NULL, __ATOMIC_RELAXED);
}

/* How many segments a ring holds. */
static uint64_t
held(const struct mirror_ring *ring)
{
	/* In this order: of two that move on, the first not beyond the second. */
	const uint64_t released = __atomic_load_n(&ring->released, __ATOMIC_ACQUIRE);

	return __atomic_load_n(&ring->sent, __ATOMIC_RELAXED) - released;
}

#define FOREACH_RING(mirror, slot)                        \
	TAILQ_FOREACH(mirror, &mirror_all, next)          \
		TAILQ_FOREACH(slot, &mirror->slots, next) \
			if (slot->ring != NULL)

/*
 * What a ring may hold. Nothing if its thread runs only when pollers have nothing to do: it would be stopped in the midst
 * of giving a buffer back, for long, and a thread that gives one back to the same pool would wait for it.
 */
static uint64_t
part_of(const struct mirror *mirror, uint64_t share)
{
	return mirror_drain_yields(mirror->drain) ? 0 : share;
}

static void
set_limit(struct mirror_ring *ring, uint64_t limit)
{
	__atomic_store_n(&ring->limit, limit, __ATOMIC_RELAXED);
}

void
mirror_budget_divide(void)
{
	struct mirror_slot *slot;
	struct mirror *mirror;
	bool is_exceeded = false;
	uint64_t share, nb = 0;
	struct found found;

	FOREACH_RING(mirror, slot)
	nb++;
	if (nb == 0)
		return;
	find_pools(&found);
	share = found.nb > 0 ? found.smallest / PART / nb : 0;
	/* Nobody comes to hold more than that any more, before it is looked at what is held. */
	FOREACH_RING(mirror, slot)
	set_limit(slot->ring, RTE_MIN(slot->ring->limit, part_of(mirror, share)));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	FOREACH_RING(mirror, slot)
	is_exceeded |= held(slot->ring) > share;
	/* Until what was held by other shares has come back nobody gets any more. */
	FOREACH_RING(mirror, slot)
	{
		const uint64_t part = part_of(mirror, share);

		set_limit(slot->ring, is_exceeded ? RTE_MIN(part, held(slot->ring)) : part);
	}
}

/* What to look for, and whether it is there. */
struct wanted {
	const struct rte_mempool *pool;
	bool is_found;
};

static void
note_wanted(struct rte_mempool *pool, void *arg)
{
	struct wanted *wanted = arg;

	wanted->is_found |= pool == wanted->pool;
}

bool
mirror_budget_is_received_into(struct rte_mempool *pool, uint16_t but)
{
	struct wanted wanted = { .pool = pool };
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (port != but)
			mirror_port_rx_pools(port, note_wanted, &wanted);
	}
	return wanted.is_found;
}

static void
note_single(struct rte_mempool *pool, void *arg)
{
	*(bool *)arg |= mirror_pool_has_one_producer(pool);
}

bool
mirror_budget_has_single_producer(uint16_t port_id)
{
	bool has_single = false;

	mirror_port_rx_pools(port_id, note_single, &has_single);
	return has_single;
}
