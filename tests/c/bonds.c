/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>
#include <unistd.h>

#include "bonds.h"

#define WATCHDOG_S 60

static bool
sends(uint16_t port_id, struct rte_mempool *pool)
{
	struct rte_mbuf *pkt = packet_make(pool, 1, 60, 0);
	const bool sent = rte_eth_tx_burst(port_id, 0, &pkt, 1) == 1;

	if (!sent)
		rte_pktmbuf_free(pkt);
	return sent;
}

void
bond_wait(uint16_t port_id, struct rte_mempool *pool)
{
	CHECK_WITHIN(30000, sends(port_id, pool));
}

void
bonds_open(struct bonds *bonds, unsigned int number, uint16_t nb_queues, struct rte_mempool *pool)
{
	const struct port_options options = { .nb_rx_queues = nb_queues,
		.nb_tx_queues = nb_queues };
	char member[32], bond[32];

	snprintf(member, sizeof(member), "net_null%u", number);
	snprintf(bond, sizeof(bond), "net_bonding%u", number);
	*bonds = (struct bonds){ .member = vdev_open(member, "") };
	bonds->bond = bonding_open(bond, member);
	vdev_configure(bonds->bond, &options);
	bond_wait(bonds->bond, pool);
}

void
bonds_close(const struct bonds *bonds, unsigned int number)
{
	char name[32];

	snprintf(name, sizeof(name), "net_bonding%u", number);
	vdev_close(bonds->bond, name);
	snprintf(name, sizeof(name), "net_null%u", number);
	vdev_close(bonds->member, name);
}

void
watched_open(struct testbed *testbed, const struct port_options *source,
		const struct port_options *target)
{
	alarm(WATCHDOG_S);
	testbed_open(testbed, source, target);
}

void
watched_close(struct testbed *testbed)
{
	testbed_close(testbed);
	alarm(0);
}
