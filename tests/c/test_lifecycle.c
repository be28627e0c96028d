/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What happens to a mirror when its ports do: stopped, reconfigured, removed, replaced. */

#include <inttypes.h>
#include <string.h>

#include <rte_cycles.h>

#include "testbed.h"

/* Passes packets through a queue of the source, each way: how many references the targets were given of them. */
static unsigned int
nb_mirrored(const struct testbed *testbed, uint16_t queue)
{
	struct rte_mbuf *pkts[10];
	unsigned int nb, i;

	packets_make(testbed->pool, pkts, 10, 1, 60);
	ring_put(testbed->source.rx[queue], pkts, 10);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, queue, pkts, 10), 10);
	CHECK_EQ(rte_eth_tx_burst(testbed->source.id, queue, pkts, 10), 10);
	nb = 10 * (rte_mbuf_refcnt_read(pkts[0]) - 1u);
	ring_check(testbed->source.tx[queue], pkts, 10);
	for (i = 0; i < PORT_MAX_QUEUES; i++) {
		while (ring_get(testbed->target.tx[i], pkts, 1) == 1)
			packets_free(pkts, 1);
		while (ring_get(testbed->target2.tx[i], pkts, 1) == 1)
			packets_free(pkts, 1);
	}
	return nb;
}

static void
a_source_that_stops_is_waited_for(void)
{
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	port_stop(&testbed.source);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_WAITING);
	CHECK(info_of(id).reason[0] != '\0');
	CHECK_EQ(rte_eth_dev_start(testbed.source.id), 0);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_RUNNING);
	CHECK(info_of(id).reason[0] == '\0');
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	CHECK_EQ(stats_of(id).packets, 40);
	/* One whose source is stopped can be removed. */
	port_stop(&testbed.source);
	mirror_off(id);
	CHECK_EQ(rte_eth_dev_start(testbed.source.id), 0);
	CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	testbed_close(&testbed);
}

static void
new_queues_of_a_source_are_covered_within_a_second(void)
{
	const struct port_options one = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct testbed testbed;
	uint16_t queue;
	uint32_t id;

	testbed_open(&testbed, &one, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &four);
	CHECK_WITHIN(1000, info_of(id).rx_queues == 4 && info_of(id).tx_queues == 4);
	for (queue = 0; queue < 4; queue++)
		CHECK_EQ(nb_mirrored(&testbed, queue), 20);
	CHECK_EQ(stats_of(id).packets, 100);
	/* And fewer queues again, and more. */
	port_stop(&testbed.source);
	port_configure(&testbed.source, &one);
	CHECK_WITHIN(1000, info_of(id).rx_queues == 1 && info_of(id).tx_queues == 1);
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &four);
	CHECK_WITHIN(1000, info_of(id).rx_queues == 4 && info_of(id).tx_queues == 4);
	for (queue = 0; queue < 4; queue++)
		CHECK_EQ(nb_mirrored(&testbed, queue), 20);
	mirror_off(id);
	for (queue = 0; queue < 4; queue++)
		CHECK_EQ(nb_mirrored(&testbed, queue), 0);
	testbed_close(&testbed);
}

static void
a_mirror_ends_with_its_source(void)
{
	const struct port_options options = port_default;
	struct testbed testbed;
	uint16_t port_id;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	port_id = testbed.source.id;
	port_close(&testbed.source);
	/* Another device gets the number at once, and the callbacks that ethdev has kept for it. */
	port_open(&testbed.source, &options);
	CHECK_EQ(testbed.source.id, port_id);
	CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	CHECK_WITHIN(1000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "source") != NULL);
	CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	CHECK_EQ(stats_of(id).packets, 20);
	/* The stopped one is not in the way of a new one. */
	mirror_off(mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX));
	mirror_off(id);
	CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	testbed_close(&testbed);
}

