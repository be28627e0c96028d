/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_PORTS_H
#define TESTS_C_PORTS_H

/**
 * @file
 * Ports on rings that a test holds the other end of.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>
#include <rte_ring.h>

#define PORT_MAX_QUEUES 4
#define PORT_RING_SIZE  1024

/** A net_ring port: what is put into rx arrives there, what is sent there ends up in tx. */
struct port {
	uint16_t id;
	struct rte_ring *rx[PORT_MAX_QUEUES];
	struct rte_ring *tx[PORT_MAX_QUEUES];
};

struct port_options {
	uint16_t nb_rx_queues;
	uint16_t nb_tx_queues;
	uint64_t tx_offloads;
};

/** One queue each way, chains of segments allowed. */
extern const struct port_options port_default;

/** Opens a port and starts it. Its rings have one writer and one reader each. */
void port_open(struct port *port, const struct port_options *options);
/** Configures a stopped port anew and starts it. */
void port_configure(const struct port *port, const struct port_options *options);
void port_stop(const struct port *port);
/** Removes the port's device, frees what its rings hold and the rings. */
void port_close(struct port *port);
/** Makes a vdev's port, not yet configured. */
uint16_t vdev_open(const char *name, const char *args);
/** The same for a net_bonding port with one member. */
uint16_t bonding_open(const char *name, const char *member);
void vdev_configure(uint16_t port_id, const struct port_options *options);
void vdev_close(uint16_t port_id, const char *name);

#endif /* TESTS_C_PORTS_H */
