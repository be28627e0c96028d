/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <sched.h>
#include <stddef.h>
#include <string.h>

#include <rte_atomic.h>
#include <rte_cycles.h>

#include "datapath.h"

/* What takes more cycles a packet than that was interrupted, and is not what a mirror costs. */
#define MIRROR_SAMPLE_MAX 20000

/*
 * Where the thread is. Read with every burst: so it is in the static TLS block, though the library may be loaded late.
 * The loader has room for a few such bytes; elsewhere they would come from malloc(), under the loader's lock, when a
 * thread asks first.
 */
static __thread const struct mirror_visit *innermost __attribute__((tls_model("initial-exec")));

bool
mirror_poller_is_inside(void)
{
	return innermost != NULL;
}

/* Sends for an entry; so that it is known what the thread holds meanwhile. */
static inline void
mirror_send_for(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf **taken, uint16_t nb, uint64_t bytes)
{
	burst->visit->sending = entry;
	mirror_send(entry, taken, nb, burst->visit, bytes);
}

/*
 * For how many of these packets the rings of entries that take the same have room. Asked before anything is taken, so
 * that a target which takes nothing costs next to nothing. What there is no room for is counted; but of several entries
 * that are not all alike nothing is taken: each is served by itself.
 */
static uint16_t
mirror_find_room(const struct mirror_entry *entry, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	uint16_t i, nb;

	if (entry->nb_together == 1) {
		nb = entry->ring != NULL ? mirror_ring_room(entry->ring, nb_pkts) : nb_pkts;
		if (unlikely(nb < nb_pkts))
			entry->counters->stats.full += nb_pkts - nb;
		return nb;
	}
	for (i = 0; i < entry->nb_together; i++) {
		struct mirror_ring *ring = entry[i].ring;

		if (ring != NULL &&
				(mirror_ring_room(ring, nb_pkts) < nb_pkts ||
						!mirror_ring_may_hold(ring, pkts, nb_pkts,
								entry[i].pool)))
			return 0;
	}
	return nb_pkts;
}

/*
 * Serves the entries that take the same packets: they are taken once, then offered in an array for each target. Returns
 * how many were taken.
 */
static uint16_t
mirror_serve(const struct mirror_entry *entry, const struct mirror_burst *burst)
{
	struct rte_mbuf *taken[MIRROR_BURST], *offered[MIRROR_BURST];
	struct rte_mbuf *const *chosen;
	uint16_t nb, i;
	uint64_t bytes;
	bool frees_at_once;

	nb = mirror_select(entry, burst, taken, &chosen);
	if (burst->has_rings)
		nb = mirror_find_room(entry, chosen, nb);
	if (nb == 0)
		return 0;
	if (entry->lock != NULL && !mirror_lock(entry, entry->lock)) {
		entry->counters->stats.full += nb;
		return nb;
	}
	nb = mirror_take(entry, burst, chosen, nb, taken, &bytes);
	for (i = 0; i + 1 < entry->nb_together; i++) {
		memcpy(offered, taken, nb * sizeof(taken[0]));
		mirror_send_for(entry + i, burst, offered, nb, bytes);
	}
	mirror_send_for(entry + i, burst, taken, nb, bytes);
	burst->visit->sending = NULL;
	/* The application's packet, which no other reference holds any more if the targets have freed theirs. */
	frees_at_once = rte_mbuf_refcnt_read(burst->pkts[0]) == 1;
	if (unlikely(entry->progress->frees_at_once != frees_at_once))
		entry->progress->frees_at_once = frees_at_once;
	if (entry->lock != NULL)
		rte_spinlock_unlock(entry->lock);
	return nb;
}

/* Serves entries that have taken so many of a burst's packets together, each by itself with those that are left. */
static __rte_noinline void
mirror_serve_apart(const struct mirror_entry *entries, const struct mirror_burst *burst,
		uint16_t nb_taken)
{
	struct mirror_burst rest = *burst;
	struct mirror_entry alone;
	uint16_t i;

	rest.pkts += nb_taken;
	rest.nb_pkts -= nb_taken;
	for (i = 0; i < entries->nb_together; i++) {
		alone = entries[i];
		alone.nb_together = 1;
		mirror_serve(&alone, &rest);
	}
}

/* Serves an entry where the thread has come from other mirrors, as struct mirror_visit says. */
static void
mirror_serve_inside(const struct mirror_entry *entry, const struct mirror_burst *burst)
{
	const struct mirror_visit *visit;
	struct mirror_entry alone = *entry;

	for (visit = burst->visit->outer; visit != NULL; visit = visit->outer) {
		if (visit->sending == NULL)
			continue;
		if (visit->sending->target_port == entry->target_port)
			return;
		if (visit->sending->lock == entry->lock)
			alone.lock = NULL;
	}
	alone.nb_together = 1;
	alone.never_waits = !burst->visit->may_wait;
	mirror_serve(&alone, burst);
}

/* Apart, so that mirror_walk() keeps its registers. */
static __rte_noinline void
mirror_walk_inside(const struct mirror_list *list, const struct mirror_burst *burst)
{
	uint16_t i;

	for (i = 0; i < list->nb_entries; i++)
		mirror_serve_inside(&list->entries[i], burst);
}

static inline void
mirror_serve_together(const struct mirror_entry *entry, const struct mirror_burst *burst)
{
	const uint16_t nb = mirror_serve(entry, burst);

	if (unlikely(nb < burst->nb_pkts) && entry->nb_together > 1)
		mirror_serve_apart(entry, burst, nb);
}

