/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>

#include <rte_mempool.h>

#include "poison.h"
#include "late_target.h"

void
late_target_open(struct late_target *late, const struct rte_mirror_param *param,
		const struct port_options *target)
{
	static unsigned int nb_made;
	struct rte_mirror_param its = *param;
	char name[32];

	testbed_open(&late->testbed, NULL, target);
	originals_open(&late->originals);
	its.target_port = late->testbed.target.id;
	late->pool = NULL;
	if (its.pool == NULL) {
		snprintf(name, sizeof(name), "late%u", nb_made++);
		late->pool = poison_pool_create(
				name, LATE_TARGET_POOL_SIZE, RTE_MBUF_DEFAULT_BUF_SIZE);
		its.pool = late->pool;
	}
	late->directions = its.directions;
	late->id = mirror_with(late->testbed.source.id, &its);
}

void
late_target_check_whole(const struct late_target *late)
{
	originals_check_whole(&late->originals);
	CHECK_EQ(rte_mempool_in_use_count(late->testbed.pool), 0);
	if (late->pool != NULL)
		CHECK_EQ(rte_mempool_in_use_count(late->pool), 0);
}

void
late_target_close(struct late_target *late)
{
	mirror_off(late->id);
	late_target_check_whole(late);
	testbed_close(&late->testbed);
	originals_close(&late->originals);
	if (late->pool != NULL)
		poison_pool_free(late->pool);
}

void
late_target_pass(struct late_target *late, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	const struct port *source = &late->testbed.source;
	struct snapshot *before = snapshot_take(pkts, nb_pkts);

	if ((late->directions & RTE_MIRROR_RX) != 0) {
		ring_put(source->rx[0], pkts, nb_pkts);
		CHECK_EQ(rte_eth_rx_burst(source->id, 0, pkts, nb_pkts), nb_pkts);
	} else {
		CHECK_EQ(rte_eth_tx_burst(source->id, 0, pkts, nb_pkts), nb_pkts);
		CHECK_EQ(ring_get(source->tx[0], pkts, nb_pkts), nb_pkts);
	}
	snapshot_check(before, pkts, nb_pkts);
}

void
late_target_get(struct late_target *late, struct rte_mbuf **got, uint16_t nb_got)
{
	CHECK_EQ(rte_ring_count(late->testbed.target.tx[0]), nb_got);
	CHECK_EQ(ring_get(late->testbed.target.tx[0], got, nb_got), nb_got);
}
