/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "../eal_gate.h"
#include "points.h"
#include "ports.h"

/*
 * Two things outlive a removal. The lists, until the poller has left the callback it may have been in: for that
 * there is a handshake on context.use. And what ethdev allocated for a callback: between loading a callback and
 * entering it, and again between leaving it and reading its successor, the poller shows no sign, so removed
 * callbacks wait for evidence that it is past them. At most one waits for each point; when there is one already, the
 * next stays attached, with nothing to do, until then.
 *
 * Memory comes from libc: it must be there for as long as the process, not just until rte_eal_cleanup().
 */

static struct mirror_point *points;

struct mirror_point *
mirror_points(void)
{
	return points;
}

struct mirror_point *
mirror_point_get(uint16_t port_id, uint16_t queue_id, enum rte_mirror_direction direction)
{
	struct mirror_point *point;

	for (point = points; point != NULL; point = point->next) {
		if (point->port_id == port_id && point->queue_id == queue_id &&
				point->direction == direction)
			return point;
	}
	point = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*point));
	if (point == NULL)
		return NULL;
	memset(point, 0, sizeof(*point));
	point->port_id = port_id;
	point->queue_id = queue_id;
	point->direction = direction;
	point->next = points;
	points = point;
	return point;
}

int
mirror_point_attach(struct mirror_point *point)
{
	if (point->attached != NULL)
		return 0;
	/* First on rx, last on tx: what the driver gives and is given, whatever other callbacks make of it. */
	if (point->direction == RTE_MIRROR_RX)
		point->attached = rte_eth_add_first_rx_callback(
				point->port_id, point->queue_id, mirror_rx_callback, point);
	else
		point->attached = rte_eth_add_tx_callback(
				point->port_id, point->queue_id, mirror_tx_callback, point);
	return point->attached != NULL ? 0 : -rte_errno;
}

uint64_t
mirror_point_use(const struct mirror_point *point)
{
	/* Pairs with the poller's releases: what it did in the passes counted here is done. */
	return __atomic_load_n(&point->context.use, __ATOMIC_ACQUIRE);
}

uint64_t
mirror_point_passes(const struct mirror_point *point, uint64_t use)
{
	return (mirror_point_use(point) + 1) / 2 - (use + 1) / 2;
}

/*
 * Whether no poller can still reach the pending callback: at the most one pass through it began after its removal,
 * so with the second the poller is past it. A stopped port is not polled.
 */
static bool
is_past_pending(const struct mirror_point *point)
{
	return mirror_point_passes(point, point->pending_use) >= 2 ||
			!mirror_port_is_started(point->port_id);
}

static void
detach(struct mirror_point *point)
{
	int rc;

	if (point->direction == RTE_MIRROR_RX)
		rc = rte_eth_remove_rx_callback(point->port_id, point->queue_id, point->attached);
	else
		rc = rte_eth_remove_tx_callback(point->port_id, point->queue_id, point->attached);
	/* Otherwise the queue or the port is gone. ethdev keeps the callback, for the next queue of that number. */
	if (rc != 0)
		return;
	point->pending = point->attached;
	/* Removed first, counted then. Pairs with the rte_smp_mb()s in the callback. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	point->pending_use = mirror_point_use(point);
	point->attached = NULL;
}

static void
tidy(struct mirror_point *point)
{
	/* Its deadline is past: lists are freed if that can be done at once. */
	(void)mirror_point_wait(point, 0);
	/* What a removed port leaves waits for its successor. */
	if (!mirror_port_exists(point->port_id))
		return;
	if (point->pending != NULL && is_past_pending(point)) {
		rte_free((void *)(uintptr_t)point->pending);
		point->pending = NULL;
	}
	if (point->attached != NULL && point->pending == NULL && point->context.list == NULL)
		detach(point);
}

void
mirror_points_tidy(void)
{
	struct mirror_point *point;

	for (point = mirror_points(); point != NULL; point = point->next)
		tidy(point);
}

void
mirror_point_publish(struct mirror_point *point, struct mirror_list *list)
{
	struct mirror_list *old = point->context.list;

	/* The list is filled in before the poller can find it. Pairs with the acquire in the callback. */
	__atomic_store_n(&point->context.list, list, __ATOMIC_RELEASE);
	/*
	 * Either we see the poller inside, and wait; or it sees what was published. Pairs with the rte_smp_mb() in
	 * the callback.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	point->waited_use = mirror_point_use(point);
	if (old != NULL) {
		old->retired = point->retired;
		point->retired = old;
	}
}

int
mirror_point_wait(struct mirror_point *point, uint64_t deadline)
{
	struct mirror_list *list;

	/* Odd: a poller was inside when the list was replaced. Any other number: it has left since. */
	while ((point->waited_use & 1) != 0 && mirror_point_use(point) == point->waited_use) {
		/* A poller may be the very thread that ends the application, in a handler of a signal. */
		if (mirror_eal_must_leave() || rte_get_timer_cycles() >= deadline)
			return -ETIMEDOUT;
		rte_delay_us_sleep(1);
	}
	while ((list = point->retired) != NULL) {
		point->retired = list->retired;
		mirror_list_free(list);
	}
	return 0;
}
