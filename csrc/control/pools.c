/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "../eal_gate.h"
#include "../pool_list.h"
#include "config.h"
#include "drains.h"
#include "points.h"
#include "ports.h"

/* How many mbufs a pool has at least, by whether they are small or large. About the same memory. */
#define NB_SMALL 8191
#define NB_LARGE 2047

/* Bytes of data that its mbufs hold. Where a packet must fit into one, or few, jumbo frames are to. */
#define ROOM_SMALL   MIRROR_POOL_ROOM
#define ROOM_LARGE   9216
#define ENOUGH_SMALL (ROOM_LARGE / ROOM_SMALL + 1)

#define NB_MAX       ((1u << 16) - 1)
#define CACHE_SIZE   256

/*
 * A pool of the library's own, for mirrors from ports of one socket to one target. It stays when they go, for the next
 * ones, until the target does, or is configured so that they have another.
 */
struct mirror_pool {
	struct rte_mempool *mempool;
	uint16_t target_port;
	uint32_t target_epoch;
	uint16_t room;
	int socket;
	bool is_used;    /**< when pools were last tidied */
	bool has_served; /**< was used at any time */
	struct mirror_pool *next;
};

static struct mirror_pool *pools;

/* Whether there is a mirror with a pool, or a poller that may still have one. */
static bool
is_used(const struct rte_mempool *mempool)
{
	const struct mirror *mirror;
	const struct mirror_point *point;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->config.pool == mempool)
			return true;
	}
	for (point = mirror_points(); point != NULL; point = point->next) {
		if (mirror_list_has_pool(point, mempool))
			return true;
	}
	return false;
}

static bool
has_successor(const struct mirror_pool *pool)
{
	const struct mirror_pool *other;

	for (other = pools; other != NULL; other = other->next) {
		if (other->is_used && other->target_port == pool->target_port &&
				other->target_epoch == pool->target_epoch &&
				other->socket == pool->socket)
			return true;
	}
	return false;
}

/* Whether a pool is of no more use: the next mirrors will not have it, or the ones that it was made for were refused. */
static bool
is_left(const struct mirror_pool *pool)
{
	return !pool->is_used &&
			(mirror_drains_target_is_gone(pool->target_port, pool->target_epoch) ||
					!pool->has_served || has_successor(pool));
}

void
mirror_pools_tidy(void)
{
	struct mirror_pool **where = &pools, *pool;

	/* They have gone with EAL's memory. */
	if (mirror_eal_is_over())
		return;
	for (pool = pools; pool != NULL; pool = pool->next) {
		pool->is_used = is_used(pool->mempool);
		pool->has_served |= pool->is_used;
	}
	while ((pool = *where) != NULL) {
		/* What a target leaves somewhere, as in a ring, is waited for. */
		if (!is_left(pool) || !rte_mempool_full(pool->mempool)) {
			where = &pool->next;
			continue;
		}
		*where = pool->next;
		mirror_pool_free(pool->mempool);
		free(pool);
	}
}

static struct mirror_pool *
find(uint16_t target_port, uint32_t target_epoch, int socket, uint16_t room)
{
	struct mirror_pool *pool;

	for (pool = pools; pool != NULL; pool = pool->next) {
		if (pool->target_port == target_port && pool->target_epoch == target_epoch &&
				pool->socket == socket && pool->room == room)
			break;
	}
	return pool;
}

/* Two mbufs for each packet that the target's tx queues can hold, and no fewer than asked for: a power of two less 1. */
static unsigned int
size_for(uint16_t target_port, unsigned int least)
{
	const uint32_t nb = RTE_MAX(2 * mirror_port_tx_descriptors(target_port), least);

	return RTE_MIN(rte_align32pow2(nb + 1) - 1, NB_MAX);
}

/* All processes share the names, and those of two namespaces may have one pid: what is taken is passed over. */
static struct rte_mempool *
create_mempool(const struct mirror_pool *pool, unsigned int size)
{
	static uint16_t serial;
	const uint16_t first = serial;
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *mempool;

	do {
		snprintf(name, sizeof(name), "mirror_%" PRIu16 "_%x_%" PRIx16, pool->target_port,
				(unsigned int)getpid(), serial++);
		mempool = rte_pktmbuf_pool_create(name, size, CACHE_SIZE, 0,
				RTE_PKTMBUF_HEADROOM + pool->room, pool->socket);
	} while (mempool == NULL && rte_errno == EEXIST && serial != first);
	return mempool;
}

static struct mirror_pool *
create(uint16_t target_port, uint32_t target_epoch, int socket, uint16_t room)
{
	const unsigned int least = room == ROOM_SMALL ? NB_SMALL : NB_LARGE;
	struct mirror_pool *pool = malloc(sizeof(*pool));

	rte_errno = ENOMEM;
	if (pool == NULL)
		return NULL;
	*pool = (struct mirror_pool){
		.target_port = target_port,
		.target_epoch = target_epoch,
		.socket = socket,
		.room = room,
		.next = pools,
	};
	pool->mempool = create_mempool(pool, size_for(target_port, least));
	if (pool->mempool == NULL)
		pool->mempool = create_mempool(pool, least);
	if (pool->mempool == NULL) {
		free(pool);
		return NULL;
	}
	pools = pool;
	return pool;
}

struct rte_mempool *
mirror_pool_get(const struct mirror *mirror)
{
	const uint16_t room = mirror->config.max_segs >= ENOUGH_SMALL ? ROOM_SMALL : ROOM_LARGE;
	const uint16_t target = mirror->param.target_port;
	const uint32_t epoch = mirror->config.target_epoch;
	const int socket = mirror_port_socket(mirror->source_port);
	struct mirror_pool *pool;

	pool = find(target, epoch, socket, room);
	if (pool == NULL)
		pool = create(target, epoch, socket, room);
	return pool != NULL ? pool->mempool : NULL;
}
