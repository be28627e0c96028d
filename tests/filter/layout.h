/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_LAYOUT_H
#define TESTS_FILTER_LAYOUT_H

/**
 * @file
 * Where the fields of an mbuf are that filters look at, the same on all machines: cross/rte_mbuf.h, for those whose DPDK is
 * not at hand, is held to what the real one has.
 */

#include <stddef.h>

#define FILTER_LAYOUT_IS(field, offset) \
	_Static_assert(offsetof(struct rte_mbuf, field) == (offset), #field)

#define FILTER_LAYOUT_CHECK             \
	FILTER_LAYOUT_IS(buf_addr, 0);  \
	FILTER_LAYOUT_IS(data_off, 16); \
	FILTER_LAYOUT_IS(nb_segs, 20);  \
	FILTER_LAYOUT_IS(pkt_len, 36);  \
	FILTER_LAYOUT_IS(data_len, 40); \
	FILTER_LAYOUT_IS(next, 64)

#endif /* TESTS_FILTER_LAYOUT_H */
