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

#include "../life.h"
#include "ports.h"
#include "taps.h"

/*
 * Two things outlive a removal. The lists, until the poller has left the callback it may have been in: for that
 * there is a handshake on context.use. And what ethdev allocated for a callback: between loading a callback and
 * entering it, and again between leaving it and reading its successor, the poller shows no sign, so removed
 * callbacks wait for evidence that it is past them. At most one waits for each tap; when there is one already, the
 * next stays attached, with nothing to do, until then.
 *
 * Memory comes from libc: it must be there for as long as the process, not just until rte_eal_cleanup().
 */

static struct mirror_tap *taps;

struct mirror_tap *
mirror_taps(void)
{
	return taps;
}

struct mirror_tap *
mirror_tap_get(uint16_t port_id, uint16_t queue_id, enum rte_mirror_direction direction)
{
	struct mirror_tap *tap;

	for (tap = taps; tap != NULL; tap = tap->next) {
		if (tap->port_id == port_id && tap->queue_id == queue_id &&
				tap->direction == direction)
			return tap;
	}
	tap = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*tap));
	if (tap == NULL)
		return NULL;
	memset(tap, 0, sizeof(*tap));
	tap->port_id = port_id;
	tap->queue_id = queue_id;
	tap->direction = direction;
	tap->next = taps;
	taps = tap;
	return tap;
}

int
mirror_tap_attach(struct mirror_tap *tap)
{
	if (tap->attached != NULL)
		return 0;
	/* First on rx, last on tx: what the driver gives and is given, whatever other callbacks make of it. */
	if (tap->direction == RTE_MIRROR_RX)
		tap->attached = rte_eth_add_first_rx_callback(
				tap->port_id, tap->queue_id, mirror_rx_callback, tap);
	else
		tap->attached = rte_eth_add_tx_callback(
				tap->port_id, tap->queue_id, mirror_tx_callback, tap);
	return tap->attached != NULL ? 0 : -rte_errno;
}

uint64_t
mirror_tap_use(const struct mirror_tap *tap)
{
	/* Pairs with the poller's releases: what it did in the passes counted here is done. */
	return __atomic_load_n(&tap->context.use, __ATOMIC_ACQUIRE);
}

uint64_t
mirror_tap_passes(const struct mirror_tap *tap, uint64_t use)
{
	return (mirror_tap_use(tap) + 1) / 2 - (use + 1) / 2;
}

/*
 * Whether no poller can still reach the pending callback: at the most one pass through it began after its removal,
 * so with the second the poller is past it. A stopped port is not polled.
 */
static bool
is_past_pending(const struct mirror_tap *tap)
{
	return mirror_tap_passes(tap, tap->pending_use) >= 2 ||
			!mirror_port_is_started(tap->port_id);
}

static void
detach(struct mirror_tap *tap)
{
	int rc;

	if (tap->direction == RTE_MIRROR_RX)
		rc = rte_eth_remove_rx_callback(tap->port_id, tap->queue_id, tap->attached);
	else
		rc = rte_eth_remove_tx_callback(tap->port_id, tap->queue_id, tap->attached);
	/* Otherwise the queue or the port is gone. ethdev keeps the callback, for the next queue of that number. */
	if (rc != 0)
		return;
	tap->pending = tap->attached;
	/* Removed first, counted then. Pairs with the rte_smp_mb()s in the callback. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	tap->pending_use = mirror_tap_use(tap);
	tap->attached = NULL;
}

static void
tidy(struct mirror_tap *tap)
{
	/* Its deadline is past: lists are freed if that can be done at once. */
	(void)mirror_wait(tap, 0);
	/* What a removed port leaves waits for its successor. */
	if (!mirror_port_exists(tap->port_id))
		return;
	if (tap->pending != NULL && is_past_pending(tap)) {
		rte_free((void *)(uintptr_t)tap->pending);
		tap->pending = NULL;
	}
	if (tap->attached != NULL && tap->pending == NULL && tap->context.list == NULL)
		detach(tap);
}

void
mirror_taps_tidy(void)
{
	struct mirror_tap *tap;

	for (tap = mirror_taps(); tap != NULL; tap = tap->next)
		tidy(tap);
}

void
mirror_publish(struct mirror_tap *tap, struct mirror_list *list)
{
	struct mirror_list *old = tap->context.list;

	/* The list is filled in before the poller can find it. Pairs with the acquire in the callback. */
	__atomic_store_n(&tap->context.list, list, __ATOMIC_RELEASE);
	/*
	 * Either we see the poller inside, and wait; or it sees what was published. Pairs with the rte_smp_mb() in
	 * the callback.
	 */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	tap->waited_use = mirror_tap_use(tap);
	if (old != NULL) {
		old->retired = tap->retired;
		tap->retired = old;
	}
}

int
mirror_wait(struct mirror_tap *tap, uint64_t deadline)
{
	struct mirror_list *list;

	/* Odd: a poller was inside when the list was replaced. Any other number: it has left since. */
	while ((tap->waited_use & 1) != 0 && mirror_tap_use(tap) == tap->waited_use) {
		/* A poller may be the very thread that ends the application, in a handler of a signal. */
		if (life_is_urged() || rte_get_timer_cycles() >= deadline)
			return -ETIMEDOUT;
		rte_delay_us_sleep(1);
	}
	while ((list = tap->retired) != NULL) {
		tap->retired = list->retired;
		mirror_list_free(list);
	}
	return 0;
}
