/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_mempool.h>

#include "testbed.h"
#include "poison.h"

void
testbed_open(struct testbed *testbed, const struct port_options *source,
		const struct port_options *target)
{
	static unsigned int nb_made;
	char name[16];

	snprintf(name, sizeof(name), "pool%u", nb_made++);
	testbed->pool = poison_pool_create(name, TESTBED_POOL_SIZE, PACKET_DATA_ROOM);
	port_open(&testbed->source, source != NULL ? source : &port_default);
	port_open(&testbed->target, target != NULL ? target : &port_default);
	port_open(&testbed->target2, target != NULL ? target : &port_default);
}

void
testbed_close(struct testbed *testbed)
{
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	port_close(&testbed->source);
	port_close(&testbed->target);
	port_close(&testbed->target2);
	poison_pool_free(testbed->pool);
}

uint32_t
mirror_with(uint16_t source, const struct rte_mirror_param *param)
{
	uint32_t id = 0;
	int rc = rte_mirror_add(source, param, &id);

	if (rc != 0)
		test_fail(__FILE__, __LINE__, "rte_mirror_add: %d: %s", rc,
				rte_mirror_last_error());
	CHECK(id != 0);
	return id;
}

uint32_t
mirror_on(uint16_t source, uint16_t target, uint32_t directions)
{
	const struct rte_mirror_param param = { .target_port = target, .directions = directions };

	return mirror_with(source, &param);
}

uint32_t
mirror_selecting(const struct testbed *testbed, uint16_t target,
		const struct rte_mirror_select *select)
{
	const struct rte_mirror_param param = {
		.target_port = target, .directions = RTE_MIRROR_RX, .select = select
	};

	return mirror_with(testbed->source.id, &param);
}

void
mirror_select_now(
		uint32_t id, const struct testbed *testbed, const struct rte_mirror_select *select)
{
	const struct rte_mirror_param param = {
		.target_port = testbed->target.id, .directions = RTE_MIRROR_RX, .select = select
	};

	CHECK_EQ(rte_mirror_update(id, &param), 0);
}

void
testbed_receive(const struct testbed *testbed, uint16_t queue, struct rte_mbuf **pkts,
		uint16_t nb_pkts)
{
	ring_put(testbed->source.rx[queue], pkts, nb_pkts);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, queue, pkts, nb_pkts), nb_pkts);
}

void
testbed_pass(const struct testbed *testbed, uint16_t nb_pkts, uint16_t nb_segs, uint16_t seg_len)
{
	struct rte_mbuf *pkts[TESTBED_BURST];

	CHECK(nb_pkts <= TESTBED_BURST);
	packets_make(testbed->pool, pkts, nb_pkts, nb_segs, seg_len);
	testbed_receive(testbed, 0, pkts, nb_pkts);
	packets_free(pkts, nb_pkts);
}

void
mirror_off(uint32_t id)
{
	CHECK_EQ(rte_mirror_remove(id), 0);
}

struct rte_mirror_stats
stats_of(uint32_t id)
{
	union {
		struct rte_mirror_stats stats;
		uint64_t words[sizeof(struct rte_mirror_stats) / sizeof(uint64_t)];
	} all;
	uint64_t sum = 0;
	unsigned int i;

	CHECK_EQ(rte_mirror_stats_get(id, &all.stats), 0);
	for (i = 0; i < RTE_DIM(all.words); i++)
		sum += all.words[i];
	CHECK_EQ(all.stats.seen, sum - all.stats.seen - all.stats.bytes);
	return all.stats;
}

struct rte_mirror_info
info_of(uint32_t id)
{
	struct rte_mirror_info info;

	CHECK_EQ(rte_mirror_info_get(id, &info), 0);
	CHECK_EQ(info.id, id);
	return info;
}

static void
count_if_library_pool(struct rte_mempool *pool, void *arg)
{
	*(unsigned int *)arg += strncmp(pool->name, "mirror_", 7) == 0;
}

unsigned int
nb_library_pools(void)
{
	unsigned int nb = 0;

	/* With any call those go that can. */
	rte_mirror_list(NULL, 0);
	rte_mempool_walk(count_if_library_pool, &nb);
	return nb;
}

unsigned int
nb_bytes_sent(const struct testbed *testbed)
{
	const struct port *targets[] = { &testbed->target, &testbed->target2 };
	struct rte_mbuf *pkts[10], *got;
	unsigned int i, queue, sum = 0;

	packets_make(testbed->pool, pkts, 10, 1, 60);
	ring_put(testbed->source.rx[0], pkts, 10);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, 10), 10);
	CHECK_EQ(rte_eth_tx_burst(testbed->source.id, 0, pkts, 10), 10);
	CHECK_EQ(ring_get(testbed->source.tx[0], pkts, 10), 10);
	packets_free(pkts, 10);
	for (i = 0; i < RTE_DIM(targets); i++) {
		for (queue = 0; queue < PORT_MAX_QUEUES; queue++) {
			while (ring_get(targets[i]->tx[queue], &got, 1) == 1) {
				sum += got->pkt_len;
				rte_pktmbuf_free(got);
			}
		}
	}
	return sum;
}
