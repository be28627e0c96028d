/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_prefetch.h>
#include <rte_ring.h>

#include "../datapath/datapath.h"
#include "../eal_gate.h"
#include "../started.h"
#include "give.h"

/* After so many packets the thread looks whether it is to end. */
#define ROUND 1024

/* So much of a segment is fetched before it is read; by then the CPU fetches the rest by itself. */
#define FETCHED 1536

/* What a target has refused for so long is not offered again. */
#define PATIENCE_US 1000000

static uint64_t
mirror_drain_count(const struct drained_ring *ring)
{
	return mirror_ring_tail(&ring->ring) - ring->next;
}

/* With how much of what it was given a target is done: with all but what it keeps. */
static uint64_t
mirror_drain_count_done(const struct mirror_drain *drain, const struct drained_ring *ring)
{
	const struct rte_ring *behind = __atomic_load_n(&ring->behind, __ATOMIC_RELAXED);
	const uint64_t nb = ring->next - ring->ring.head;

	/* A target that has been given nothing may never come to be used. */
	if (behind == NULL || nb == 0 || mirror_is_gone(drain->target.port_id, drain->target.epoch))
		return nb;
	/* One that is closing or stopped may go at any time; until it is used again, it keeps what it has. */
	if (ring->sees_closing || !mirror_ethdev_is_started(drain->target.port_id))
		return 0;
	/* Others may send to the same queue: then more counts as held than is. */
	return nb - RTE_MIN(nb, rte_ring_count(behind));
}

/* Gives the poller back the room of that. */
static void
mirror_drain_release(const struct mirror_drain *drain, struct drained_ring *ring)
{
	mirror_ring_release(&ring->ring, ring->ring.head + mirror_drain_count_done(drain, ring));
}

/*
 * The poller has the room of lost packets back at once, and they were put in behind what the target keeps still: so what
 * that holds moves to the slots behind.
 */
static void
mirror_drain_release_lost(struct drained_ring *ring, uint64_t nb, uint32_t held)
{
	const uint64_t head = ring->ring.head;
	uint64_t i;

	for (i = ring->next; i > head; i--)
		mirror_ring_item(&ring->ring, i - 1 + nb)
				->held = mirror_ring_item(&ring->ring, i - 1)->held;
	for (i = 0; i < nb; i++)
		mirror_ring_item(&ring->ring, head + i)->held = i == 0 ? held : 0;
	mirror_drain_add(&ring->next, nb);
	mirror_ring_release(&ring->ring, head + nb);
}

/* Frees the next packets, which the target will not have, and which the poller has counted as sent. */
static void
mirror_drain_lose(struct mirror_drain *drain, struct drained_ring *ring, uint64_t nb)
{
	uint32_t held = 0;
	uint64_t i;

	mirror_drain_count_lost(drain, ring, ring->next, ring->next + nb, 0);
	for (i = 0; i < nb; i++) {
		struct mirror_ring_item *item = mirror_ring_item(&ring->ring, ring->next + i);

		held += item->held;
		rte_pktmbuf_free(item->pkt);
		if (drain->target.ops != NULL)
			*item = (struct mirror_ring_item){ .held = item->held };
	}
	if (drain->target.ops != NULL) {
		mirror_drain_add(&ring->next, nb);
		mirror_ring_set_freed(&ring->ring, ring->next);
	} else {
		mirror_drain_release_lost(ring, nb, held);
	}
	/* What comes next is kept as long: a target that takes nothing costs its poller nothing meanwhile. */
	ring->stuck_at = 0;
}

static bool
mirror_drain_can_send(const struct mirror_drain *drain)
{
	const struct mirror_drain_target *target = &drain->target;

	return !mirror_is_gone(target->port_id, target->epoch) &&
			mirror_ethdev_is_started(target->port_id);
}

static void
mirror_drain_fetch_mbuf(const struct rte_mbuf *mbuf)
{
	rte_prefetch0(mbuf);
	/* Drivers look at next, and so does whoever frees it. */
	rte_prefetch0(RTE_PTR_ADD(mbuf, RTE_CACHE_LINE_MIN_SIZE));
}

static void
mirror_drain_fetch_data(const struct rte_mbuf *seg)
{
	const uint8_t *line = rte_pktmbuf_mtod(seg, const uint8_t *);
	const uint8_t *end = line + RTE_MIN(seg->data_len, FETCHED);

	for (; line < end; line += RTE_CACHE_LINE_SIZE)
		rte_prefetch1(line);
}

/*
 * What packets consist of is in another CPU's cache, or in none. All of it comes at the same time, where the target would
 * wait for one packet after the other. The first two segments: split packets have no more as a rule.
 */
