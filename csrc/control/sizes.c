/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "rte_mirror.h"

/* Applications have been compiled with these: a field more is taken from reserved, and the version script has a new section. */
#define HAS_SIZE(type, size)                          \
	_Static_assert(sizeof(struct type) == (size), \
			#type " has another size: take a new field from its reserved words")

HAS_SIZE(rte_mirror_param, 144);
HAS_SIZE(rte_mirror_stats, 128);
HAS_SIZE(rte_mirror_info, 944);
HAS_SIZE(rte_mirror_queue, 32);
HAS_SIZE(rte_mirror_range, 4);
HAS_SIZE(rte_mirror_mac, 32);
HAS_SIZE(rte_mirror_flow, 52);
HAS_SIZE(rte_mirror_select, 112);
HAS_SIZE(rte_mirror_origin, 48);
