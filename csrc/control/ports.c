/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "../datapath/datapath.h"
#include "../eal_gate.h"
#include "../port_guard.h"
#include "../started.h"
#include "error.h"
#include "ports.h"

/* How many packets a tx queue can hold if its driver does not tell. */
#define NB_DESCRIPTORS 1024

/* net_af_packet's default. */
#define AF_PACKET_FRAME_SIZE 2048

/* What is to be called when a device has gone. */
static void (*on_gone)(void);

/*
 * Runs in whichever thread removes the device, which may hold locks of its own, and may be inside the registry: so it
 * waits for nothing. Comes after the guard's, which has waited for the last question.
 */
static int
on_destroy(uint16_t port_id, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret_param __rte_unused)
{
	__atomic_fetch_or(&mirror_epochs[port_id], 1, __ATOMIC_ACQ_REL);
	on_gone();
	return 0;
}

static int
on_new(uint16_t port_id, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret_param __rte_unused)
{
	uint32_t epoch = __atomic_load_n(&mirror_epochs[port_id], __ATOMIC_RELAXED);

	/* Even again; it was so already where no device has had the number before. */
	__atomic_store_n(&mirror_epochs[port_id], epoch + (epoch & 1), __ATOMIC_RELEASE);
	return 0;
}

int
mirror_ports_watch(void (*when_gone)(void))
{
	static bool is_watching;
	int rc;

	if (is_watching)
		return 0;
	on_gone = when_gone;
	rc = mirror_port_guard_watch();
	if (rc == 0)
		rc = rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, on_new, NULL);
	if (rc == 0)
		rc = rte_eth_dev_callback_register(
				RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, on_destroy, NULL);
	if (rc != 0)
		return mirror_refuse(-rc, "cannot watch ports come and go: %s", strerror(-rc));
	is_watching = true;
	return 0;
}

bool
mirror_port_exists(uint16_t port_id)
{
	/* ethdev takes some ports for valid ones when EAL has gone. */
	return !mirror_eal_is_over() && mirror_port_is_there(port_id) &&
			(mirror_epoch(port_id) & 1) == 0;
}

bool
mirror_port_is_started(uint16_t port_id)
{
	return mirror_port_exists(port_id) && mirror_ethdev_is_started(port_id);
}

/* Holds a port whose driver can answer, see mirror_port_hold(). */
static bool
hold_started(uint16_t port_id)
{
	if (!mirror_port_hold(port_id))
		return false;
	if (mirror_port_is_started(port_id))
		return true;
	mirror_port_release(port_id);
	return false;
}

bool
mirror_port_is_owned_by(uint16_t port_id, const char *name)
{
	struct rte_eth_dev_owner owner;
	bool is_owned;

	if (!mirror_port_hold(port_id))
		return false;
	is_owned = rte_eth_dev_owner_get(port_id, &owner) == 0 && strcmp(owner.name, name) == 0;
	mirror_port_release(port_id);
	return is_owned;
}

int
mirror_port_info_get(uint16_t port_id, struct rte_eth_dev_info *info)
{
	int rc;

	if (!hold_started(port_id))
		return -ENETDOWN;
	rc = rte_eth_dev_info_get(port_id, info);
	mirror_port_release(port_id);
	return rc;
}

/* The last value of an argument, its name with a '=', that a device was made with; NULL: it was made without. */
static const char *
find_arg(const struct rte_eth_dev_info *dev, const char *name)
{
	const struct rte_devargs *devargs = rte_dev_devargs(dev->device);
	const char *arg = devargs != NULL ? devargs->args : NULL, *value = NULL;
	const size_t length = strlen(name);

	for (; arg != NULL; arg = strchr(arg, ',')) {
		arg += *arg == ',';
		if (strncmp(arg, name, length) == 0)
			value = arg + length;
	}
	return value;
}

/* The longest packet that fits in a frame of net_af_packet's ring, which only newer releases tell; 0: it has no ring. */
static uint32_t
frame_size(const struct rte_eth_dev_info *dev)
{
	const char *arg;

	if (strcmp(dev->driver_name, "net_af_packet") != 0)
		return 0;
	arg = find_arg(dev, "framesz=");
	return (arg != NULL ? strtoul(arg, NULL, 0) : AF_PACKET_FRAME_SIZE) -
			TPACKET_ALIGN(sizeof(struct tpacket2_hdr));
}

/* The interface that a port transmits on: net_pcap tells it only if it receives there, too. */
static unsigned int
interface(const struct rte_eth_dev_info *dev)
{
	const char *arg = find_arg(dev, "tx_iface=");
	char name[IF_NAMESIZE] = "";

	if (dev->if_index != 0 || arg == NULL || strcmp(dev->driver_name, "net_pcap") != 0)
		return dev->if_index;
	memcpy(name, arg, RTE_MIN(strcspn(arg, ","), sizeof(name) - 1));
	return if_nametoindex(name);
}

