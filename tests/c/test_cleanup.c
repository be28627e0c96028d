/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Calls of an application that has cleaned EAL up already. */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

/* While a target still had a packet of the library's pool, which is gone now with all of EAL's memory. */
static void
calls_after_eal_is_cleaned_up(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX, .mode = RTE_MIRROR_COPY };
	struct rte_mbuf *pkt;
	struct bench bench;
	uint32_t ids[2];

	bench_open(&bench, NULL, NULL);
	param.target_port = bench.target.id;
	ids[0] = mirror_with(bench.source.id, &param);
	param.target_port = bench.target2.id;
	ids[1] = mirror_with(bench.source.id, &param);
	pkt = packet_make(bench.pool, 1, 60, 0);
	CHECK_EQ(rte_eth_tx_burst(bench.source.id, 0, &pkt, 1), 1);
	mirror_off(ids[0]);
	port_stop(&bench.target);
	test_end();
	CHECK_EQ(rte_mirror_list(NULL, 0), 1);
	CHECK_EQ(stats_of(ids[1]).packets, 1);
	CHECK_EQ(info_of(ids[1]).state, RTE_MIRROR_STOPPED);
	CHECK_EQ(rte_mirror_update(ids[1], &param), -ENETDOWN);
	CHECK_EQ(rte_mirror_add(bench.source.id, &param, NULL), -ENODEV);
	mirror_off(ids[1]);
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	/* The harness ends EAL but once. */
	_exit(EXIT_SUCCESS);
}

const struct test_case test_cases[] = {
	{ "calls_after_eal_is_cleaned_up", calls_after_eal_is_cleaned_up },
	{ NULL, NULL },
};
