/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>

#include "poison.h"
#include "real_target.h"

#define NB_PKTS  2047
#define OWN_ROOM (RTE_PKTMBUF_HEADROOM + 9216)

/* Between the mirror and the target's driver. */
static uint16_t
look(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	struct real_target *real = arg;
	uint16_t i;

	(void)port_id;
	(void)queue_id;
	for (i = 0; i < nb_pkts; i++) {
		real->nb_seen++;
		real->nb_shared += pkts[i]->pool == real->pool;
		real->segs_max = RTE_MAX(real->segs_max, pkts[i]->nb_segs);
		real->flags_seen |= pkts[i]->ol_flags;
	}
	return nb_pkts;
}

void
real_target_open(struct real_target *real, const struct end_driver *driver, uint64_t tx_offloads)
{
	printf("  %s%s%s\n", driver->name, driver->what,
			tx_offloads == 0 ? " without offloads" : "");
	*real = (struct real_target){ 0 };
	real->pool = poison_pool_create("packets", NB_PKTS, PACKET_DATA_ROOM);
	real->own_pool = poison_pool_create("own", NB_PKTS, OWN_ROOM);
	port_open(&real->source, &port_default);
	end_open(&real->end, driver, tx_offloads);
	real->look = rte_eth_add_tx_callback(real->end.port_id, 0, look, real);
	CHECK(real->look != NULL);
}

void
real_target_close(struct real_target *real)
{
	/* ethdev would keep it for the next port of that number. */
	CHECK_EQ(rte_eth_remove_tx_callback(real->end.port_id, 0, real->look), 0);
	end_close(&real->end);
	port_close(&real->source);
	poison_pool_free(real->pool);
	poison_pool_free(real->own_pool);
}

uint32_t
real_target_mirror(const struct real_target *real, uint32_t directions, enum rte_mirror_mode mode)
{
	const struct rte_mirror_param param = { .target_port = real->end.port_id,
		.directions = directions,
		.mode = mode,
		.pool = real->own_pool };

	return mirror_with(real->source.id, &param);
}

void
real_target_forget(struct real_target *real)
{
	real->nb_seen = real->nb_shared = real->segs_max = 0;
	real->flags_seen = 0;
}

const struct end_driver *
real_target_next_driver(const struct end_driver *driver, bool reads_late)
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