static void
mirror_drain_fetch(struct drained_ring *ring, uint16_t nb)
{
	const struct rte_mbuf *second[MIRROR_SINK_BURST];
	uint16_t i;

	for (i = 0; i < nb; i++)
		mirror_drain_fetch_mbuf(mirror_ring_item(&ring->ring, ring->next + i)->pkt);
	for (i = 0; i < nb; i++) {
		const struct rte_mbuf *pkt = mirror_ring_item(&ring->ring, ring->next + i)->pkt;

		second[i] = pkt->nb_segs > 1 ? pkt->next : NULL;
		if (second[i] != NULL)
			mirror_drain_fetch_mbuf(second[i]);
	}
	for (i = 0; i < nb; i++) {
		mirror_drain_fetch_data(mirror_ring_item(&ring->ring, ring->next + i)->pkt);
		if (second[i] != NULL)
			mirror_drain_fetch_data(second[i]);
	}
}

/* Offers the target packets of a ring: how many it took. */
static uint16_t
mirror_drain_send(struct mirror_drain *drain, struct drained_ring *ring, uint16_t nb)
{
	const uint16_t queue = __atomic_load_n(&ring->ring.target_queue, __ATOMIC_RELAXED);
	struct rte_mbuf *pkts[MIRROR_SINK_BURST];
	uint32_t lens[MIRROR_SINK_BURST];
	uint16_t i, taken;

	for (i = 0; i < nb; i++) {
		const struct mirror_ring_item *item = mirror_ring_item(&ring->ring, ring->next + i);

		pkts[i] = item->pkt;
		lens[i] = drain->too_long != 0 ? mirror_ring_item_len(item) : 0;
	}
	taken = rte_eth_tx_burst(drain->target.port_id, queue, pkts, nb);
	/* What is ours still is behind those taken, wherever it was before. */
	for (i = taken; i < nb; i++)
		mirror_ring_item(&ring->ring, ring->next + i)->pkt = pkts[i];
	for (i = 0; drain->too_long != 0 && i < taken; i++) {
		if (lens[i] >= drain->too_long)
			drain->too_long = 0;
	}
	mirror_drain_add(&ring->next, taken);
	mirror_drain_release(drain, ring);
	return taken;
}

/*
 * Some targets never take what is too long for them, and nothing behind it: a virtual machine whose buffers are short. One
 * that is stuck is offered shorter packets. If it takes one, those before it are lost, and so will be what it refuses of
 * their length, at once. Whether it has taken one.
 */
static bool
mirror_drain_pass_over(struct mirror_drain *drain, struct drained_ring *ring)
{
	const uint16_t queue = __atomic_load_n(&ring->ring.target_queue, __ATOMIC_RELAXED);
	const uint64_t nb = mirror_drain_count(ring);
	uint32_t shortest = mirror_ring_item_len(mirror_ring_item(&ring->ring, ring->next));
	uint64_t i;

	for (i = 1; i < nb; i++) {
		struct mirror_ring_item *item = mirror_ring_item(&ring->ring, ring->next + i);
		const uint32_t len = mirror_ring_item_len(item);

		if (len >= shortest)
			continue;
		if (rte_eth_tx_burst(drain->target.port_id, queue, &item->pkt, 1) == 1) {
			mirror_drain_lose(drain, ring, i);
			mirror_drain_add(&ring->next, 1);
			mirror_drain_release(drain, ring);
			drain->too_long = shortest;
			return true;
		}
		shortest = len;
	}
	return false;
}

/* What becomes of packets that the target has not taken, of which it now takes no more. */
static void
mirror_drain_give_up(struct mirror_drain *drain, struct drained_ring *ring)
{
	if (drain->target.ops == NULL && mirror_drain_can_send(drain) &&
			mirror_drain_pass_over(drain, ring))
		ring->is_stuck = false;
	else
		mirror_drain_lose(drain, ring, mirror_drain_count(ring));
}

static void
mirror_drain_deliver(struct mirror_drain *drain, struct drained_ring *ring, uint16_t nb)
{
	uint64_t now;
	int taken = 0;

	/* Otherwise another thread reads them. */
	if (__atomic_load_n(&ring->behind, __ATOMIC_RELAXED) == NULL)
		mirror_drain_fetch(ring, nb);
	if (drain->target.ops != NULL)
		taken = mirror_drain_give(&drain->target, ring, nb);
	else if (mirror_drain_can_send(drain))
		taken = mirror_drain_send(drain, ring, nb);
	now = rte_rdtsc();
	ring->is_stuck = taken < nb;
	if (taken > 0)
		ring->stuck_at = 0;
	if (taken == nb)
		return;
	if (drain->too_long != 0 &&
			mirror_ring_item_len(mirror_ring_item(&ring->ring, ring->next)) >=
					drain->too_long) {
		mirror_drain_lose(drain, ring, 1);
		ring->is_stuck = false;
		return;
	}
	if (ring->stuck_at == 0)
		ring->stuck_at = now;
	if (taken < 0 || ring->sees_closing ||
			now - ring->stuck_at > mirror_drain_to_tsc(PATIENCE_US))
		mirror_drain_give_up(drain, ring);
}

