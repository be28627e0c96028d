/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>

#include "datapath.h"

/* A packet's owner may free it one segment at a time, and so may the target: each segment has a count of its own. */
static inline void
take_references(struct rte_mbuf *pkt, uint16_t nb_references)
{
	/* nb_segs, not next, tells that there is no other segment: next is in the second cache line. */
	if (likely(pkt->nb_segs == 1)) {
		rte_mbuf_refcnt_update(pkt, nb_references);
		return;
	}
	for (; pkt != NULL; pkt = pkt->next)
		rte_mbuf_refcnt_update(pkt, nb_references);
}

uint16_t
mirror_take(const struct mirror_entry *entry, uint64_t unshareable, struct rte_mbuf *const *pkts,
		uint16_t nb_pkts, struct rte_mbuf **taken, uint64_t *bytes)
{
	const uint16_t nb_together = entry->nb_together, max_segs = entry->max_segs;
	uint64_t sum = 0;
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];

		/* All that is asked here is in the mbuf's first cache line. */
		if (unlikely((pkt->ol_flags & unshareable) != 0 || pkt->nb_segs > max_segs))
			continue;
		take_references(pkt, nb_together);
		sum += pkt->pkt_len;
		taken[nb++] = pkt;
	}
	if (unlikely(nb != nb_pkts)) {
		for (i = 0; i < nb_together; i++)
			entry[i].counters->unsupported += nb_pkts - nb;
	}
	*bytes = sum;
	return nb;
}
