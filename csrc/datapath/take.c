/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>
#include <string.h>

#include <rte_prefetch.h>

#include "datapath.h"

/*
 * Whether a packet is one segment to which there is one reference: both in one word, which has data_off and port at its
 * ends. Where a driver writes its parts and not the word, that does not stall: the barrier in pass() has had it wait.
 */
static inline bool
is_plain(const struct rte_mbuf *pkt)
{
	uint64_t word;

	memcpy(&word, RTE_PTR_ADD(pkt, offsetof(struct rte_mbuf, rearm_data)), sizeof(word));
	return (uint32_t)(word >> 16) == (1 << 16 | 1);
}

/* Takes a packet that must be made; apart, so that the loop over the usual ones keeps its registers. */
static __rte_noinline uint16_t
make(const struct mirror_entry *entry, const struct mirror_burst *burst, struct rte_mbuf *pkt,
		struct rte_mbuf **taken, uint64_t *bytes)
{
	return mirror_take_own(entry, burst, &pkt, 1, taken, bytes);
}

static uint16_t
share(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	/* To free, even only a reference, is to look at next: a target that does so at once finds it in the cache. */
	const size_t soon = entry->counters->frees_at_once ? RTE_CACHE_LINE_MIN_SIZE : 0;
	const uint64_t off_wire = burst->off_wire;
	const uint32_t snaplen = entry->snaplen;
	const uint16_t max_segs = entry->max_segs, nb_together = entry->nb_together;
	struct rte_mbuf **end = taken;
	uint64_t sum = 0, own_bytes;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];
		const uint32_t pkt_len = pkt->pkt_len;
		const bool plain = is_plain(pkt);

		rte_prefetch0(RTE_PTR_ADD(pkt, soon));
		/* What the target cannot be given as it is. All that is asked is in the mbuf's first cache line. */
		if (unlikely((pkt->ol_flags & off_wire) != 0 || pkt_len > snaplen ||
				    (!plain && pkt->nb_segs > max_segs))) {
			/* By each for itself, from its own pool. */
			if (entry->nb_together > 1)
				break;
			end += make(entry, burst, pkt, end, &own_bytes);
			sum += own_bytes;
			continue;
		}
		/* A packet's owner may free it segment by segment, and so may the target: each has a count of its own. */
		if (likely(plain))
			rte_mbuf_refcnt_set(pkt, 1 + nb_together);
		else
			mirror_refer(pkt, nb_together);
		sum += pkt_len;
		*end++ = pkt;
	}
	*bytes = sum;
	return end - taken;
}

uint16_t
mirror_take(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	if (entry->mode == RTE_MIRROR_SHARE)
		return share(entry, burst, pkts, nb_pkts, taken, bytes);
	return mirror_take_own(entry, burst, pkts, nb_pkts, taken, bytes);
}
