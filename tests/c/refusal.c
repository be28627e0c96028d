/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <string.h>

#include "refusal.h"

unsigned int
nb_shared(const struct testbed *testbed)
{
	struct rte_mbuf *pkts[8], *got;
	unsigned int nb;

	packets_make(testbed->pool, pkts, 8, 1, 60);
	ring_put(testbed->source.rx[0], pkts, 8);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, 8), 8);
	CHECK_EQ(rte_eth_tx_burst(testbed->source.id, 0, pkts, 8), 8);
	nb = rte_mbuf_refcnt_read(pkts[0]) - 1u;
	packets_check_refcnt(pkts, 8, (uint16_t)(1 + nb));
	while (ring_get(testbed->target.tx[0], &got, 1) == 1)
		rte_pktmbuf_free(got);
	ring_check(testbed->source.tx[0], pkts, 8);
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
check_not_added(const struct testbed *testbed, const struct refusal *refusal)
{
	const unsigned int nb_pools = nb_library_pools();
	uint32_t id = 12345;

	CHECK_EQ(rte_mirror_check(testbed->source.id, &refusal->param, NULL, 0), refusal->rc);
	check_says(refusal);
	CHECK_EQ(rte_mirror_add(testbed->source.id, &refusal->param, &id), refusal->rc);
	check_says(refusal);
	CHECK_EQ(id, 12345);
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	CHECK_EQ(nb_library_pools(), nb_pools);
	CHECK_EQ(nb_shared(testbed), 0);
}

/* A mirror that is to be changed so goes on as it was. */
static void
check_not_updated(const struct testbed *testbed, const struct refusal *refusal)
{
	const uint32_t id = mirror_on(testbed->source.id, testbed->target.id, RTE_MIRROR_RX);
	const struct rte_mirror_info before = info_of(id);
	struct rte_mirror_info after;
	const unsigned int nb_pools = nb_library_pools();

	CHECK_EQ(nb_shared(testbed), 1);
	CHECK_EQ(rte_mirror_update(id, &refusal->param), refusal->rc);
	check_says(refusal);
	after = info_of(id);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
	CHECK_EQ(nb_library_pools(), nb_pools);
	CHECK_EQ(nb_shared(testbed), 1);
	CHECK_EQ(stats_of(id).packets, 16);
	mirror_off(id);
}

void
check_refusals(const struct testbed *testbed, struct refusal *refusals, unsigned int nb)
{
	unsigned int i;

	for (i = 0; i < nb; i++) {
		refusals[i].param.target_port = testbed->target.id;
		refusals[i].param.directions = RTE_MIRROR_RX;
		check_not_added(testbed, &refusals[i]);
	}
	for (i = 0; i < nb; i++)
		check_not_updated(testbed, &refusals[i]);
}
