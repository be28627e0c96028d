/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <rte_eth_ring.h>

#include "../c/harness.h"
#include "../c/packets.h"
#include "../c/poison.h"
#include "../c/ports.h"
#include "application.h"

#define BURST 64

/* There may be fewer CPUs than lcores. */
#define ROUNDS_BEFORE_OTHERS 64

static void
loop_open(struct loop *loop, struct rte_mempool *pool, const char *name)
{
	unsigned int i;

	loop->ring = rte_ring_create(
			name, 2 * NB_PACKETS, 0, RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
	CHECK(loop->ring != NULL);
	/* Most are small, one in eight is a chain. */
	for (i = 0; i < NB_PACKETS; i++)
		loop->pkts[i] = packet_make(
				pool, i % 8 == 0 ? 3 : 1, i % 4 == 0 ? 380 : (uint16_t)(60 + i), i);
	loop->snapshot = snapshot_take(loop->pkts, NB_PACKETS);
	ring_put(loop->ring, loop->pkts, NB_PACKETS);
}

static void
source_open(struct application *application, unsigned int source)
{
	const struct port_options options = { .nb_rx_queues = NB_QUEUES,
		.nb_tx_queues = NB_QUEUES };
	struct rte_ring *rings[NB_QUEUES];
	unsigned int queue;
	char name[16];
	int id;

	for (queue = 0; queue < NB_QUEUES; queue++) {
		snprintf(name, sizeof(name), "loop%u_%u", source, queue);
		loop_open(&application->loops[source][queue], application->pool, name);
		rings[queue] = application->loops[source][queue].ring;
	}
	snprintf(name, sizeof(name), "source%u", source);
	id = rte_eth_from_rings(name, rings, NB_QUEUES, rings, NB_QUEUES, 0);
	CHECK(id >= 0);
	application->sources[source] = (uint16_t)id;
	vdev_configure(application->sources[source], &options);
}

void
application_open(struct application *application, struct rte_ring *late)
{
	const uint32_t nb_mbufs = 8191;
	unsigned int source;

	*application = (struct application){ .late = late };
	application->pool = poison_pool_create("application", nb_mbufs, PACKET_DATA_ROOM);
	for (source = 0; source < NB_SOURCES; source++)
		source_open(application, source);
}

static void
receive_and_send(struct application *application, unsigned int source, uint16_t queue, uint16_t nb)
{
	const uint16_t port_id = application->sources[source];
	struct loop *loop = &application->loops[source][queue];
	struct rte_mbuf *pkts[BURST];

	nb = rte_eth_rx_burst(port_id, queue, pkts, nb);
	CHECK_EQ(rte_eth_tx_burst(port_id, queue, pkts, nb), nb);
	__atomic_store_n(&loop->nb_received, loop->nb_received + nb, __ATOMIC_RELEASE);
}

static void
poll(struct application *application, uint16_t queue)
{
	unsigned int source, nb_rounds = 0;

	while (!__atomic_load_n(&application->stop, __ATOMIC_ACQUIRE)) {
		/* Bursts of all sizes, out of step with the ring's. */
		for (source = 0; source < NB_SOURCES; source++)
			receive_and_send(application, source, queue, 1 + nb_rounds % BURST);
		if (++nb_rounds % ROUNDS_BEFORE_OTHERS == 0)
			sched_yield();
	}
}

static int
poll_queue_0(void *application)
{
	poll(application, 0);
	return 0;
}

static int
poll_queue_1(void *application)
{
	poll(application, 1);
	return 0;
}

static int
read_late(void *arg)
{
	struct application *application = arg;
	struct rte_mbuf *pkts[BURST];
	bool is_last = false;
	uint16_t nb;

	for (;;) {
		nb = ring_get(application->late, pkts, BURST);
		packets_free(pkts, nb);
		application->nb_read += nb;
		if (nb > 0)
			continue;
		/* Empty, and it was already when nobody could put anything there any more. */
		if (is_last)
			return 0;
		is_last = __atomic_load_n(&application->stop_reader, __ATOMIC_ACQUIRE);
		sched_yield();
	}
}

void
application_start(struct application *application)
{
	application->stop = false;
	application->stop_reader = false;
	test_launch(0, poll_queue_0, application);
	test_launch(1, poll_queue_1, application);
	test_launch(2, read_late, application);
}

void
application_stop(struct application *application)
{
	__atomic_store_n(&application->stop, true, __ATOMIC_RELEASE);
	test_join(0);
	test_join(1);
	__atomic_store_n(&application->stop_reader, true, __ATOMIC_RELEASE);
	test_join(2);
}

uint64_t
application_received(const struct application *application, unsigned int source)
{
	uint64_t sum = 0;
	unsigned int queue;

	for (queue = 0; queue < NB_QUEUES; queue++)
		sum += __atomic_load_n(
				&application->loops[source][queue].nb_received, __ATOMIC_ACQUIRE);
	return sum;
}

/* The ring holds the packets in their order, the next to come first. */
static void
loop_close(struct loop *loop)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	uint32_t i;

	CHECK_EQ(rte_ring_count(loop->ring), NB_PACKETS);
	CHECK_EQ(ring_get(loop->ring, pkts, NB_PACKETS), NB_PACKETS);
	for (i = 0; i < NB_PACKETS; i++)
		CHECK(pkts[i] == loop->pkts[(loop->nb_received + i) % NB_PACKETS]);
	packets_check_refcnt(loop->pkts, NB_PACKETS, 1);
	snapshot_check(loop->snapshot, loop->pkts, NB_PACKETS);
	packets_free(loop->pkts, NB_PACKETS);
	rte_ring_free(loop->ring);
}

void
application_close(struct application *application)
{
	unsigned int source, queue;
	char name[32];

	for (source = 0; source < NB_SOURCES; source++) {
		snprintf(name, sizeof(name), "net_ring_source%u", source);
		vdev_close(application->sources[source], name);
		for (queue = 0; queue < NB_QUEUES; queue++)
			loop_close(&application->loops[source][queue]);
	}
	poison_pool_free(application->pool);
}