static int
ask_lengths(uint16_t port_id, struct mirror_port_lengths *lengths)
{
	struct rte_eth_dev_info dev;
	int rc = rte_eth_dev_info_get(port_id, &dev);

	if (rc == 0)
		rc = rte_eth_dev_get_mtu(port_id, &lengths->mtu);
	if (rc != 0)
		return rc;
	rte_strscpy(lengths->driver, dev.driver_name, sizeof(lengths->driver));
	lengths->if_index = interface(&dev);
	lengths->frame_size = frame_size(&dev);
	return 0;
}

int
mirror_port_lengths_get(uint16_t port_id, struct mirror_port_lengths *lengths)
{
	int rc;

	if (!hold_started(port_id))
		return -ENETDOWN;
	rc = ask_lengths(port_id, lengths);
	mirror_port_release(port_id);
	return rc;
}

uint64_t
mirror_port_tx_offloads(uint16_t port_id)
{
	struct rte_eth_conf conf;
	uint64_t offloads = 0;

	/* A port that is removed meanwhile has lost its configuration before ethdev says that it is none. */
	if (!mirror_port_hold(port_id))
		return 0;
	if (rte_eth_dev_conf_get(port_id, &conf) == 0)
		offloads = conf.txmode.offloads;
	mirror_port_release(port_id);
	return offloads;
}

int
mirror_port_mtu_get(uint16_t port_id, uint16_t *mtu)
{
	int rc;

	if (!mirror_port_hold(port_id))
		return -ENODEV;
	rc = rte_eth_dev_get_mtu(port_id, mtu);
	mirror_port_release(port_id);
	return rc;
}

int
mirror_port_socket(uint16_t port_id)
{
	int socket;

	if (!mirror_port_hold(port_id))
		return SOCKET_ID_ANY;
	socket = rte_eth_dev_socket_id(port_id);
	mirror_port_release(port_id);
	return socket < 0 ? SOCKET_ID_ANY : socket;
}

void
mirror_port_rx_pools(uint16_t port_id, void (*show)(struct rte_mempool *pool, void *arg), void *arg)
{
	struct rte_eth_rxq_info queue;
	struct rte_eth_dev_info dev;
	uint16_t i;

	if (!hold_started(port_id))
		return;
	if (rte_eth_dev_info_get(port_id, &dev) != 0)
		dev.nb_rx_queues = 0;
	for (i = 0; i < dev.nb_rx_queues; i++) {
		if (rte_eth_rx_queue_info_get(port_id, i, &queue) == 0 && queue.mp != NULL)
			show(queue.mp, arg);
	}
	mirror_port_release(port_id);
}

uint32_t
mirror_port_tx_descriptors(uint16_t port_id)
{
	struct rte_eth_txq_info queue;
	struct rte_eth_dev_info dev;
	uint32_t nb = 0;
	uint16_t i;

	if (!hold_started(port_id))
		return 0;
	if (rte_eth_dev_info_get(port_id, &dev) != 0)
		dev.nb_tx_queues = 0;
	for (i = 0; i < dev.nb_tx_queues; i++) {
		if (rte_eth_tx_queue_info_get(port_id, i, &queue) != 0)
			queue.nb_desc = NB_DESCRIPTORS;
		nb += queue.nb_desc;
	}
	mirror_port_release(port_id);
	return nb;
}

bool
mirror_port_is_lockfree(uint16_t port_id)
{
	return (mirror_port_tx_offloads(port_id) & RTE_ETH_TX_OFFLOAD_MT_LOCKFREE) != 0;
}

bool
mirror_port_is_member(uint16_t port_id)
{
	struct rte_eth_dev_info dev;

	return mirror_port_info_get(port_id, &dev) == 0 &&
			(*dev.dev_flags & MIRROR_IS_BOND_MEMBER) != 0;
}

static bool
queue_has_fast_free(uint16_t port_id, uint16_t queue_id)
{
	struct rte_eth_txq_info queue;

	return rte_eth_tx_queue_info_get(port_id, queue_id, &queue) == 0 &&
			(queue.conf.offloads & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0;
}

/* Whether a started port has the offload on a queue of its own. Only few drivers can have that, and are asked. */
static bool
has_fast_free_queue(uint16_t port_id)
{
	struct rte_eth_dev_info dev;
	bool is_found = false;
	uint16_t i;

	if (!hold_started(port_id))
		return false;
	if (rte_eth_dev_info_get(port_id, &dev) == 0 &&
			(dev.tx_queue_offload_capa & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) != 0) {
		for (i = 0; i < dev.nb_tx_queues && !is_found; i++)
			is_found = queue_has_fast_free(port_id, i);
	}
	mirror_port_release(port_id);
	return is_found;
}

bool
mirror_port_has_fast_free(uint16_t port_id)
{
	const uint64_t flag = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;

	if (!mirror_port_exists(port_id))
		return false;
	return (mirror_port_tx_offloads(port_id) & flag) != 0 || has_fast_free_queue(port_id);
}

uint16_t
mirror_fast_free_port(void)
{
	uint16_t port = 0;

	while (port < RTE_MAX_ETHPORTS && !mirror_port_has_fast_free(port))
		port++;
	return port;
}
