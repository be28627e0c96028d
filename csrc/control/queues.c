/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>

#include "mirror.h"
#include "points.h"

/* A lock for a tx queue of a target that several points send on. Never freed: it is few bytes, and others may hold it. */
struct queue_lock {
	rte_spinlock_t lock;
	uint16_t port_id;
	uint16_t queue_id;
	struct queue_lock *next;
} __rte_cache_aligned;

static struct queue_lock *queue_locks;

/* How many slots are to send on a queue of a target, and, unless they have left by then, how many send still. */
static unsigned int
count_users(uint16_t port_id, uint16_t queue_id, bool has_left)
{
	const struct mirror_slot *slot;
	const struct mirror *mirror;
	unsigned int nb = 0;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->param.target_port != port_id)
			continue;
		TAILQ_FOREACH(slot, &mirror->slots, next)
			nb += slot->target_queue == queue_id &&
					(slot->wanted || (slot->live && !has_left));
	}
	return nb;
}

static struct queue_lock *
find_lock(uint16_t port_id, uint16_t queue_id)
{
	struct queue_lock *lock;

	for (lock = queue_locks; lock != NULL; lock = lock->next) {
		if (lock->port_id == port_id && lock->queue_id == queue_id)
			break;
	}
	return lock;
}

/* Has a lock in store for a target queue, so that none is missing when a second user comes. */
static int
store_lock(uint16_t port_id, uint16_t queue_id)
{
	struct queue_lock *lock;

	if (find_lock(port_id, queue_id) != NULL)
		return 0;
	lock = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*lock));
	if (lock == NULL)
		return -ENOMEM;
	rte_spinlock_init(&lock->lock);
	lock->port_id = port_id;
	lock->queue_id = queue_id;
	lock->next = queue_locks;
	queue_locks = lock;
	return 0;
}

int
mirror_queue_allot(struct mirror_slot *slot)
{
	const struct mirror *mirror = slot->mirror;
	uint16_t queue = mirror->param.target_queue, best = queue, i;
	unsigned int fewest = UINT32_MAX, nb;

	for (i = 0; i < mirror->config.nb_target_queues && fewest > 0; i++, queue++) {
		nb = count_users(mirror->param.target_port, queue, false);
		if (nb < fewest) {
			fewest = nb;
			best = queue;
		}
	}
	slot->target_queue = best;
	/* What goes through rings is sent by one thread. */
	if (mirror->drain != NULL)
		return 0;
	return store_lock(mirror->param.target_port, best);
}

rte_spinlock_t *
mirror_queue_lock(const struct mirror_slot *slot, bool has_left)
{
	const uint16_t target = slot->mirror->param.target_port, queue = slot->target_queue;

	if (slot->ring != NULL || slot->mirror->config.target_is_lockfree ||
			count_users(target, queue, has_left) < 2)
		return NULL;
	return &find_lock(target, queue)->lock;
}
