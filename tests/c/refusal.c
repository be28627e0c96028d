/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <string.h>

#include "refusal.h"

unsigned int
nb_shared(const struct bench *bench)
{
	struct rte_mbuf *pkts[8], *got;
	unsigned int nb;

	packets_make(bench->pool, pkts, 8, 1, 60);
	ring_put(bench->source.rx[0], pkts, 8);
	CHECK_EQ(rte_eth_rx_burst(bench->source.id, 0, pkts, 8), 8);
	CHECK_EQ(rte_eth_tx_burst(bench->source.id, 0, pkts, 8), 8);
	nb = rte_mbuf_refcnt_read(pkts[0]) - 1u;
	packets_check_refcnt(pkts, 8, (uint16_t)(1 + nb));
	while (ring_get(bench->target.tx[0], &got, 1) == 1)
		rte_pktmbuf_free(got);
	ring_check(bench->source.tx[0], pkts, 8);
	return nb;
}

static void
check_says(const struct refusal *refusal)
{
	if (strstr(rte_mirror_last_error(), refusal->says) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" does not say %s", rte_mirror_last_error(),
				refusal->says);
}

/* No mirror comes of it, no callback, no pool. */
static void
check_not_added(const struct bench *bench, const struct refusal *refusal)
{
	const unsigned int nb_pools = nb_library_pools();
	uint32_t id = 12345;

	CHECK_EQ(rte_mirror_check(bench->source.id, &refusal->param, NULL, 0), refusal->rc);
	check_says(refusal);
	CHECK_EQ(rte_mirror_add(bench->source.id, &refusal->param, &id), refusal->rc);
	check_says(refusal);
	CHECK_EQ(id, 12345);
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	CHECK_EQ(nb_library_pools(), nb_pools);
	CHECK_EQ(nb_shared(bench), 0);
}

/* A mirror that is to be changed so goes on as it was. */
static void
check_not_updated(const struct bench *bench, const struct refusal *refusal)
{
	const uint32_t id = mirror_on(bench->source.id, bench->target.id, RTE_MIRROR_RX);
	const struct rte_mirror_info before = info_of(id);
	struct rte_mirror_info after;
	const unsigned int nb_pools = nb_library_pools();

	CHECK_EQ(nb_shared(bench), 1);
	CHECK_EQ(rte_mirror_update(id, &refusal->param), refusal->rc);
	check_says(refusal);
	after = info_of(id);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	CHECK_EQ(nb_library_pools(), nb_pools);
	CHECK_EQ(nb_shared(bench), 1);
	CHECK_EQ(stats_of(id).packets, 16);
	mirror_off(id);
}

void
check_refusals(const struct bench *bench, struct refusal *refusals, unsigned int nb)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		refusals[i].param.target_port = bench->target.id;
		refusals[i].param.directions = RTE_MIRROR_RX;
		check_not_added(bench, &refusals[i]);
	}
	for (i = 0; i < nb; i++)
		check_not_updated(bench, &refusals[i]);
}
