/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdalign.h>

#include <rte_errno.h>

#include "framelength.h"

int
ffi_framelength_find(struct ffi_framelength *where)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "dpdk_mirror_dynfield_framelength",
		.size = sizeof(uint32_t),
		.align = alignof(uint32_t),
	};
	static const struct rte_mbuf_dynflag flag = { .name = "dpdk_mirror_dynflag_framelength" };
	int offset = rte_mbuf_dynfield_register(&field);
	int bit = rte_mbuf_dynflag_register(&flag);

	if (offset < 0 || bit < 0)
		return -rte_errno;
	where->offset = offset;
	where->flag = UINT64_C(1) << bit;
	return 0;
}
