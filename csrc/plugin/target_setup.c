/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "../pool_list.h"
#include "refusal.h"
#include "target.h"

/* net_tap keeps an mbuf for each rx descriptor of a queue; nobody reads what would come in. */
#define RX_DESCRIPTORS 8
#define NB_MBUFS       63

static int
make_pool(struct target *target)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	snprintf(name, sizeof(name), "mirror_target_%u", target->number);
	target->pool = rte_pktmbuf_pool_create(
			name, NB_MBUFS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (target->pool == NULL)
		return mirror_plugin_refuse(rte_errno, "%s: no memory for its port: give EAL more",
				target->shown);
	return 0;
}

static int
set_up_queues(const struct target *target)
{
	const unsigned int socket = SOCKET_ID_ANY;
	uint16_t i;
	int rc = 0;

	for (i = 0; rc == 0 && i < target->nb_queues; i++) {
		rc = rte_eth_rx_queue_setup(
				target->port_id, i, RX_DESCRIPTORS, socket, NULL, target->pool);
		if (rc == 0)
			rc = rte_eth_tx_queue_setup(target->port_id, i, 0, socket, NULL);
	}
	return rc;
}

/* As many rx queues as tx queues: net_tap insists on that, net_vhost on one, and the others do not mind. */
static int
configure(struct target *target, const struct rte_eth_dev_info *info)
{
	struct rte_eth_conf conf = { 0 };

	target->nb_queues = RTE_MIN(target->nb_queues, info->max_rx_queues);
	target->nb_queues = RTE_MIN(target->nb_queues, info->max_tx_queues);
	/* And no MBUF_FAST_FREE: what is sent there may be shared. */
	conf.txmode.offloads = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	return rte_eth_dev_configure(target->port_id, target->nb_queues, target->nb_queues, &conf);
}

static int
set_mtu(const struct target *target, const struct rte_eth_dev_info *info)
{
	const uint16_t mtu = target->kind->mtu;

	if (mtu == 0 || mtu > info->max_mtu ||
			mtu + RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN > (int64_t)info->max_rx_pktlen)
		return 0;
	return rte_eth_dev_set_mtu(target->port_id, mtu);
}

int
mirror_target_setup(struct target *target)
{
	struct rte_eth_dev_info info;
	int rc = make_pool(target);

	if (rc != 0)
		return rc;
	rc = rte_eth_dev_info_get(target->port_id, &info);
	if (rc == 0)
		rc = configure(target, &info);
	if (rc == 0)
		rc = set_mtu(target, &info);
	if (rc == 0)
		rc = set_up_queues(target);
	if (rc == 0)
		rc = rte_eth_dev_start(target->port_id);
	/* Some drivers just return -1: that is no errno. */
	if (rc != 0)
		return mirror_plugin_refuse(rc == -1 ? EIO : -rc,
				"%s: its port cannot be started: the log of %s says why",
				target->shown, target->kind->driver);
	return 0;
}

void
mirror_target_setup_forget(struct target *target)
{
	/* Whoever might still hold one of its mbufs can give it back. */
	if (target->pool != NULL && rte_mempool_full(target->pool))
		mirror_pool_free(target->pool);
	target->pool = NULL;
}
