/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_log.h>

#include "bonds.h"
#include "config.h"
#include "drains.h"
#include "error.h"
#include "interfaces.h"
#include "plan.h"
#include "points.h"
#include "ports.h"
#include "selection.h"

/*
 * The lists are replaced in two steps, each skipping the points whose list stays the same. In the first, slots that
 * are no longer wanted leave, new ones are not there yet, and a target queue has its lock if it had or will have
 * more than one user. When no poller is inside an older list, the second step brings the new slots in, with a lock
 * where there is more than one user now. So at no time do two pollers send on one queue without its lock.
 */

/* Ends a mirror for good. */
static void stop(struct mirror *mirror, const char *format, ...) __rte_format_printf(2, 3);

static void
stop(struct mirror *mirror, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(mirror->reason, sizeof(mirror->reason), format, args);
	va_end(args);
	mirror->state = RTE_MIRROR_STOPPED;
	MIRROR_LOG(NOTICE, "%s stopped: %s\n", mirror->name, mirror->reason);
}

/* Its packets go nowhere any more: the data path does not follow what belongs to a device that is gone. */
static void
stop_if_gone(struct mirror *mirror)
{
	const uint16_t target = mirror->param.target_port;

	if (mirror_is_gone(mirror->source_port, mirror->config.source_epoch))
		stop(mirror, "its source, port %u, was removed", mirror->source_port);
	else if (mirror_drains_target_is_gone(target, mirror->config.target_epoch))
		stop(mirror, "its target, port %u, was removed", target);
}

static void
stop_if_target_is_unsafe(struct mirror *mirror)
{
	char reason[RTE_MIRROR_REASON_SIZE];

	if (mirror_is_sink(mirror->param.target_port)) {
		if (mirror_drains_sink_is_over(mirror->param.target_port, reason))
			stop(mirror, "%s", reason);
	} else if (!mirror_port_is_started(mirror->param.target_port)) {
		stop(mirror, "its target, port %u, was stopped", mirror->param.target_port);
	} else if (mirror_port_is_member(mirror->param.target_port)) {
		stop(mirror,
				"its target, port %u, is a member of a bond now, which transmits on its "
				"queues: mirror to the bond",
				mirror->param.target_port);
	} else if (mirror_port_has_lost_interface(mirror->param.target_port)) {
		stop(mirror, "the interface of its target, port %u, has gone",
				mirror->param.target_port);
	} else if (mirror->config.mode == RTE_MIRROR_SHARE &&
			mirror_port_rewrites(mirror->param.target_port)) {
		stop(mirror, "its target, port %u, is a bond that rewrites packets now",
				mirror->param.target_port);
	}
}

/* Rules 1, 4 and 7: going on has become unsafe. */
static void
stop_if_unsafe(struct mirror *mirror, uint16_t fast_free_port)
{
	stop_if_target_is_unsafe(mirror);
	if (mirror->state == RTE_MIRROR_STOPPED)
		return;
	if ((mirror->param.directions & RTE_MIRROR_TX) != 0 &&
			mirror_port_is_lockfree(mirror->source_port))
		stop(mirror, "its source, port %u, has MT_LOCKFREE now: tx mirrors cannot be",
				mirror->source_port);
	else if (mirror->config.mode != RTE_MIRROR_COPY && fast_free_port != RTE_MAX_ETHPORTS)
		stop(mirror, "port %u has MBUF_FAST_FREE now: it would free what is shared",
				fast_free_port);
}

void
mirror_plan_stop_gone(void)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->state != RTE_MIRROR_STOPPED)
			stop_if_gone(mirror);
	}
}

static struct mirror_slot *
find_slot(const struct mirror *mirror, const struct mirror_point *point)
{
	struct mirror_slot *slot;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->point == point)
			return slot;
	}
	return NULL;
}

/* Gives the mirror a slot on a point, ready to be published. */
static int
cover_queue(struct mirror *mirror, uint16_t queue_id, enum rte_mirror_direction direction)
{
	struct mirror_point *point = mirror_point_get(mirror->source_port, queue_id, direction);
	struct mirror_slot *slot;
	int rc;

	if (point == NULL)
		return -ENOMEM;
	slot = find_slot(mirror, point);
	if (slot == NULL) {
		slot = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*slot));
		if (slot == NULL)
			return -ENOMEM;
		memset(slot, 0, sizeof(*slot));
		slot->mirror = mirror;
		slot->point = point;
		slot->first_use = mirror_point_use(point);
		TAILQ_INSERT_TAIL(&mirror->slots, slot, next);
	}
	if (slot->wanted)
		return 0;
	/* A slot that is still live, since its poller has not left yet, keeps its queue. */
	rc = slot->live ? 0 : mirror_queue_allot(slot);
	if (rc == 0)
		rc = mirror_drains_cover(slot);
	if (rc == 0)
		rc = mirror_point_attach(point);
	slot->wanted = rc == 0;
	return rc;
}

/* Whether a mirror is to be on a queue of so many. */
static bool
is_to_cover(const struct mirror *mirror, uint16_t queue_id, uint16_t nb_queues)
{
	return queue_id < nb_queues && mirror_selection_has_queue(mirror->selection, queue_id);
}