static void
mirror_sample_add(uint64_t *counter, uint64_t nb)
{
	__atomic_store_n(counter, *counter + nb, __ATOMIC_RELAXED);
}

/* Measures what each mirror costs its poller; of those together, each its part. */
static __rte_noinline void
mirror_walk_sampled(const struct mirror_list *list, const struct mirror_burst *burst)
{
	const struct mirror_entry *entry, *end = list->entries + list->nb_entries;
	uint64_t cycles, start;
	uint16_t i;

	for (entry = list->entries; entry < end; entry += entry->nb_together) {
		start = rte_rdtsc();
		mirror_serve_together(entry, burst);
		cycles = rte_rdtsc() - start;
		if (cycles > (uint64_t)MIRROR_SAMPLE_MAX * burst->nb_pkts)
			continue;
		for (i = 0; i < entry->nb_together; i++) {
			mirror_sample_add(&entry[i].progress->sampled_cycles,
					cycles / entry->nb_together);
			mirror_sample_add(&entry[i].progress->sampled_packets, burst->nb_pkts);
		}
	}
}

static void
mirror_walk(const struct mirror_list *list, struct mirror_burst *burst)
{
	const struct mirror_entry *entry, *end = list->entries + list->nb_entries;

	if (mirror_is_gone(burst->port_id, list->source_epoch))
		return;
	burst->off_wire = list->off_wire;
	burst->is_tx = list->is_tx;
	burst->has_rings = list->has_rings;
	if (unlikely(burst->visit->outer != NULL)) {
		mirror_walk_inside(list, burst);
		return;
	}
	if (unlikely(burst->is_sampled)) {
		mirror_walk_sampled(list, burst);
		return;
	}
	for (entry = list->entries; entry < end; entry += entry->nb_together)
		mirror_serve_together(entry, burst);
}

/* Begins a visit from within another; false: it is to a port that the thread has come from. */
static __rte_noinline bool
mirror_begin_inside(struct mirror_visit *visit)
{
	const struct mirror_visit *outer = visit->outer;

	visit->may_wait = (outer->outer == NULL || outer->may_wait) && outer->sending != NULL &&
			outer->sending->target_port == visit->port_id;
	while (outer != NULL && outer->port_id != visit->port_id)
		outer = outer->outer;
	return outer == NULL;
}

/* Where a burst comes, since whoever drains rings is to run elsewhere. It does not ask the kernel. */
static __rte_noinline void
mirror_note_cpu(struct mirror_context *context)
{
	__atomic_store_n(&context->cpu, 1 + sched_getcpu(), __ATOMIC_RELAXED);
}

/* Apart from mirror_offer(), so that a burst with nothing to do pays for none of this. */
static __rte_noinline void
mirror_pass(struct mirror_context *context, uint16_t port_id, uint16_t queue_id,
		struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct mirror_visit visit = { .outer = innermost, .port_id = port_id };
	struct mirror_burst burst = { .visit = &visit, .port_id = port_id, .queue_id = queue_id };
	const uint64_t use = context->use;
	const struct mirror_list *list;

	if (unlikely(visit.outer != NULL) && !mirror_begin_inside(&visit))
		return;
	innermost = &visit;
	__atomic_store_n(&context->use, use + 1, __ATOMIC_RELEASE);
	/*
	 * Either control, which publishes and then looks at use, sees us inside and waits; or we see what it has
	 * published. Pairs with the fence in mirror_point_publish().
	 */
	rte_smp_mb();
	list = __atomic_load_n(&context->list, __ATOMIC_ACQUIRE);
	burst.is_sampled = use / 2 % MIRROR_SAMPLE_PERIOD == MIRROR_SAMPLE_PERIOD / 2;
	if (list != NULL && list->has_rings && unlikely(context->cpu == 0 || burst.is_sampled))
		mirror_note_cpu(context);
	while (list != NULL && nb_pkts > 0) {
		burst.pkts = pkts;
		burst.nb_pkts = RTE_MIN(nb_pkts, MIRROR_BURST);
		mirror_walk(list, &burst);
		pkts += burst.nb_pkts;
		nb_pkts -= burst.nb_pkts;
	}
	innermost = visit.outer;
	/* What we did with the list is done before control frees it. Pairs with the acquire in mirror_point_use(). */
	__atomic_store_n(&context->use, use + 2, __ATOMIC_RELEASE);
}

static inline void
mirror_offer(struct mirror_context *context, uint16_t port_id, uint16_t queue_id,
		struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	if (__atomic_load_n(&context->list, __ATOMIC_RELAXED) != NULL) {
		if (nb_pkts > 0)
			mirror_pass(context, port_id, queue_id, pkts, nb_pkts);
		return;
	}
	/*
	 * Nothing is used, so there is nothing to mark. But control frees a removed callback on the evidence of
	 * later passes, and this is one. Pairs with the acquire in mirror_point_use().
	 */
	__atomic_store_n(&context->use, context->use + 2, __ATOMIC_RELEASE);
	/*
	 * Either control, which removes a callback and then looks at use, counts this pass; or the poller no longer
	 * finds that callback when it looks next. Pairs with the fence in detach().
	 */
	rte_smp_mb();
}

uint16_t
mirror_rx_callback(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts,
		uint16_t max_pkts __rte_unused, void *user_param)
{
	mirror_offer(user_param, port_id, queue_id, pkts, nb_pkts);
	return nb_pkts;
}

uint16_t
mirror_tx_callback(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts,
		void *user_param)
{
	mirror_offer(user_param, port_id, queue_id, pkts, nb_pkts);
	return nb_pkts;
}
