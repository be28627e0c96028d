/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdalign.h>

#include <rte_errno.h>

#include "original.h"

struct ffi_original_field ffi_original_field;

int
ffi_original_register(void)
{
	static const struct rte_mbuf_dynfield length = {
		.name = "dpdk_mirror_dynfield_original_length",
		.size = sizeof(uint32_t),
		.align = alignof(uint32_t),
	};
	/* Drivers of the process may have it already: there is no room for one more beside a mirror's own field. */
	static const struct rte_mbuf_dynfield time = {
		.name = RTE_MBUF_DYNFIELD_TIMESTAMP_NAME,
		.size = sizeof(rte_mbuf_timestamp_t),
		.align = alignof(rte_mbuf_timestamp_t),
	};
	static const struct rte_mbuf_dynflag flag = { .name = "dpdk_mirror_dynflag_original" };
	int length_offset = rte_mbuf_dynfield_register(&length);
	int time_offset = rte_mbuf_dynfield_register(&time);
	int bit = rte_mbuf_dynflag_register(&flag);

	if (length_offset < 0 || time_offset < 0 || bit < 0)
		return -rte_errno;
	ffi_original_field.length_offset = length_offset;
	ffi_original_field.time_offset = time_offset;
	/* Last: whoever finds the flag set on a packet finds the fields. */
	__atomic_store_n(&ffi_original_field.flag, UINT64_C(1) << bit, __ATOMIC_RELEASE);
	return 0;
}
