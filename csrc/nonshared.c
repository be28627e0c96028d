/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/**
 * @file
 * The part of the library that is linked into C programs, as glibc has one.
 *
 * The library's own references to DPDK are weak, see symbols.h, and libdpdk.pc says --as-needed: a linker drops the
 * libraries that the program does not use itself, and the library would find nothing of them. These references are the
 * program's. librte_mirror.pc asks for them by their name.
 */

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>
#include <rte_telemetry.h>

#define ANY(name) ((const void *)(uintptr_t)(name))

extern const void *const mirror_dpdk_libraries[];

/** Something of each. */
const void *const mirror_dpdk_libraries[] = {
	ANY(rte_eal_init),
	ANY(rte_eth_dev_configure),
	ANY(rte_mempool_free),
	ANY(rte_pktmbuf_pool_create),
	ANY(rte_ring_create),
	ANY(rte_tel_data_alloc),
};
