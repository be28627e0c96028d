/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_PORTINFO_H
#define MIRROR_PLUGIN_PORTINFO_H

/**
 * @file
 * The application's ports: any thread of its may remove one meanwhile.
 *
 * Called by commands alone, which are serialised. Every int is 0 or a negative errno, the refusal kept.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

struct portinfo {
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t mtu;
	bool is_started;

	/* 0 unless it is started: its driver is not asked. */
	char driver[64];
	unsigned int if_index; /**< of the kernel's interface that it works on; 0: none */
	uint16_t nb_rx_queues;
	uint16_t nb_tx_queues;
	struct rte_ether_addr mac;
};

/** Watches ports from now on, so that none is asked while it goes. */
int mirror_portinfo_watch(void);
/** Whether there is a port with that number. */
bool mirror_portinfo_exists(uint16_t port_id);
/** The port with that number, if it is all digits, or that name. */
int mirror_portinfo_find(const char *name_or_id, uint16_t *port_id);
int mirror_portinfo_get(uint16_t port_id, struct portinfo *info);
/** What its driver has counted; -ENETDOWN unless it is started. */
int mirror_portinfo_stats(uint16_t port_id, struct rte_eth_stats *stats);
/** The port's name, or "" if there is none. */
void mirror_portinfo_name(uint16_t port_id, char name[RTE_ETH_NAME_MAX_LEN]);

#endif /* MIRROR_PLUGIN_PORTINFO_H */
