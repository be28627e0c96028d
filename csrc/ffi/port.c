/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_string_fns.h>

#include "port.h"

int
ffi_port_find(const char *name, uint16_t *port_id)
{
	return rte_eth_dev_get_port_by_name(name, port_id) == 0 ? 0 : -ENODEV;
}

int
ffi_port_info_get(uint16_t port_id, struct ffi_port_info *info)
{
	struct rte_ether_addr mac = { { 0 } };
	struct rte_eth_dev_info dev_info;
	int rc;

	rc = rte_eth_dev_info_get(port_id, &dev_info);
	if (rc != 0)
		return rc;
	/* A port may have no MAC address at all. */
	if (rte_eth_macaddr_get(port_id, &mac) != 0)
		memset(&mac, 0, sizeof(mac));
	*info = (struct ffi_port_info){
		.max_rx_queues = dev_info.max_rx_queues,
		.max_tx_queues = dev_info.max_tx_queues,
		.rx_capabilities = dev_info.rx_offload_capa | dev_info.rx_queue_offload_capa,
		.tx_capabilities = dev_info.tx_offload_capa | dev_info.tx_queue_offload_capa,
	};
	memcpy(info->mac, mac.addr_bytes, sizeof(info->mac));
	if (dev_info.driver_name != NULL)
		rte_strscpy(info->driver, dev_info.driver_name, sizeof(info->driver));
	return 0;
}

void
ffi_port_offload_name(bool tx, uint64_t offload, char *name)
{
	rte_strscpy(name,
			tx ? rte_eth_dev_tx_offload_name(offload) :
			     rte_eth_dev_rx_offload_name(offload),
			FFI_PORT_NAME_SIZE);
}

