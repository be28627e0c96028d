/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_ORIGINAL_H
#define MIRROR_FFI_ORIGINAL_H

/**
 * @file
 * What a capture says of a frame: the length that it had before it was cut, and its time. Dynamic fields of the mbuf, on
 * which that travels from the capture that is replayed to those that are written: with the mbuf where it is shared, and
 * in copies that say where they come from (RTE_MIRROR_F_ORIGIN), since these take all dynamic fields with them. The
 * flag says where the fields hold something: drivers and rte_pktmbuf_reset() leave dynamic fields as they are, but
 * clear the flags.
 *
 * The time is in the field that DPDK has for times, whose unit is the affair of whoever sets it: here nanoseconds since 1970.
 */

#include <stdbool.h>

#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

/** Where mbufs have the fields, and the flag in ol_flags; 0: nothing is replayed in this process. */
struct ffi_original_field {
	int length_offset;
	int time_offset;
	uint64_t flag;
};

extern struct ffi_original_field ffi_original_field;

struct ffi_original {
	uint64_t time_ns;
	uint32_t length;
};

/** Has mbufs have the fields. 0 or -errno. */
int ffi_original_register(void);

/** After ffi_original_register(). */
static inline void
ffi_original_set(struct rte_mbuf *pkt, const struct ffi_original *original)
{
	const struct ffi_original_field *field = &ffi_original_field;

	*RTE_MBUF_DYNFIELD(pkt, field->length_offset, uint32_t *) = original->length;
	*RTE_MBUF_DYNFIELD(pkt, field->time_offset, rte_mbuf_timestamp_t *) = original->time_ns;
	pkt->ol_flags |= field->flag;
}

/** False: the packet does not say. */
static inline bool
ffi_original_get(const struct rte_mbuf *pkt, struct ffi_original *original)
{
	const struct ffi_original_field *field = &ffi_original_field;

	if ((pkt->ol_flags & __atomic_load_n(&field->flag, __ATOMIC_ACQUIRE)) == 0)
		return false;
	original->length = *RTE_MBUF_DYNFIELD(pkt, field->length_offset, const uint32_t *);
	original->time_ns = *RTE_MBUF_DYNFIELD(
			pkt, field->time_offset, const rte_mbuf_timestamp_t *);
	return true;
}

#endif /* MIRROR_FFI_ORIGINAL_H */
