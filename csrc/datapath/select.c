/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>
#include <string.h>

#include "datapath.h"

uint16_t
mirror_select(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf **room, struct rte_mbuf *const **chosen)
{
	uint16_t nb;

	if (entry->offload == NULL) {
		*chosen = burst->pkts;
		return burst->nb_pkts;
	}
	/* The function may reorder what it is given, and the application's array is not ours to reorder. */
	memcpy(room, burst->pkts, burst->nb_pkts * sizeof(room[0]));
	nb = entry->offload(
			burst->port_id, burst->queue_id, room, burst->nb_pkts, entry->offload_ctx);
	nb = RTE_MIN(nb, burst->nb_pkts);
	entry->counters->declined += burst->nb_pkts - nb;
	*chosen = room;
	return nb;
}
