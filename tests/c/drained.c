/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>

#include <rte_ring.h>

#include "drained.h"

void
drained_open(struct drained *drained, enum rte_mirror_mode mode, const struct port_options *source)
{
	testbed_open(&drained->testbed, source, NULL);
	drained->target = target_open("ring:drained", 1);
	drained->ring = rte_ring_lookup("ETH_RXTX0_drained");
	drained->param = (struct rte_mirror_param){ .directions = RTE_MIRROR_RX, .mode = mode };
	mirror_targets_set_param(drained->target, &drained->param);
	CHECK_EQ(drained->param.flags, RTE_MIRROR_F_DRAIN);
	drained->id = mirror_with(drained->testbed.source.id, &drained->param);
}

void
drained_close(struct drained *drained)
{
	mirror_off(drained->id);
	target_end(drained->target);
	testbed_close(&drained->testbed);
}

void
pass(const struct drained *drained, uint16_t queue, uint32_t seed)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	uint16_t i;

	for (i = 0; i < NB_PACKETS; i++)
		pkts[i] = packet_make(drained->testbed.pool, 1, LENGTH, seed + i);
	testbed_receive(&drained->testbed, queue, pkts, NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
}

void
read_some(const struct drained *drained, unsigned int nb_pkts)
{
	void *pkt;

	for (; nb_pkts > 0 && rte_ring_dequeue(drained->ring, &pkt) == 0; nb_pkts--)
		rte_pktmbuf_free(pkt);
}

static bool is_to_block, is_inside;

static uint16_t
block(uint16_t port_id, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	(void)port_id;
	(void)queue;
	(void)pkts;
	(void)arg;
	__atomic_store_n(&is_inside, true, __ATOMIC_RELEASE);
	while (__atomic_load_n(&is_to_block, __ATOMIC_ACQUIRE))
		test_pause();
	return nb_pkts;
}

void
block_target(const struct drained *drained)
{
	is_inside = false;
	is_to_block = true;
	CHECK(rte_eth_add_tx_callback(mirror_targets_port(drained->target), 0, block, NULL) !=
			NULL);
}

void
unblock_target(void)
{
	__atomic_store_n(&is_to_block, false, __ATOMIC_RELEASE);
}

bool
target_is_blocked(void)
{
	return __atomic_load_n(&is_inside, __ATOMIC_ACQUIRE);
}
