/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>

#include "poison.h"
#include "stage.h"

#define NB_PKTS  2047
#define OWN_ROOM (RTE_PKTMBUF_HEADROOM + 9216)

/* Between the mirror and the target's driver. */
static uint16_t
look(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	struct stage *stage = arg;
	uint16_t i;

	(void)port_id;
	(void)queue_id;
	for (i = 0; i < nb_pkts; i++) {
		stage->nb_seen++;
		stage->nb_shared += pkts[i]->pool == stage->pool;
		stage->segs_max = RTE_MAX(stage->segs_max, pkts[i]->nb_segs);
		stage->flags_seen |= pkts[i]->ol_flags;
	}
	return nb_pkts;
}

void
stage_open(struct stage *stage, const struct end_driver *driver, uint64_t tx_offloads)
{
	printf("  %s%s%s\n", driver->name, driver->what,
			tx_offloads == 0 ? " without offloads" : "");
	*stage = (struct stage){ 0 };
	stage->pool = poison_pool_create("packets", NB_PKTS, PACKET_DATA_ROOM);
	stage->own_pool = poison_pool_create("own", NB_PKTS, OWN_ROOM);
	port_open(&stage->source, &port_default);
	end_open(&stage->end, driver, tx_offloads);
	stage->look = rte_eth_add_tx_callback(stage->end.port_id, 0, look, stage);
	CHECK(stage->look != NULL);
}

void
stage_close(struct stage *stage)
{
	/* ethdev would keep it for the next port of that number. */
	CHECK_EQ(rte_eth_remove_tx_callback(stage->end.port_id, 0, stage->look), 0);
	end_close(&stage->end);
	port_close(&stage->source);
	poison_pool_free(stage->pool);
	poison_pool_free(stage->own_pool);
}

uint32_t
stage_mirror(const struct stage *stage, uint32_t directions, enum rte_mirror_mode mode)
{
	const struct rte_mirror_param param = { .target_port = stage->end.port_id,
		.directions = directions,
		.mode = mode,
		.pool = stage->own_pool };

	return mirror_with(stage->source.id, &param);
}

void
stage_forget(struct stage *stage)
{
	stage->nb_seen = stage->nb_shared = stage->segs_max = 0;
	stage->flags_seen = 0;
}

const struct end_driver *
stage_next_driver(const struct end_driver *driver, bool reads_late)
{
	for (driver = driver == NULL ? end_drivers : driver + 1; driver->name != NULL; driver++) {
		if (driver->reads_late == reads_late && end_missing(driver) == NULL)
			return driver;
	}
	return NULL;
}

void
every_driver_was_there(void)
{
	const struct end_driver *driver;

	for (driver = end_drivers; driver->name != NULL; driver++) {
		if (end_missing(driver) != NULL)
			test_skip(end_missing(driver));
	}
}