/* A new device under an old number is mirrored once by each mirror of its own, and never by two callbacks. */
static void
a_successor_of_a_source_is_mirrored_once(void)
{
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < 5; i++) {
		id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
		CHECK_EQ(nb_mirrored(&testbed, 0), 20);
		CHECK_EQ(stats_of(id).seen, 20);
		port_close(&testbed.source);
		if (i % 2 == 0)
			mirror_off(id);
		port_open(&testbed.source, &port_default);
		if (i % 2 == 1)
			mirror_off(id);
		CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	}
	testbed_close(&testbed);
}

/* What was mirrored from and to the former devices does not stand in the way, not even for a moment. */
static void
successors_can_be_mirrored_at_once(void)
{
	const uint32_t both = RTE_MIRROR_RX | RTE_MIRROR_TX;
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, both);
	port_close(&testbed.source);
	port_open(&testbed.source, &port_default);
	id2 = mirror_on(testbed.source.id, testbed.target.id, both);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	CHECK_EQ(stats_of(id2).packets, 20);
	port_close(&testbed.target);
	port_open(&testbed.target, &port_default);
	/* It would be a loop, if the former target were still there. */
	mirror_off(mirror_on(testbed.target.id, testbed.source.id, both));
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

/* Sends what a target is sent through another port: the mirror's own source. */
static uint16_t
send_through(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts,
		void *arg)
{
	uint16_t i;

	(void)port_id;
	(void)queue_id;
	for (i = 0; i < nb_pkts; i++)
		rte_mbuf_refcnt_update(pkts[i], 1);
	CHECK_EQ(rte_eth_tx_burst(*(uint16_t *)arg, 0, pkts, nb_pkts), nb_pkts);
	return nb_pkts;
}

/* As when a member of a bond is mirrored to the bond. */
static void
a_target_may_transmit_through_its_source(void)
{
	const struct rte_eth_rxtx_callback *callback;
	struct rte_mbuf *pkts[10], *got[30];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	callback = rte_eth_add_tx_callback(testbed.target.id, 0, send_through, &testbed.source.id);
	CHECK(callback != NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_TX);
	packets_make(testbed.pool, pkts, 10, 1, 60);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 10), 10);
	/* Once by the application and once by the target, which was sent each packet once. */
	CHECK_EQ(ring_get(testbed.source.tx[0], got, 30), 20);
	packets_free(got, 20);
	CHECK_EQ(ring_get(testbed.target.tx[0], got, 30), 10);
	packets_free(got, 10);
	CHECK_EQ(stats_of(id).packets, 10);
	mirror_off(id);
	CHECK_EQ(rte_eth_remove_tx_callback(testbed.target.id, 0, callback), 0);
	testbed_close(&testbed);
}

struct registrar {
	uint16_t source, target;
	bool stop;
	uint64_t nb_cycles;
};

static int
add_and_remove(void *arg)
{
	struct registrar *registrar = arg;

	while (!__atomic_load_n(&registrar->stop, __ATOMIC_ACQUIRE)) {
		mirror_off(mirror_on(registrar->source, registrar->target, RTE_MIRROR_RX));
		registrar->nb_cycles++;
	}
	return 0;
}

/* The registry asks ports for their queues: also while one of them is being removed by another thread. */
static void
ports_may_go_while_mirrors_come(void)
{
	const struct port_options options = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct registrar registrar = { 0 };
	struct testbed testbed;
	unsigned int i;
	uint16_t port_id;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	registrar.source = testbed.source.id;
	registrar.target = testbed.target.id;
	test_launch(0, add_and_remove, &registrar);
	for (i = 0; i < 20000; i++) {
		port_id = vdev_open("net_null7", "");
		vdev_configure(port_id, &options);
		id = mirror_on(port_id, testbed.target2.id, RTE_MIRROR_RX);
		vdev_close(port_id, "net_null7");
		mirror_off(id);
	}
	__atomic_store_n(&registrar.stop, true, __ATOMIC_RELEASE);
	test_join(0);
	CHECK(registrar.nb_cycles > 0);
	CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	testbed_close(&testbed);
}

