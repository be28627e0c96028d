/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_pause.h>

#include "../life.h"
#include "../started.h"
#include "portinfo.h"
#include "refusal.h"

/* The port, plus 1, that is being asked for something; 0: none. */
static uint32_t asked;

/* Ports from their DESTROY to the next device's NEW: ethdev takes them for valid ones until the former is over. */
static uint8_t is_going[RTE_MAX_ETHPORTS];

/*
 * Runs in the thread that removes the device, with whatever locks that holds: it takes no mutex, and waits for nothing
 * but a question to the very driver that is going.
 */
static int
on_destroy(uint16_t port_id, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret_param __rte_unused)
{
	__atomic_store_n(&is_going[port_id], 1, __ATOMIC_RELEASE);
	/* Either begin_asking() sees that the device is going, or we see that it is being asked. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (__atomic_load_n(&asked, __ATOMIC_ACQUIRE) == port_id + 1u && !life_is_over())
		rte_pause();
	return 0;
}

static int
on_new(uint16_t port_id, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret_param __rte_unused)
{
	__atomic_store_n(&is_going[port_id], 0, __ATOMIC_RELEASE);
	return 0;
}

int
portinfo_watch(void)
{
	int rc = rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, on_new, NULL);

	if (rc == 0)
		rc = rte_eth_dev_callback_register(
				RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, on_destroy, NULL);
	if (rc == 0)
		return 0;
	return plugin_refuse(-rc, "cannot watch ports come and go: %s", strerror(-rc));
}

bool
portinfo_exists(uint16_t port_id)
{
	return port_id < RTE_MAX_ETHPORTS && rte_eth_dev_is_valid_port(port_id) &&
			__atomic_load_n(&is_going[port_id], __ATOMIC_ACQUIRE) == 0;
}

/* Whether the port may be asked until end_asking(): its device cannot go meanwhile. */
static bool
begin_asking(uint16_t port_id)
{
	__atomic_store_n(&asked, port_id + 1u, __ATOMIC_RELAXED);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	return portinfo_exists(port_id);
}

static void
end_asking(void)
{
	__atomic_store_n(&asked, 0, __ATOMIC_RELEASE);
}

int
portinfo_find(const char *name_or_id, uint16_t *port_id)
{
	const size_t nb_digits = strspn(name_or_id, "0123456789");
	unsigned long number;
	uint16_t port;

	if (name_or_id[0] != '\0' && name_or_id[nb_digits] == '\0') {
		number = strtoul(name_or_id, NULL, 10);
		if (number < RTE_MAX_ETHPORTS && portinfo_exists((uint16_t)number)) {
			*port_id = (uint16_t)number;
			return 0;
		}
	} else if (rte_eth_dev_get_port_by_name(name_or_id, &port) == 0 && portinfo_exists(port)) {
		*port_id = port;
		return 0;
	}
	return plugin_refuse(ENODEV, "there is no port %s: the command ports tells which there are",
			name_or_id);
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
	info->is_started = ethdev_is_started(port_id);
	return info->is_started ? ask_driver(port_id, info) : 0;
}

int
portinfo_get(uint16_t port_id, struct portinfo *info)
{
	int rc;

	*info = (struct portinfo){ 0 };
	rc = begin_asking(port_id) ? ask(port_id, info) : -ENODEV;
	end_asking();
	if (rc == 0)
		return 0;
	return plugin_refuse(-rc, "port %u does not say what it is: %s", port_id, strerror(-rc));
}

void
portinfo_name(uint16_t port_id, char name[RTE_ETH_NAME_MAX_LEN])
{
	name[0] = '\0';
	if (begin_asking(port_id) && rte_eth_dev_get_name_by_port(port_id, name) != 0)
		name[0] = '\0';
	end_asking();
}
