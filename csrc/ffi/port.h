/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_PORT_H
#define MIRROR_FFI_PORT_H

/**
 * @file
 * Ethdev ports: set-up, state and counters.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mempool.h>

/** Bytes of a port's, driver's, counter's or offload's name, the terminating 0 included. */
#define FFI_PORT_NAME_SIZE 64

/** How a port is to be set up. */
struct ffi_port_config {
	struct rte_mempool *pool; /* for what it receives */
	uint16_t rx_queues;
	uint16_t tx_queues;
	uint16_t rx_descriptors; /* of each queue; 0: the driver's default */
	uint16_t tx_descriptors;
	uint64_t rx_offloads;
	uint64_t tx_offloads;
	uint16_t mtu;     /* 0: the driver's default */
	bool promiscuous; /* where the driver can */
};

/** What a port is, and what its driver can do. */
struct ffi_port_info {
	char driver[FFI_PORT_NAME_SIZE];
	uint8_t mac[6];
	uint16_t max_rx_queues;
	uint16_t max_tx_queues;
	uint64_t rx_capabilities; /* offloads, port and queue */
	uint64_t tx_capabilities;
};

struct ffi_port_link {
	uint32_t speed_mbps; /* UINT32_MAX: unknown */
	bool up;
	bool full_duplex;
	bool autoneg;
};

struct ffi_port_stats {
	uint64_t rx_packets;
	uint64_t tx_packets;
	uint64_t rx_bytes;
	uint64_t tx_bytes;
	uint64_t rx_missed;
	uint64_t rx_errors;
	uint64_t tx_errors;
	uint64_t rx_nombuf;
};

/** One of a driver's own counters. */
struct ffi_port_xstat {
	char name[FFI_PORT_NAME_SIZE];
	uint64_t value;
};

/** Finds a port by its device's name. 0 or -ENODEV. */
int ffi_port_find(const char *name, uint16_t *port_id);

/** 0 or -errno as of rte_eth_dev_info_get(). */
int ffi_port_info_get(uint16_t port_id, struct ffi_port_info *info);

/**
 * Copies an offload's name.
 *
 * @param tx
 *   Whether it is a tx offload; else rx.
 * @param offload
 *   One bit.
 * @param name
 *   Room for FFI_PORT_NAME_SIZE bytes.
 */
void ffi_port_offload_name(bool tx, uint64_t offload, char *name);

/**
 * Configures a stopped port, sets its queues up and starts it.
 *
 * Several rx queues are fed by RSS where the driver has it.
 *
 * @return
 *   0; -EINVAL: offloads, queues or an MTU that the driver does not have; -errno of the call that failed. The port
 *   is stopped then.
 */
int ffi_port_start(uint16_t port_id, const struct ffi_port_config *config);

/** 0 or -errno. No thread may be using the port. */
int ffi_port_stop(uint16_t port_id);

/**
 * Releases a stopped port; its id may be used again. 0 or -errno.
 *
 * Frees what a net_ring device leaves behind: the packets that wait on its rings, and the rings of the queues that
 * were not configured, over which the next device of its name would stumble.
 */
int ffi_port_close(uint16_t port_id);

/** 0 or -errno. */
int ffi_port_mtu_get(uint16_t port_id, uint16_t *mtu);

/** Takes a started port's link up, or down. 0 or -errno; -ENOTSUP: the driver cannot. */
int ffi_port_link_set(uint16_t port_id, bool up);

/** Resets a port; it is stopped then, and not set up. 0 or -errno; -ENOTSUP: the driver cannot. */
int ffi_port_reset(uint16_t port_id);

/** 0 or -errno; does not wait for the link. */
int ffi_port_link_get(uint16_t port_id, struct ffi_port_link *link);

/** 0 or -errno. */
int ffi_port_stats_get(uint16_t port_id, struct ffi_port_stats *stats);

/**
 * Reads the driver's own counters.
 *
 * @return
 *   How many there are: with more than size, none was written. Or -errno.
 */
int ffi_port_xstats_get(uint16_t port_id, struct ffi_port_xstat *xstats, uint32_t size);

#endif /* MIRROR_FFI_PORT_H */