static int
configure(uint16_t port_id, const struct ffi_port_config *config,
		const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = {
		.rxmode = { .offloads = config->rx_offloads },
		.txmode = { .offloads = config->tx_offloads },
	};

	if (config->rx_queues > 1) {
		conf.rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads &
				(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
		if (conf.rx_adv_conf.rss_conf.rss_hf != 0)
			conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	}
	return rte_eth_dev_configure(port_id, config->rx_queues, config->tx_queues, &conf);
}

static int
set_up_queues(uint16_t port_id, const struct ffi_port_config *config,
		const struct rte_eth_dev_info *info)
{
	struct rte_eth_rxconf rxconf = info->default_rxconf;
	struct rte_eth_txconf txconf = info->default_txconf;
	const unsigned int socket = rte_eth_dev_socket_id(port_id);
	uint16_t i;
	int rc;

	rxconf.offloads = config->rx_offloads;
	txconf.offloads = config->tx_offloads;
	for (i = 0; i < config->rx_queues; i++) {
		rc = rte_eth_rx_queue_setup(
				port_id, i, config->rx_descriptors, socket, &rxconf, config->pool);
		if (rc != 0)
			return rc;
	}
	for (i = 0; i < config->tx_queues; i++) {
		rc = rte_eth_tx_queue_setup(port_id, i, config->tx_descriptors, socket, &txconf);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
ffi_port_start(uint16_t port_id, const struct ffi_port_config *config)
{
	struct rte_eth_dev_info info;
	int rc;

	rc = rte_eth_dev_info_get(port_id, &info);
	if (rc == 0)
		rc = configure(port_id, config, &info);
	/* Some drivers take it now, others from what they are configured with, which this sets, too. */
	if (rc == 0 && config->mtu != 0)
		rc = rte_eth_dev_set_mtu(port_id, config->mtu);
	if (rc == 0)
		rc = set_up_queues(port_id, config, &info);
	if (rc == 0)
		rc = rte_eth_dev_start(port_id);
	if (rc != 0)
		return rc;
	/* Best effort: some drivers have no such mode, and receive everything or nothing as they like. */
	if (config->promiscuous)
		rte_eth_promiscuous_enable(port_id);
	else
		rte_eth_promiscuous_disable(port_id);
	return 0;
}

int
ffi_port_stop(uint16_t port_id)
{
	return rte_eth_dev_stop(port_id);
}

/* The i-th ring that a net_ring device has created for itself, or NULL: other devices have no such thing. */
static struct rte_ring *
own_ring(const char *name, unsigned int i)
{
	char ring_name[RTE_RING_NAMESIZE];

	if (snprintf(ring_name, sizeof(ring_name), "ETH_RXTX%u_%s", i, name) >=
			(int)sizeof(ring_name))
		return NULL;
	return rte_ring_lookup(ring_name);
}

int
ffi_port_close(uint16_t port_id)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	struct rte_ring *ring;
	unsigned int i;
	void *pkt;
	int rc;

	rc = rte_eth_dev_get_name_by_port(port_id, name);
	if (rc != 0)
		return rc;
	for (i = 0; (ring = own_ring(name, i)) != NULL; i++) {
		while (rte_ring_dequeue(ring, &pkt) == 0)
			rte_pktmbuf_free(pkt);
	}
	rc = rte_eth_dev_close(port_id);
	/* The driver has freed those of its configured rx queues, the first ones. */
	while (rc == 0 && i-- > 0)
		rte_ring_free(own_ring(name, i));
	return rc;
}

int
ffi_port_mtu_get(uint16_t port_id, uint16_t *mtu)
{
	return rte_eth_dev_get_mtu(port_id, mtu);
}

int
ffi_port_link_set(uint16_t port_id, bool up)
{
	return up ? rte_eth_dev_set_link_up(port_id) : rte_eth_dev_set_link_down(port_id);
}

int
ffi_port_reset(uint16_t port_id)
{
	return rte_eth_dev_reset(port_id);
}

int
ffi_port_link_get(uint16_t port_id, struct ffi_port_link *link)
{
	struct rte_eth_link now;
	int rc;

	rc = rte_eth_link_get_nowait(port_id, &now);
	if (rc != 0)
		return rc;
	*link = (struct ffi_port_link){
		.speed_mbps = now.link_speed,
		.up = now.link_status == RTE_ETH_LINK_UP,
		.full_duplex = now.link_duplex == RTE_ETH_LINK_FULL_DUPLEX,
		.autoneg = now.link_autoneg == RTE_ETH_LINK_AUTONEG,
	};
	return 0;
}

int
ffi_port_stats_get(uint16_t port_id, struct ffi_port_stats *stats)
{
	struct rte_eth_stats now;
	int rc;

	rc = rte_eth_stats_get(port_id, &now);
	if (rc != 0)
		return rc;
	*stats = (struct ffi_port_stats){
		.rx_packets = now.ipackets,
		.tx_packets = now.opackets,
		.rx_bytes = now.ibytes,
		.tx_bytes = now.obytes,
		.rx_missed = now.imissed,
		.rx_errors = now.ierrors,
		.tx_errors = now.oerrors,
		.rx_nombuf = now.rx_nombuf,
	};
	return 0;
}

int
ffi_port_xstats_get(uint16_t port_id, struct ffi_port_xstat *xstats, uint32_t size)
{
	struct rte_eth_xstat_name *names;
	struct rte_eth_xstat *values;
	int count, i;

	count = rte_eth_xstats_get(port_id, NULL, 0);
	if (count <= 0 || (uint32_t)count > size)
		return count;
	names = calloc(count, sizeof(*names));
	values = calloc(count, sizeof(*values));
	if (names == NULL || values == NULL)
		count = -ENOMEM;
	else if (rte_eth_xstats_get_names(port_id, names, count) != count ||
			rte_eth_xstats_get(port_id, values, count) != count)
		count = -EAGAIN; /* their number changes as we look */
	for (i = 0; i < count; i++) {
		rte_strscpy(xstats[i].name, names[values[i].id].name, sizeof(xstats[i].name));
		xstats[i].value = values[i].value;
	}
	free(values);
	free(names);
	return count;
}