/* Wants a slot on each of the source's queues in a direction that are selected, and on no other. */
static int
cover_direction(struct mirror *mirror, enum rte_mirror_direction direction, uint16_t nb_queues)
{
	struct mirror_slot *slot;
	uint16_t queue;
	int rc = 0;

	if ((mirror->param.directions & direction) == 0)
		nb_queues = 0;
	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (slot->point->direction == direction)
			slot->wanted &= is_to_cover(mirror, slot->point->queue_id, nb_queues);
	}
	for (queue = 0; rc == 0 && queue < nb_queues; queue++) {
		if (is_to_cover(mirror, queue, nb_queues))
			rc = cover_queue(mirror, queue, direction);
	}
	return rc;
}

static int
cover_source(struct mirror *mirror)
{
	struct rte_eth_dev_info dev;
	int rc = mirror_port_info_get(mirror->source_port, &dev);

	/* Ports' MTUs change, and there is no event. */
	mirror_find_longest(mirror);
	if (rc == 0 && mirror->config.pool_is_single && mirror_count_queues(mirror, &dev) > 1) {
		stop(mirror, "its pool is for one poller, and port %u has more queues now",
				mirror->source_port);
		return 0;
	}
	if (rc == 0)
		rc = cover_direction(mirror, RTE_MIRROR_RX, dev.nb_rx_queues);
	if (rc == 0)
		rc = cover_direction(mirror, RTE_MIRROR_TX, dev.nb_tx_queues);
	return rc;
}

/* Wants what each mirror should have now. Only the newcomer's failure matters: the others are tried again next time. */
static int
cover_sources(const struct mirror *newcomer)
{
	const uint16_t fast_free_port = mirror_fast_free_port();
	struct mirror_slot *slot;
	struct mirror *mirror;
	int rc = 0, result = 0;

	mirror_plan_stop_gone();
	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->state == RTE_MIRROR_RUNNING)
			stop_if_unsafe(mirror, fast_free_port);
		if (mirror->state == RTE_MIRROR_RUNNING)
			rc = cover_source(mirror);
		if (mirror->state == RTE_MIRROR_RUNNING) {
			result = mirror == newcomer ? rc : result;
			continue;
		}
		TAILQ_FOREACH(slot, &mirror->slots, next)
			slot->wanted = false;
	}
	return result;
}

/* Makes a point's list for one of the steps, with the slots that enter if it is the second. */
static int
plan_list(struct mirror_point *point, bool enter)
{
	struct mirror_slot *slots[MIRROR_MAX_PER_SOURCE], *slot;
	struct mirror *mirror;
	uint16_t nb = 0;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		slot = find_slot(mirror, point);
		if (slot != NULL && slot->wanted && (slot->live || enter))
			slots[nb++] = slot;
	}
	return mirror_list_build(point, slots, nb, enter, &point->planned[enter]);
}

/* Makes the lists of both steps: once the first is out, nothing can go wrong any more. */
static int
plan_lists(void)
{
	struct mirror_point *point;
	int rc = 0;

	for (point = mirror_points(); point != NULL && rc == 0; point = point->next) {
		rc = plan_list(point, false);
		if (rc == 0)
			rc = plan_list(point, true);
	}
	return rc;
}

/* Publishes the lists that differ from those that are out. */
static void
publish_lists(bool enter)
{
	struct mirror_point *point;

	for (point = mirror_points(); point != NULL; point = point->next) {
		if (mirror_list_is_same(point->planned[enter], point->context.list))
			mirror_list_free(point->planned[enter]);
		else
			mirror_point_publish(point, point->planned[enter]);
		point->planned[enter] = NULL;
	}
}

/* Frees the lists that have not come to be published. */
static void
drop_lists(void)
{
	struct mirror_point *point;

	for (point = mirror_points(); point != NULL; point = point->next) {
		mirror_list_free(point->planned[false]);
		mirror_list_free(point->planned[true]);
		point->planned[false] = point->planned[true] = NULL;
	}
}

static int
wait_for_points(uint32_t timeout_us)
{
	const uint64_t timeout = rte_get_timer_hz() / US_PER_S * timeout_us;
	const uint64_t deadline = rte_get_timer_cycles() + timeout;
	struct mirror_point *point;
	int rc = 0;

	for (point = mirror_points(); point != NULL && rc == 0; point = point->next)
		rc = mirror_point_wait(point, deadline);
	return rc;
}

/* What enters is live from now on, what has left is not. */
static void
settle_slots(void)
{
	struct mirror_slot *slot;
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		TAILQ_FOREACH(slot, &mirror->slots, next)
			slot->live = slot->wanted;
	}
}

int
mirror_plan_apply(const struct mirror *newcomer, uint32_t timeout_us)
{
	int rc = cover_sources(newcomer);

	mirror_budget_divide();
	if (rc == 0)
		rc = plan_lists();
	if (rc == 0) {
		publish_lists(false);
		rc = wait_for_points(timeout_us);
	}
	if (rc == 0) {
		settle_slots();
		publish_lists(true);
	}
	drop_lists();
	return rc;
}
