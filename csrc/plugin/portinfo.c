/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../port_guard.h"
#include "../started.h"
#include "portinfo.h"
#include "refusal.h"
#include "scalar.h"

int
mirror_portinfo_watch(void)
{
	int rc = mirror_port_guard_watch();

	if (rc == 0)
		return 0;
	return mirror_plugin_refuse(-rc, "cannot watch ports come and go: %s", strerror(-rc));
}

bool
mirror_portinfo_exists(uint16_t port_id)
{
	return mirror_port_is_there(port_id);
}

int
mirror_portinfo_find(const char *name_or_id, uint16_t *port_id)
{
	uint64_t number;
	uint16_t port;

	if (name_or_id[0] != '\0' && mirror_scalar_is_digits(name_or_id)) {
		if (mirror_scalar_read_number(name_or_id, &number) && number < RTE_MAX_ETHPORTS &&
				mirror_portinfo_exists((uint16_t)number)) {
			*port_id = (uint16_t)number;
			return 0;
		}
	} else if (rte_eth_dev_get_port_by_name(name_or_id, &port) == 0 &&
			mirror_portinfo_exists(port)) {
		*port_id = port;
		return 0;
	}
	return mirror_plugin_refuse(ENODEV, "there is no port %s", name_or_id);
}

/* What only the driver knows. */
static int
ask_driver(uint16_t port_id, struct portinfo *info)
{
	struct rte_eth_dev_info dev;
	int rc = rte_eth_dev_info_get(port_id, &dev);

	if (rc != 0)
		return rc;
	snprintf(info->driver, sizeof(info->driver), "%s", dev.driver_name);
	info->if_index = dev.if_index;
	info->nb_rx_queues = dev.nb_rx_queues;
	info->nb_tx_queues = dev.nb_tx_queues;
	return rte_eth_macaddr_get(port_id, &info->mac);
}

/*
 * A port that is closed has DESTROY last: its driver has taken down by then what it would answer with, and an event of
 * the application's own may come between. But ports are stopped before they are closed, and that shows.
 */
static int
ask(uint16_t port_id, struct portinfo *info)
{
	int rc = rte_eth_dev_get_name_by_port(port_id, info->name);

	if (rc == 0)
		rc = rte_eth_dev_get_mtu(port_id, &info->mtu);
	if (rc != 0)
		return rc;
	info->is_started = mirror_ethdev_is_started(port_id);
	return info->is_started ? ask_driver(port_id, info) : 0;
}

int
mirror_portinfo_get(uint16_t port_id, struct portinfo *info)
{
	int rc = -ENODEV;

	*info = (struct portinfo){ 0 };
	if (mirror_port_hold(port_id)) {
		rc = ask(port_id, info);
		mirror_port_release(port_id);
	}
	if (rc == 0)
		return 0;
	return mirror_plugin_refuse(
			-rc, "port %u does not say what it is: %s", port_id, strerror(-rc));
}

int
mirror_portinfo_stats(uint16_t port_id, struct rte_eth_stats *stats)
{
	int rc = -ENODEV;

	if (mirror_port_hold(port_id)) {
		rc = -ENETDOWN;
		if (mirror_ethdev_is_started(port_id))
			rc = rte_eth_stats_get(port_id, stats);
		mirror_port_release(port_id);
	}
	if (rc == 0)
		return 0;
	return mirror_plugin_refuse(-rc, "port %u does not say what it has counted: %s", port_id,
			rc == -ENETDOWN ? "it is not started" : strerror(-rc));
}

void
mirror_portinfo_name(uint16_t port_id, char name[RTE_ETH_NAME_MAX_LEN])
{
	name[0] = '\0';
	if (!mirror_port_hold(port_id))
		return;
	if (rte_eth_dev_get_name_by_port(port_id, name) != 0)
		name[0] = '\0';
	mirror_port_release(port_id);
}
