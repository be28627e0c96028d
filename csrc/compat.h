/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_COMPAT_H
#define MIRROR_COMPAT_H

/**
 * @file
 * What differs between the DPDK releases that this project builds with (22.11, 24.11, 25.11). No other file tests
 * RTE_VERSION.
 */

#include <rte_version.h>

#if RTE_VERSION < RTE_VERSION_NUM(22, 11, 0, 0)
#error "dpdk-mirror needs DPDK 22.11 or later"
#endif

/** The series of releases that a build is for. Others differ in what is inlined here, and in experimental functions. */
#define MIRROR_DPDK_YEAR  RTE_VER_YEAR
#define MIRROR_DPDK_MONTH RTE_VER_MONTH

#if RTE_VERSION >= RTE_VERSION_NUM(26, 7, 0, 0)
#error "struct rte_bus is another from DPDK 26.07 on: say below where its cleanup is"
#endif

/** The beginning and the end of struct rte_bus, which DPDK declares to drivers alone, in bus_driver.h. */
struct mirror_bus {
	const void *next[2];
	const char *name;
	void (*calls[9])(void); /**< from scan to dma_unmap */
	int scan_mode;
	void (*more_calls[4])(void); /**< from get_iommu_class to sigbus_handler */
	int (*cleanup)(void);
};

/** Of rte_eth_dev_info.dev_flags: the port is a member of a bond. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 11, 0, 0)
#define MIRROR_IS_BOND_MEMBER RTE_ETH_DEV_BONDING_MEMBER
#else
#define MIRROR_IS_BOND_MEMBER RTE_ETH_DEV_BONDED_SLAVE
#endif

/** What symbols.h lists besides. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define MIRROR_RELEASE_SYMBOLS(X)    \
	X(rte_thread_create_control) \
	X(rte_thread_detach)
#define MIRROR_RELEASE_TELEMETRY_SYMBOLS(X) \
	X(rte_tel_data_add_array_uint)      \
	X(rte_tel_data_add_dict_uint)
#else
#define MIRROR_RELEASE_SYMBOLS(X) X(rte_ctrl_thread_create)
#define MIRROR_RELEASE_TELEMETRY_SYMBOLS(X) \
	X(rte_tel_data_add_array_u64)       \
	X(rte_tel_data_add_dict_u64)
#endif

/* Before all that declares, and maybe uses, what is to be weak. */
#include "symbols.h"

#include <pthread.h>

#include <rte_lcore.h>

#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#include <rte_thread.h>
#endif

/** Starts a detached thread with the affinity of EAL's control threads: 0 or -errno. See threads.h. */
static inline int
mirror_thread_start(const char *name, uint32_t (*run)(void *), void *arg)
{
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
	rte_thread_t thread;
	int rc = rte_thread_create_control(&thread, name, run, arg);

	return rc != 0 ? rc : rte_thread_detach(thread);
#else
	pthread_t thread;
	/* Only the result's type differs, and nobody reads the result of a detached thread. */
	int rc = rte_ctrl_thread_create(
			&thread, name, NULL, (void *(*)(void *))(uintptr_t)run, arg);

	return rc != 0 ? rc : -pthread_detach(thread);
#endif
}

/** telemetry's numbers without a sign; for those who include rte_telemetry.h. */
#if RTE_VERSION >= RTE_VERSION_NUM(23, 3, 0, 0)
#define MIRROR_TEL_UINT        RTE_TEL_UINT_VAL
#define mirror_tel_append_uint rte_tel_data_add_array_uint
#define mirror_tel_add_uint    rte_tel_data_add_dict_uint
#else
#define MIRROR_TEL_UINT        RTE_TEL_U64_VAL
#define mirror_tel_append_uint rte_tel_data_add_array_u64
#define mirror_tel_add_uint    rte_tel_data_add_dict_u64
#endif

#endif /* MIRROR_COMPAT_H */