static void
a_mirror_ends_with_its_target(void)
{
	struct testbed testbed;
	uint16_t port_id;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	CHECK_EQ(nb_mirrored(&testbed, 0), 20);
	port_id = testbed.target.id;
	port_close(&testbed.target);
	port_open(&testbed.target, &port_default);
	CHECK_EQ(testbed.target.id, port_id);
	/* The other mirror goes on, and the new device gets nothing that it was not asked to get. */
	CHECK_EQ(nb_mirrored(&testbed, 0), 10);
	CHECK_WITHIN(1000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "target") != NULL);
	CHECK_EQ(nb_mirrored(&testbed, 0), 10);
	CHECK_EQ(stats_of(id2).packets, 30);
	CHECK_EQ(stats_of(id).packets, 10);
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

static void
a_target_that_stops_ends_the_mirror(void)
{
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	port_stop(&testbed.target);
	CHECK_WITHIN(1000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "target") != NULL);
	CHECK_EQ(rte_eth_dev_start(testbed.target.id), 0);
	CHECK_EQ(nb_mirrored(&testbed, 0), 0);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Source and target may be any started ports: net_null's traffic never ends. */
static void
net_null_as_a_source(void)
{
	struct rte_mbuf *pkts[32];
	struct rte_mempool *pool;
	struct port target;
	uint16_t null;
	uint32_t id;

	port_open(&target, &port_default);
	null = vdev_open("net_null0", "size=100");
	vdev_configure(null, &(const struct port_options){ .nb_rx_queues = 1, .nb_tx_queues = 1 });
	id = mirror_on(null, target.id, RTE_MIRROR_RX);
	CHECK_EQ(rte_eth_rx_burst(null, 0, pkts, 32), 32);
	CHECK_EQ(stats_of(id).packets, 32);
	CHECK_EQ(stats_of(id).bytes, 3200);
	pool = pkts[0]->pool;
	ring_check(target.tx[0], pkts, 32);
	packets_check_refcnt(pkts, 32, 1);
	packets_free(pkts, 32);
	CHECK_EQ(rte_mempool_in_use_count(pool), 0);
	mirror_off(id);
	vdev_close(null, "net_null0");
	port_close(&target);
}

static void
one_burst_in_1024_tells_what_all_cost(void)
{
	struct rte_mirror_info info;
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	for (i = 0; i < 4 * 1024; i++)
		testbed_pass(&testbed, 2, 1, 60);
	info = info_of(id);
	/* One in which the poller was interrupted does not count. */
	CHECK(info.sampled_packets > 0 && info.sampled_packets <= 4 * 2);
	CHECK(info.sampled_cycles > info.sampled_packets);
	CHECK_EQ(info.poller_cpu_us, (uint64_t)(1024e6 * info.sampled_cycles / rte_get_tsc_hz()));
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "a_source_that_stops_is_waited_for", a_source_that_stops_is_waited_for },
	{ "new_queues_of_a_source_are_covered_within_a_second",
			new_queues_of_a_source_are_covered_within_a_second },
	{ "a_mirror_ends_with_its_source", a_mirror_ends_with_its_source },
	{ "a_successor_of_a_source_is_mirrored_once", a_successor_of_a_source_is_mirrored_once },
	{ "successors_can_be_mirrored_at_once", successors_can_be_mirrored_at_once },
	{ "a_target_may_transmit_through_its_source", a_target_may_transmit_through_its_source },
	{ "ports_may_go_while_mirrors_come", ports_may_go_while_mirrors_come },
	{ "a_mirror_ends_with_its_target", a_mirror_ends_with_its_target },
	{ "a_target_that_stops_ends_the_mirror", a_target_that_stops_ends_the_mirror },
	{ "net_null_as_a_source", net_null_as_a_source },
	{ "one_burst_in_1024_tells_what_all_cost", one_burst_in_1024_tells_what_all_cost },
	{ NULL, NULL },
};
