/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_DRIVERS_H
#define MIRROR_CONTROL_DRIVERS_H

/**
 * @file
 * Layer 1, drivers.c: what is known of drivers. Uses nothing else, and needs no mutex.
 */

#include <stdbool.h>
#include <stdint.h>

/** What keeps a driver from sending a long packet, one or both of: */
enum mirror_limit {
	MIRROR_LIMIT_MTU = 1, /**< the port's MTU, with an Ethernet header, a tag and an FCS */
	/** The MTU of the kernel's interface, if it is on one, with an Ethernet header; and the frames of its ring. */
	MIRROR_LIMIT_INTERFACE = 2,
	MIRROR_LIMIT_NONE = 4,    /**< nothing */
	MIRROR_LIMIT_UNKNOWN = 0, /**< perhaps the port's MTU */
};

/** What is known of a driver as a target. */
struct mirror_driver {
	const char *name;
	/** Has read a packet, and freed it by reference count, when rte_eth_tx_burst() returns. */
	bool reads_at_once;
	bool takes_chains;   /**< also without RTE_ETH_TX_OFFLOAD_MULTI_SEGS */
	uint16_t max_segs;   /**< of which it says more; 0: it says the truth */
	uint8_t limits;      /**< of enum mirror_limit */
	uint32_t frame_size; /**< the longest packet that it sends on an interface; 0: any */
};

/** What is known of a driver; name NULL: nothing. */
const struct mirror_driver *mirror_driver_find(const char *name);

#endif /* MIRROR_CONTROL_DRIVERS_H */
