/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdalign.h>

#include <rte_errno.h>
#include <rte_mbuf_dyn.h>

#include "check.h"
#include "error.h"

int
mirror_origin_register(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "rte_mirror_dynfield_origin",
		.size = sizeof(struct mirror_origin),
		.align = alignof(struct mirror_origin),
	};
	static const struct rte_mbuf_dynflag flag = { .name = "rte_mirror_dynflag_origin" };
	int offset, bit;

	if (mirror_origin_field.flag != 0)
		return 0;
	offset = rte_mbuf_dynfield_register(&field);
	bit = offset < 0 ? -1 : rte_mbuf_dynflag_register(&flag);
	if (bit < 0)
		return mirror_refuse(ENOMEM,
				"mbufs have no room for where packets come from: %s; mirror without "
				"RTE_MIRROR_F_ORIGIN",
				rte_strerror(rte_errno));
	mirror_origin_field.offset = offset;
	/* Last: whoever finds the flag set on a packet finds the field. */
	__atomic_store_n(&mirror_origin_field.flag, UINT64_C(1) << bit, __ATOMIC_RELEASE);
	return 0;
}

int
rte_mirror_origin_get(const struct rte_mbuf *pkt, struct rte_mirror_origin *origin)
{
	const uint64_t flag = __atomic_load_n(&mirror_origin_field.flag, __ATOMIC_ACQUIRE);
	const struct mirror_origin *stored;

	if ((pkt->ol_flags & flag) == 0)
		return -ENOENT;
	stored = RTE_MBUF_DYNFIELD(pkt, mirror_origin_field.offset, const struct mirror_origin *);
	*origin = (struct rte_mirror_origin){
		.tsc = stored->tsc,
		.pkt_len = stored->pkt_len,
		.port_id = stored->port_id,
		.queue_id = stored->queue_id,
		.is_tx = stored->is_tx,
	};
	return 0;
}
