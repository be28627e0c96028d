/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "../filter/read.h"
#include "datapath.h"

/* What a target takes, and what reference counts have room for. */

bool
mirror_fits(const struct mirror_entry *entry, const struct rte_mbuf *pkt, uint32_t length)
{
	const rte_be16_t tagged = rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN);
	const void *type;
	rte_be16_t room;

	if (likely(length <= entry->longest))
		return true;
	if (length > entry->longest + entry->tag_room)
		return false;
	type = mirror_read(pkt, 2 * RTE_ETHER_ADDR_LEN, sizeof(room), &room);
	return type != NULL && memcmp(type, &tagged, sizeof(tagged)) == 0;
}

/* What holds a segment's data, and how many references there are to that. */
static uint16_t
mirror_nb_references(struct rte_mbuf *seg)
{
	if (RTE_MBUF_HAS_EXTBUF(seg))
		return rte_mbuf_ext_refcnt_read(seg->shinfo);
	return rte_mbuf_refcnt_read(RTE_MBUF_CLONED(seg) ? rte_mbuf_from_indirect(seg) : seg);
}

bool
mirror_may_refer_to(struct rte_mbuf *seg)
{
	while (seg != NULL && mirror_nb_references(seg) < MIRROR_MAX_REFERENCES)
		seg = seg->next;
	return seg == NULL;
}
