/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Mbufs without room for a dynamic field more. What is registered there stays for good: a program of its own. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_mbuf_dyn.h>

#include "testbed.h"

static void
fill_mbufs(void)
{
	struct rte_mbuf_dynfield field = { .size = 1, .align = 1 };
	unsigned int nb = 0;

	do
		snprintf(field.name, sizeof(field.name), "filler%u", nb++);
	while (rte_mbuf_dynfield_register(&field) >= 0);
	CHECK(nb > 1);
}

static void
origins_need_room_in_mbufs(void)
{
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY, .flags = RTE_MIRROR_F_ORIGIN
	};
	struct rte_mbuf *pkt, *got;
	struct rte_mirror_origin origin;
	struct testbed testbed;
	uint32_t id;

	fill_mbufs();
	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, &id), -ENOMEM);
	CHECK(strstr(rte_mirror_last_error(), "without RTE_MIRROR_F_ORIGIN") != NULL);
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	CHECK_EQ(nb_library_pools(), 0);
	param.flags = 0;
	id = mirror_with(testbed.source.id, &param);
	param.flags = RTE_MIRROR_F_ORIGIN;
	CHECK_EQ(rte_mirror_update(id, &param), -ENOMEM);
	CHECK_EQ(info_of(id).flags, 0);
	pkt = packet_make(testbed.pool, 1, 60, 0);
	ring_put(testbed.source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, &pkt, 1), 1);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	CHECK_EQ(rte_mirror_origin_get(got, &origin), -ENOENT);
	rte_pktmbuf_free(pkt);
	rte_pktmbuf_free(got);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "origins_need_room_in_mbufs", origins_need_room_in_mbufs },
	{ NULL, NULL },
};