/* Whether packets of several rings are to wait for each other: not where there is one, is hurry, or little room left. */
static bool
mirror_drain_has_time(const struct mirror_drain *drain)
{
	const struct drained_ring *ring = __atomic_load_n(&drain->first, __ATOMIC_ACQUIRE);

	if (ring == NULL || ring->following == NULL)
		return false;
	for (; ring != NULL; ring = ring->following) {
		if (mirror_drain_count(ring) > MIRROR_RING_SIZE / 2 || ring->sees_closing)
			return false;
	}
	return true;
}

/* The ring whose next packet is the earliest, and how many of it are earlier than all others'; NULL: none before then. */
static struct drained_ring *
mirror_drain_pick(const struct mirror_drain *drain, uint64_t before, uint16_t *nb)
{
	struct drained_ring *ring, *first = NULL;
	uint64_t tsc, earliest = before, end = before, nb_there;

	for (ring = __atomic_load_n(&drain->first, __ATOMIC_ACQUIRE); ring != NULL;
			ring = ring->following) {
		if (ring->is_stuck || mirror_drain_count(ring) == 0)
			continue;
		tsc = mirror_ring_item(&ring->ring, ring->next)->tsc;
		if (tsc < earliest) {
			end = earliest;
			earliest = tsc;
			first = ring;
		} else if (tsc < end) {
			end = tsc;
		}
	}
	if (first == NULL)
		return NULL;
	nb_there = RTE_MIN(mirror_drain_count(first), (uint64_t)MIRROR_SINK_BURST);
	for (*nb = 1; *nb < nb_there; (*nb)++) {
		if (mirror_ring_item(&first->ring, first->next + *nb)->tsc > end)
			break;
	}
	return first;
}

static void
mirror_drain_begin_round(struct mirror_drain *drain)
{
	struct drained_ring *ring = __atomic_load_n(&drain->first, __ATOMIC_ACQUIRE);

	for (; ring != NULL; ring = ring->following) {
		ring->is_stuck = false;
		/* No poller puts in what comes after. */
		ring->sees_closing = __atomic_load_n(&ring->ring.is_closing, __ATOMIC_ACQUIRE);
		/* What a port kept may have been read. What a sink has written has been looked at after the last round. */
		if (drain->target.ops == NULL)
			mirror_drain_release(drain, ring);
	}
}

/* Takes out of the others, and frees, what has been dropped and is empty. */
static void
mirror_drain_end_round(struct mirror_drain *drain)
{
	struct drained_ring **where = &drain->first, *ring;

	pthread_mutex_lock(&drain->mutex);
	while ((ring = *where) != NULL) {
		if (ring->is_dropped && ring->sees_closing && mirror_drain_count(ring) == 0) {
			*where = ring->following;
			free(ring);
			continue;
		}
		if (ring->sees_closing)
			__atomic_store_n(&ring->is_quiet, true, __ATOMIC_RELEASE);
		where = &ring->following;
	}
	pthread_mutex_unlock(&drain->mutex);
}

/* A sink has time to do what is due. What somebody waits for is written now. */
static void
mirror_drain_tick(struct mirror_drain *drain)
{
	struct drained_ring *ring = __atomic_load_n(&drain->first, __ATOMIC_ACQUIRE);
	bool is_awaited = false;

	if (drain->target.ops == NULL)
		return;
	for (; ring != NULL; ring = ring->following)
		is_awaited |= ring->sees_closing;
	drain->target.ops->tick(drain->target.sink, is_awaited);
	for (ring = drain->first; ring != NULL; ring = ring->following)
		mirror_drain_settle(drain, ring);
}

uint64_t
mirror_drain_run_round(struct mirror_drain *drain, bool *is_stuck)
{
	struct drained_ring *ring;
	uint64_t nb_done = 0, before = UINT64_MAX;
	uint16_t nb;

	*is_stuck = false;
	mirror_drain_begin_round(drain);
	if (mirror_drain_has_time(drain))
		before = rte_rdtsc() - mirror_drain_to_tsc(MIRROR_DRAIN_WINDOW_US);
	while (nb_done < ROUND && !mirror_eal_must_leave() &&
			(ring = mirror_drain_pick(drain, before, &nb)) != NULL) {
		const uint64_t next = ring->next;

		mirror_drain_deliver(drain, ring, nb);
		nb_done += ring->next - next;
		*is_stuck |= ring->is_stuck;
	}
	mirror_drain_tick(drain);
	mirror_drain_end_round(drain);
	return nb_done;
}
