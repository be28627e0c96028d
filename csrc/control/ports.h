/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_PORTS_H
#define MIRROR_CONTROL_PORTS_H

/**
 * @file
 * Layer 1, ports.c: what control asks of ethdev and its drivers, none of which may go meanwhile. Knows nothing of
 * mirrors. Called with the registry's mutex held.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

/**
 * Keeps epochs from now on: 0 or -errno.
 *
 * @param when_gone
 *   Called after each device that goes, in the thread that removes it, with whatever locks that holds: it waits for none.
 */
int mirror_ports_watch(void (*when_gone)(void));
bool mirror_port_exists(uint16_t port_id);
bool mirror_port_is_started(uint16_t port_id);
/** Whether a port has an owner of that name, see rte_eth_dev_owner_set(). */
bool mirror_port_is_owned_by(uint16_t port_id, const char *name);
/** As rte_eth_dev_info_get(), of a started port that may be going away meanwhile: 0 or -errno. */
int mirror_port_info_get(uint16_t port_id, struct rte_eth_dev_info *info);

/** What bounds a port's packets. */
struct mirror_port_lengths {
	char driver[RTE_ETH_NAME_MAX_LEN]; /**< its driver's name */
	unsigned int if_index;             /**< the kernel's interface that it is on; 0: none */
	uint16_t mtu;                      /**< the port's, not the interface's */
	uint32_t frame_size;               /**< the longest packet that fits in its ring; 0: any */
};

/** Asks a started port for them: 0 or -errno. */
int mirror_port_lengths_get(uint16_t port_id, struct mirror_port_lengths *lengths);
/** Asks a port for its MTU: 0 or -errno. */
int mirror_port_mtu_get(uint16_t port_id, uint16_t *mtu);
/** The socket that a port is on; SOCKET_ID_ANY: any, or it is going. */
int mirror_port_socket(uint16_t port_id);
/** The tx offloads that the port was configured with. */
uint64_t mirror_port_tx_offloads(uint16_t port_id);
bool mirror_port_is_lockfree(uint16_t port_id);
/** Whether a started port is a member of a bond, which transmits on its queues. */
bool mirror_port_is_member(uint16_t port_id);
/** Shows the pools of a started port's rx queues, as far as its driver tells. */
void mirror_port_rx_pools(
		uint16_t port_id, void (*show)(struct rte_mempool *pool, void *arg), void *arg);
/** How many packets a started port's tx queues can hold. */
uint32_t mirror_port_tx_descriptors(uint16_t port_id);
/**
 * Whether a port's driver frees mbufs without a look at their reference count, those that mirrors share too: the port
 * has RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, or a queue of it has, as far as the driver can tell.
 */
bool mirror_port_has_fast_free(uint16_t port_id);
/** A port that does, or RTE_MAX_ETHPORTS. */
uint16_t mirror_fast_free_port(void);

#endif /* MIRROR_CONTROL_PORTS_H */
