/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_ring.h>

#include "../drain/cpus.h"
#include "../drain/drain.h"
#include "drains.h"
#include "error.h"
#include "points.h"
#include "ports.h"

/* A target that is drained: until its last user has gone, each mirror to it and, of a sink, whoever has added that. */
struct drained_target {
	struct mirror_drain_target is;
	unsigned int nb_users;
	struct mirror_drain *drain;
	struct drained_target *next;
};

static struct drained_target *targets;

static struct drained_target *
find(uint16_t port_id, uint32_t epoch)
{
	struct drained_target *target;

	for (target = targets; target != NULL; target = target->next) {
		if (target->is.port_id == port_id && target->is.epoch == epoch)
			break;
	}
	return target;
}

static struct drained_target *
find_sink(uint16_t number)
{
	return mirror_is_sink(number) ? find(number, 0) : NULL;
}

static int
create(const struct mirror_drain_target *is, struct drained_target **created)
{
	struct drained_target *target = calloc(1, sizeof(*target));
	int rc = -ENOMEM;

	if (target != NULL)
		rc = mirror_drain_start(is, &target->drain);
	if (rc != 0) {
		free(target);
		return mirror_refuse(-rc, "cannot start the thread that drains mirrors: %s",
				strerror(-rc));
	}
	target->is = *is;
	target->next = targets;
	targets = *created = target;
	return 0;
}

/* Ends it with its last user. */
static void
leave(struct drained_target *target)
{
	struct drained_target **where = &targets;

	if (--target->nb_users > 0)
		return;
	while (*where != target)
		where = &(*where)->next;
	*where = target->next;
	mirror_drain_end(target->drain);
	free(target);
}

int
mirror_drains_join(struct mirror *mirror)
{
	const struct mirror_drain_target is = {
		.port_id = mirror->param.target_port,
		.epoch = mirror->config.target_epoch,
	};
	static const struct rte_mirror_stats none;
	struct drained_target *target;
	int rc = 0;

	if ((mirror->param.flags & RTE_MIRROR_F_DRAIN) == 0)
		return 0;
	target = find(is.port_id, is.epoch);
	if (target == NULL)
		rc = create(&is, &target);
	if (rc != 0)
		return rc;
	target->nb_users++;
	mirror->drain = target->drain;
	if (target->is.ops != NULL)
		target->is.ops->count(target->is.sink, mirror->id, &none);
	return 0;
}

void
mirror_drains_leave(struct mirror *mirror)
{
	struct mirror_slot *slot;

	if (mirror->drain == NULL)
		return;
	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->ring != NULL)
			mirror_drain_drop_ring(mirror->drain, slot->ring);
		slot->ring = NULL;
	}
	mirror->drain = NULL;
	leave(find(mirror->param.target_port, mirror->config.target_epoch));
}

/* Where the driver keeps what a queue has been given, if it does: net_ring, in a ring whose name it makes from its own. */
static const struct rte_ring *
find_behind(uint16_t port_id, uint16_t queue_id)
{
	char name[RTE_RING_NAMESIZE], port[RTE_ETH_NAME_MAX_LEN];

	if (mirror_is_sink(port_id) || rte_eth_dev_get_name_by_port(port_id, port) != 0 ||
			snprintf(name, sizeof(name), "ETH_RXTX%u_%s", queue_id, port) >=
					(int)sizeof(name))
		return NULL;
	return rte_ring_lookup(name);
}

bool
mirror_drains_see_behind(uint16_t port_id, uint16_t queue_id)
{
	return find_behind(port_id, queue_id) != NULL;
}

static struct mirror_sink_origin
find_origin(const struct mirror_slot *slot)
{
	struct mirror_sink_origin origin = {
		.mirror_id = slot->mirror->id,
		.directions = slot->mirror->param.directions,
		.queue_id = slot->point->queue_id,
		.is_tx = slot->point->direction == RTE_MIRROR_TX,
	};

	(void)rte_eth_dev_get_name_by_port(slot->mirror->source_port, origin.source);
	return origin;
}

int
mirror_drains_cover(struct mirror_slot *slot)
{
	struct mirror_drain *drain = slot->mirror->drain;
	const struct rte_ring *behind;

	if (drain == NULL)
		return 0;
	behind = find_behind(slot->mirror->param.target_port, slot->target_queue);
	if (slot->ring == NULL) {
		const struct mirror_sink_origin origin = find_origin(slot);

		slot->ring = mirror_drain_add_ring(drain, &origin, behind);
	}
	if (slot->ring == NULL)
		return -ENOMEM;
	mirror_drain_set_queue(slot->ring, slot->target_queue, behind);
	return 0;
}

