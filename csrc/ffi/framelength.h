/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef FFI_FRAMELENGTH_H
#define FFI_FRAMELENGTH_H

/**
 * @file
 * The length that a frame had before a capture cut it: a dynamic field of the mbuf, on which it travels from the
 * capture that is replayed to the one that is written. A flag says where the field holds something, since drivers and
 * rte_pktmbuf_reset() leave dynamic fields as they are, but clear the flags.
 */

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

struct ffi_framelength {
	int offset;    /**< of the field */
	uint64_t flag; /**< in ol_flags */
};

/** Finds out where mbufs have the field. 0 or -errno. */
int ffi_framelength_find(struct ffi_framelength *where);

static inline void
ffi_framelength_set(const struct ffi_framelength *where, struct rte_mbuf *pkt, uint32_t length)
{
	if (length == pkt->pkt_len)
		return;
	*RTE_MBUF_DYNFIELD(pkt, where->offset, uint32_t *) = length;
	pkt->ol_flags |= where->flag;
}

/** otherwise: what it is if the packet does not say. */
static inline uint32_t
ffi_framelength_get(
		const struct ffi_framelength *where, const struct rte_mbuf *pkt, uint32_t otherwise)
{
	if ((pkt->ol_flags & where->flag) == 0)
		return otherwise;
	return *RTE_MBUF_DYNFIELD(pkt, where->offset, const uint32_t *);
}

#endif /* FFI_FRAMELENGTH_H */
