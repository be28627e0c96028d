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

#include "../drain/drain.h"
#include "drains.h"
#include "error.h"
#include "points.h"
#include "ports.h"

/* A target that is drained. */
struct drained_target {
	uint16_t port_id;
	uint32_t epoch;
	unsigned int nb_mirrors;
	struct mirror_drain *drain;
	struct drained_target *next;
};

static struct drained_target *targets;

static struct drained_target *
find(const struct mirror *mirror)
{
	struct drained_target *target;

	for (target = targets; target != NULL; target = target->next) {
		if (target->port_id == mirror->param.target_port &&
				target->epoch == mirror->config.target_epoch)
			break;
	}
	return target;
}

static struct drained_target *
create(const struct mirror *mirror)
{
	struct drained_target *target = calloc(1, sizeof(*target));
	int rc = -ENOMEM;

	if (target != NULL) {
		target->port_id = mirror->param.target_port;
		target->epoch = mirror->config.target_epoch;
		rc = mirror_drain_start(target->port_id, target->epoch, &target->drain);
	}
	if (rc != 0) {
		free(target);
		mirror_refuse(-rc, "cannot start the thread that sends to port %u: %s",
				mirror->param.target_port, strerror(-rc));
		return NULL;
	}
	target->next = targets;
	targets = target;
	return target;
}

int
mirror_drains_join(struct mirror *mirror)
{
	struct drained_target *target;

	if ((mirror->param.flags & RTE_MIRROR_F_DRAIN) == 0)
		return 0;
	target = find(mirror);
	if (target == NULL)
		target = create(mirror);
	if (target == NULL)
		return -ENOMEM;
	target->nb_mirrors++;
	mirror->drain = target->drain;
	return 0;
}

void
mirror_drains_leave(struct mirror *mirror)
{
	struct drained_target **where = &targets, *target = find(mirror);
	struct mirror_slot *slot;

	if (mirror->drain == NULL)
		return;
	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->ring != NULL)
			mirror_drain_drop_ring(mirror->drain, slot->ring);
		slot->ring = NULL;
	}
	mirror->drain = NULL;
	if (--target->nb_mirrors > 0)
		return;
	while (*where != target)
		where = &(*where)->next;
	*where = target->next;
	mirror_drain_end(target->drain);
	free(target);
}

/* Where the driver keeps what a queue has been given, if it does: net_ring, in a ring whose name it makes from its own. */
static const struct rte_ring *
find_behind(uint16_t port_id, uint16_t queue_id)
{
	char name[RTE_RING_NAMESIZE], port[RTE_ETH_NAME_MAX_LEN];

	if (rte_eth_dev_get_name_by_port(port_id, port) != 0 ||
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

int
mirror_drains_cover(struct mirror_slot *slot)
{
	struct mirror_drain *drain = slot->mirror->drain;
	const struct rte_ring *behind;

	if (drain == NULL)
		return 0;
	behind = find_behind(slot->mirror->param.target_port, slot->target_queue);
	if (slot->ring == NULL)
		slot->ring = mirror_drain_add_ring(drain, behind);
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
		if (point->direction == RTE_MIRROR_TX && point->port_id == target->port_id)
			return true;
	}
	return false;
}

void
mirror_drains_keep_off_pollers(void)
{
	const struct drained_target *target;
	const struct mirror_point *point;
	cpu_set_t polled;
	int cpu;

	CPU_ZERO(&polled);
	for (point = mirror_points(); point != NULL; point = point->next) {
		cpu = __atomic_load_n(&point->context.cpu, __ATOMIC_RELAXED);
		if (point->context.list != NULL && cpu > 0 && !is_drained_to(point))
			CPU_SET(cpu - 1, &polled);
	}
	for (target = targets; target != NULL; target = target->next)
		mirror_drain_keep_off(target->drain, &polled);
}