void
mirror_drains_close(struct mirror *mirror)
{
	struct mirror_slot *slot;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->ring != NULL)
			mirror_drain_close_ring(mirror->drain, slot->ring);
	}
}

bool
mirror_drains_are_quiet(const struct mirror *mirror)
{
	const struct mirror_slot *slot;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->ring != NULL && !mirror_drain_is_quiet(mirror->drain, slot->ring))
			return false;
	}
	return true;
}

void
mirror_drains_open(struct mirror *mirror)
{
	struct mirror_slot *slot;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->ring != NULL)
			mirror_drain_open_ring(slot->ring);
	}
}

void
mirror_drains_describe(const struct mirror *mirror, struct rte_mirror_info *info)
{
	if (mirror->drain == NULL)
		return;
	info->drain_cpu_us = mirror_drain_cpu_us(mirror->drain);
	info->drain_yields = mirror_drain_yields(mirror->drain);
}

/* Whether packets are sent there by a thread of ours, which is no poller. */
static bool
is_drained_to(const struct mirror_point *point)
{
	const struct drained_target *target;

	for (target = targets; target != NULL; target = target->next) {
		if (point->direction == RTE_MIRROR_TX && point->port_id == target->is.port_id)
			return true;
	}
	return false;
}

static bool
is_ours(pid_t tid)
{
	const struct drained_target *target;

	for (target = targets; target != NULL; target = target->next) {
		if (mirror_drain_is_thread(target->drain, tid))
			return true;
	}
	return false;
}

void
mirror_drains_keep_off_pollers(void)
{
	const struct drained_target *target;
	const struct mirror_point *point;
	struct mirror_cpus cpus;
	int cpu;

	if (targets == NULL)
		return;
	/* Those of ports that nobody mirrors, too. */
	mirror_cpus_find(is_ours, &cpus);
	for (point = mirror_points(); point != NULL; point = point->next) {
		cpu = __atomic_load_n(&point->context.cpu, __ATOMIC_RELAXED);
		if (point->context.list != NULL && cpu > 0 && !is_drained_to(point))
			CPU_SET(cpu - 1, &cpus.polled);
	}
	for (target = targets; target != NULL; target = target->next)
		mirror_drain_keep_off(target->drain, &cpus);
}

/* Not the number of one that has just gone, as long as there are others. */
static int
find_number(uint16_t *number)
{
	static uint16_t last = UINT16_MAX;
	unsigned int tries = UINT16_MAX - MIRROR_FIRST_SINK + 1;

	do {
		last = last < UINT16_MAX ? last + 1 : MIRROR_FIRST_SINK;
		*number = last;
		if (find_sink(last) == NULL)
			return 0;
	} while (--tries > 0);
	return mirror_refuse(ENOSPC, "there are too many targets: remove one first");
}

int
mirror_drains_add_sink(const struct mirror_sink_ops *ops, void *sink, uint16_t *number)
{
	struct mirror_drain_target is = { .ops = ops, .sink = sink };
	struct drained_target *target;
	int rc = find_number(&is.port_id);

	if (rc == 0)
		rc = create(&is, &target);
	if (rc != 0)
		return rc;
	target->nb_users = 1;
	*number = is.port_id;
	return 0;
}

void
mirror_drains_remove_sink(uint16_t number)
{
	leave(find_sink(number));
}

bool
mirror_drains_have_sink(uint16_t number)
{
	return find_sink(number) != NULL;
}

bool
mirror_drains_target_is_gone(uint16_t target, uint32_t epoch)
{
	return mirror_is_sink(target) ? find_sink(target) == NULL : mirror_is_gone(target, epoch);
}

bool
mirror_drains_sink_has_room(uint16_t number)
{
	const struct drained_target *target = find_sink(number);

	return target->is.ops->has_room(target->is.sink);
}

bool
mirror_drains_sink_is_over(uint16_t number, char reason[RTE_MIRROR_REASON_SIZE])
{
	const struct drained_target *target = find_sink(number);

	return target != NULL && target->is.ops->is_over(target->is.sink, reason);
}

void
mirror_drains_tell(const struct mirror *mirror, const struct rte_mirror_stats *stats)
{
	const struct drained_target *target = find_sink(mirror->param.target_port);

	if (target != NULL)
		target->is.ops->count(target->is.sink, mirror->id, stats);
}
