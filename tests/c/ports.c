/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "harness.h"
#include "packets.h"
#include "ports.h"

const struct port_options port_default = {
	.nb_rx_queues = 1,
	.nb_tx_queues = 1,
	.tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS,
};

/* What rx queues are set up with; no packet ever comes from it. */
static struct rte_mempool *
unused_pool(void)
{
	static struct rte_mempool *pool;

	if (pool == NULL)
		pool = rte_pktmbuf_pool_create("unused", 511, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	CHECK(pool != NULL);
	return pool;
}

static void
configure(uint16_t port_id, const struct port_options *options)
{
	const struct rte_eth_conf conf = { .txmode = { .offloads = options->tx_offloads } };
	uint16_t queue;

	CHECK_EQ(rte_eth_dev_configure(
				 port_id, options->nb_rx_queues, options->nb_tx_queues, &conf),
			0);
	for (queue = 0; queue < options->nb_rx_queues; queue++)
		CHECK_EQ(rte_eth_rx_queue_setup(port_id, queue, 256, 0, NULL, unused_pool()), 0);
	for (queue = 0; queue < options->nb_tx_queues; queue++)
		CHECK_EQ(rte_eth_tx_queue_setup(port_id, queue, 256, 0, NULL), 0);
	CHECK_EQ(rte_eth_dev_start(port_id), 0);
}

static struct rte_ring *
ring_make(const char *name, const char *way, unsigned int queue)
{
	char ring_name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(ring_name, sizeof(ring_name), "%s_%s%u", name, way, queue);
	ring = rte_ring_create(ring_name, PORT_RING_SIZE, 0,
			RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	CHECK(ring != NULL);
	return ring;
}

void
port_open(struct port *port, const struct port_options *options)
{
	static unsigned int nb_made;
	char name[16];
	unsigned int i;
	int id;

	snprintf(name, sizeof(name), "port%u", nb_made++);
	for (i = 0; i < PORT_MAX_QUEUES; i++) {
		port->rx[i] = ring_make(name, "rx", i);
		port->tx[i] = ring_make(name, "tx", i);
	}
	id = rte_eth_from_rings(name, port->rx, PORT_MAX_QUEUES, port->tx, PORT_MAX_QUEUES, 0);
	CHECK(id >= 0);
	port->id = (uint16_t)id;
	configure(port->id, options);
}

void
port_configure(const struct port *port, const struct port_options *options)
{
	configure(port->id, options);
}

void
port_stop(const struct port *port)
{
	CHECK_EQ(rte_eth_dev_stop(port->id), 0);
}

static void
ring_drain(struct rte_ring *ring)
{
	struct rte_mbuf *pkt;

	while (ring_get(ring, &pkt, 1) == 1)
		rte_pktmbuf_free(pkt);
}

static void
device_remove(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	CHECK_EQ(rte_eth_dev_info_get(port_id, &info), 0);
	CHECK_EQ(rte_eth_dev_stop(port_id), 0);
	CHECK_EQ(rte_eth_dev_close(port_id), 0);
	CHECK_EQ(rte_dev_remove(info.device), 0);
}

void
port_close(struct port *port)
{
	unsigned int i;

	device_remove(port->id);
	for (i = 0; i < PORT_MAX_QUEUES; i++) {
		ring_drain(port->rx[i]);
		ring_drain(port->tx[i]);
		rte_ring_free(port->rx[i]);
		rte_ring_free(port->tx[i]);
	}
	*port = (struct port){ 0 };
}

uint16_t
vdev_open(const char *name, const char *args)
{
	uint16_t port_id;

	CHECK_EQ(rte_eal_hotplug_add("vdev", name, args), 0);
	CHECK_EQ(rte_eth_dev_get_port_by_name(name, &port_id), 0);
	return port_id;
}

uint16_t
bonding_open(const char *name, const char *member)
{
	char args[64];
	uint16_t port_id;

	/* DPDK has two names for it, by release. */
	snprintf(args, sizeof(args), "mode=1,slave=%s", member);
	if (rte_eal_hotplug_add("vdev", name, args) != 0) {
		snprintf(args, sizeof(args), "mode=1,member=%s", member);
		CHECK_EQ(rte_eal_hotplug_add("vdev", name, args), 0);
	}
	CHECK_EQ(rte_eth_dev_get_port_by_name(name, &port_id), 0);
	return port_id;
}

void
vdev_configure(uint16_t port_id, const struct port_options *options)
{
	configure(port_id, options);
}

void
vdev_close(uint16_t port_id, const char *name)
{
	rte_eth_dev_stop(port_id);
	/* A bonding port cannot be removed before it has let go of its members. */
	CHECK_EQ(rte_eth_dev_close(port_id), 0);
	CHECK_EQ(rte_eal_hotplug_remove("vdev", name), 0);
}
