/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_SYMBOLS_H
#define MIRROR_SYMBOLS_H

/**
 * @file
 * What librte_mirror uses of DPDK, name by name.
 *
 * EAL gives up starting when a plugin of its -d cannot be loaded, and one missing symbol is enough. So the library's
 * references are all weak: every file of it is compiled with compat.h, and so this, included first. Whether they were
 * found is checked when the library is loaded, see control/load.c. A test holds that the list is complete.
 */

/** Without any of these the library does nothing. */
#define MIRROR_SYMBOLS(X)                       \
	X(__rte_panic)                          \
	X(per_lcore__lcore_id)                  \
	X(per_lcore__rte_errno)                 \
	X(rte_bus_find)                         \
	X(rte_bus_find_by_name)                 \
	X(rte_bus_name)                         \
	X(rte_delay_us_sleep)                   \
	X(rte_dev_devargs)                      \
	X(rte_devargs_insert)                   \
	X(rte_devargs_next)                     \
	X(rte_devargs_parse)                    \
	X(rte_devargs_reset)                    \
	X(rte_eal_alarm_set)                    \
	X(rte_eal_hotplug_remove)               \
	X(rte_eal_init)                         \
	X(rte_eal_process_type)                 \
	X(rte_eal_tailq_lookup)                 \
	X(rte_eth_add_first_rx_callback)        \
	X(rte_eth_add_tx_callback)              \
	X(rte_eth_call_tx_callbacks)            \
	X(rte_eth_dev_callback_register)        \
	X(rte_eth_dev_close)                    \
	X(rte_eth_dev_conf_get)                 \
	X(rte_eth_dev_configure)                \
	X(rte_eth_dev_get_mtu)                  \
	X(rte_eth_dev_get_name_by_port)         \
	X(rte_eth_dev_get_port_by_name)         \
	X(rte_eth_dev_info_get)                 \
	X(rte_eth_dev_is_valid_port)            \
	X(rte_eth_dev_owner_get)                \
	X(rte_eth_dev_owner_new)                \
	X(rte_eth_dev_owner_set)                \
	X(rte_eth_dev_set_mtu)                  \
	X(rte_eth_dev_socket_id)                \
	X(rte_eth_dev_start)                    \
	X(rte_eth_dev_stop)                     \
	X(rte_eth_fp_ops)                       \
	X(rte_eth_macaddr_get)                  \
	X(rte_eth_promiscuous_enable)           \
	X(rte_eth_remove_rx_callback)           \
	X(rte_eth_remove_tx_callback)           \
	X(rte_eth_rx_queue_info_get)            \
	X(rte_eth_rx_queue_setup)               \
	X(rte_eth_stats_get)                    \
	X(rte_eth_tx_queue_info_get)            \
	X(rte_eth_tx_queue_setup)               \
	X(rte_free)                             \
	X(rte_get_tsc_hz)                       \
	X(rte_lcore_count)                      \
	X(rte_log)                              \
	X(rte_log_register_type_and_pick_level) \
	X(rte_malloc)                           \
	X(rte_mbuf_dynfield_register)           \
	X(rte_mbuf_dynflag_register)            \
	X(rte_mcfg_mempool_read_lock)           \
	X(rte_mcfg_mempool_read_unlock)         \
	X(rte_mcfg_mempool_write_lock)          \
	X(rte_mcfg_mempool_write_unlock)        \
	X(rte_mcfg_tailq_read_lock)             \
	X(rte_mcfg_tailq_read_unlock)           \
	X(rte_mempool_avail_count)              \
	X(rte_mempool_free)                     \
	X(rte_mempool_ops_table)                \
	X(rte_pktmbuf_free_bulk)                \
	X(rte_pktmbuf_pool_create)              \
	X(rte_ring_create)                      \
	X(rte_ring_free)                        \
	X(rte_ring_lookup)                      \
	X(rte_strerror)                         \
	X(rte_strscpy)                          \
	X(rte_version)                          \
	MIRROR_RELEASE_SYMBOLS(X)

/** Without any of these there are no telemetry commands. */
#define MIRROR_TELEMETRY_SYMBOLS(X)        \
	X(rte_tel_data_add_array_string)   \
	X(rte_tel_data_add_dict_container) \
	X(rte_tel_data_add_dict_string)    \
	X(rte_tel_data_alloc)              \
	X(rte_tel_data_free)               \
	X(rte_tel_data_start_array)        \
	X(rte_tel_data_start_dict)         \
	X(rte_telemetry_register_cmd)      \
	MIRROR_RELEASE_TELEMETRY_SYMBOLS(X)

/** Of drivers, which nothing is linked with; where EAL has loaded them for itself alone they are looked up. */
#define MIRROR_DRIVER_SYMBOLS(X)    \
	X(rte_eth_bond_mode_get)    \
	X(rte_vdev_add_custom_scan) \
	X(rte_vdev_init)            \
	X(rte_vdev_uninit)

/* clang warns of weak names that a file does not use, but in system headers. */
#pragma GCC system_header
#define MIRROR_STRING(text)  #text
#define MIRROR_PRAGMA(text)  _Pragma(MIRROR_STRING(text))
#define MIRROR_IS_WEAK(name) MIRROR_PRAGMA(weak name)
MIRROR_DRIVER_SYMBOLS(MIRROR_IS_WEAK)
#ifdef MIRROR_DPDK_IS_WEAK
MIRROR_SYMBOLS(MIRROR_IS_WEAK)
MIRROR_TELEMETRY_SYMBOLS(MIRROR_IS_WEAK)
#endif

#endif /* MIRROR_SYMBOLS_H */
