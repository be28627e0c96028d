/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>

#include <rte_mempool.h>

#include "poison.h"
#include "scene.h"

void
scene_open(struct scene *scene, const struct rte_mirror_param *param,
		const struct port_options *target)
{
	static unsigned int nb_made;
	struct rte_mirror_param its = *param;
	char name[32];

	bench_open(&scene->bench, NULL, target);
	originals_open(&scene->originals);
	its.target_port = scene->bench.target.id;
	scene->pool = NULL;
	if (its.pool == NULL) {
		snprintf(name, sizeof(name), "scene%u", nb_made++);
		scene->pool = poison_pool_create(name, SCENE_POOL_SIZE, RTE_MBUF_DEFAULT_BUF_SIZE);
		its.pool = scene->pool;
	}
	scene->directions = its.directions;
	scene->id = mirror_with(scene->bench.source.id, &its);
}

void
scene_check_whole(const struct scene *scene)
{
	originals_check_whole(&scene->originals);
	CHECK_EQ(rte_mempool_in_use_count(scene->bench.pool), 0);
	if (scene->pool != NULL)
		CHECK_EQ(rte_mempool_in_use_count(scene->pool), 0);
}

void
scene_close(struct scene *scene)
{
	mirror_off(scene->id);
	scene_check_whole(scene);
	bench_close(&scene->bench);
	originals_close(&scene->originals);
	if (scene->pool != NULL)
		poison_pool_free(scene->pool);
}

void
scene_pass(struct scene *scene, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	const struct port *source = &scene->bench.source;
	struct snapshot *before = snapshot_take(pkts, nb_pkts);

	if ((scene->directions & RTE_MIRROR_RX) != 0) {
		ring_put(source->rx[0], pkts, nb_pkts);
		CHECK_EQ(rte_eth_rx_burst(source->id, 0, pkts, nb_pkts), nb_pkts);
	} else {
		CHECK_EQ(rte_eth_tx_burst(source->id, 0, pkts, nb_pkts), nb_pkts);
		CHECK_EQ(ring_get(source->tx[0], pkts, nb_pkts), nb_pkts);
	}
	snapshot_check(before, pkts, nb_pkts);
}

void
scene_get(struct scene *scene, struct rte_mbuf **got, uint16_t nb_got)
{
	CHECK_EQ(rte_ring_count(scene->bench.target.tx[0]), nb_got);
	CHECK_EQ(ring_get(scene->bench.target.tx[0], got, nb_got), nb_got);
}
