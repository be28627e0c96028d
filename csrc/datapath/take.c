/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>

#include <rte_prefetch.h>

#include "datapath.h"

/* Takes back what was added to the reference counts of a packet's first segments. */
static __rte_noinline bool
mirror_unrefer(struct rte_mbuf *pkt, int32_t nb_segs, uint16_t nb_references)
{
	for (; nb_segs > 0; nb_segs--, pkt = pkt->next)
		rte_mbuf_refcnt_update(pkt, -nb_references);
	return false;
}

/*
 * Raises the reference count of each segment of a packet: its owner may free it segment by segment, and so may the
 * target. Not if there are too many references, or other segments than the packet says.
 */
static inline bool
mirror_refer(struct rte_mbuf *pkt, uint16_t nb_references)
{
	int64_t missing = pkt->pkt_len;
	int32_t nb_left = pkt->nb_segs;
	struct rte_mbuf *seg = pkt;

	do {
		const uint16_t nb = rte_mbuf_refcnt_read(seg);

		/* Where there is one, nobody else changes the number. */
		if (likely(nb == 1))
			rte_mbuf_refcnt_set(seg, 1 + nb_references);
		else if (nb < MIRROR_MAX_REFERENCES)
			__atomic_fetch_add(&seg->refcnt, nb_references, __ATOMIC_ACQ_REL);
		else
			return mirror_unrefer(pkt, pkt->nb_segs - nb_left, nb_references);
		missing -= seg->data_len;
		nb_left--;
		seg = seg->next;
	} while (seg != NULL);
	if (likely(nb_left == 0 && missing <= 0))
		return true;
	return mirror_unrefer(pkt, pkt->nb_segs - nb_left, nb_references);
}

/* Whether the target can be given all of a packet that is longer, or shorter, than most may be. */
static __rte_noinline bool
mirror_takes_length(const struct mirror_entry *entry, const struct rte_mbuf *pkt)
{
	return pkt->pkt_len <= entry->snaplen && pkt->pkt_len >= entry->shortest &&
			mirror_fits(entry, pkt, pkt->pkt_len);
}

/*
 * Shares a packet, if the target can be given it as it is. All that is asked of the usual one is in the mbuf's first
 * cache line.
 */
static __rte_always_inline bool
mirror_share_one(const struct mirror_entry *entry, uint64_t off_wire, uint32_t shortest,
		uint32_t span, uint16_t nb_together, struct rte_mbuf *pkt)
{
	/* What is shorter is so by far more. */
	if (unlikely(mirror_off_wire(pkt, off_wire) != 0 ||
			    (pkt->pkt_len - shortest > span && !mirror_takes_length(entry, pkt))))
		return false;
	if (likely(mirror_is_plain(pkt) && pkt->pkt_len <= pkt->data_len)) {
		rte_mbuf_refcnt_set(pkt, 1 + nb_together);
		return true;
	}
	return pkt->nb_segs <= entry->max_segs && mirror_refer(pkt, nb_together);
}

/* Takes a packet that must be made; apart, so that the loop over the usual ones keeps its registers. */
static __rte_noinline uint16_t
mirror_take_made(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *pkt, struct rte_mbuf **taken, uint64_t *bytes)
{
	return mirror_take_own(entry, burst, &pkt, 1, taken, bytes);
}

static uint16_t
mirror_share(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	/* To free, even only a reference, is to look at next: a target that does so at once finds it in the cache. */
	const size_t soon = entry->progress->frees_at_once ? RTE_CACHE_LINE_MIN_SIZE : 0;
	const uint64_t off_wire = burst->off_wire;
	const uint32_t shortest = entry->shortest;
	const uint32_t span = RTE_MIN(entry->snaplen, entry->longest) - shortest;
	const uint16_t nb_together = entry->nb_together;
	struct rte_mbuf **end = taken;
	uint64_t sum = 0, own_bytes;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];
		const uint32_t pkt_len = pkt->pkt_len;

		rte_prefetch0(RTE_PTR_ADD(pkt, soon));
		if (unlikely(!mirror_share_one(
				    entry, off_wire, shortest, span, nb_together, pkt))) {
			/* By each for itself, from its own pool. */
			if (entry->nb_together > 1)
				break;
			end += mirror_take_made(entry, burst, pkt, end, &own_bytes);
			sum += own_bytes;
			continue;
		}
		sum += pkt_len;
		*end++ = pkt;
	}
	*bytes = sum;
	return end - taken;
}

/* Copies whole what the application must have back soon. */
static __rte_noinline uint16_t
mirror_take_copies(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	struct mirror_entry copying = *entry;

	copying.mode = RTE_MIRROR_COPY;
	copying.copy_up_to = UINT32_MAX;
	return mirror_take_own(&copying, burst, pkts, nb_pkts, taken, bytes);
}

uint16_t
mirror_take(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	/* Entries together have all been found to. */
	if (entry->ring != NULL && entry->mode != RTE_MIRROR_COPY && entry->nb_together == 1 &&
			!mirror_ring_may_hold(entry->ring, pkts, nb_pkts, entry->pool))
		return mirror_take_copies(entry, burst, pkts, nb_pkts, taken, bytes);
	if (entry->mode == RTE_MIRROR_SHARE)
		return mirror_share(entry, burst, pkts, nb_pkts, taken, bytes);
	return mirror_take_own(entry, burst, pkts, nb_pkts, taken, bytes);
}
