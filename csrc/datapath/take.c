/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>

#include "datapath.h"

/* Whether a packet cannot be given to the target as it is. All that is asked is in the mbuf's first cache line. */
static inline bool
must_be_made(const struct mirror_entry *entry, uint64_t off_wire, const struct rte_mbuf *pkt)
{
	return (pkt->ol_flags & off_wire) != 0 || pkt->nb_segs > entry->max_segs ||
			pkt->pkt_len > entry->snaplen;
}

static uint16_t
share(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	const uint64_t off_wire = burst->off_wire, frees_at_once = entry->counters->frees_at_once;
	const uint16_t nb_together = entry->nb_together;
	uint64_t sum = 0, own_bytes;
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];

		/* To free, even only a reference, is to look at next: a target that does so at once finds it in the cache. */
		if (frees_at_once)
			rte_mbuf_prefetch_part2(pkt);
		if (unlikely(must_be_made(entry, off_wire, pkt))) {
			nb += mirror_take_own(entry, burst, &pkt, 1, &taken[nb], &own_bytes);
			sum += own_bytes;
			continue;
		}
		/* A packet's owner may free it segment by segment, and so may the target: each has a count of its own. */
		mirror_refer(pkt, nb_together);
		sum += pkt->pkt_len;
		taken[nb++] = pkt;
	}
	*bytes = sum;
	return nb;
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
