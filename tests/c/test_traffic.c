/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Mirrors that come and go, and share queues and locks, while other lcores poll. */

#include <inttypes.h>
#include <malloc.h>
#include <sched.h>
#include <string.h>

#include <rte_malloc.h>

#include "testbed.h"

#define BURST 32

/* An application: receives from one queue of a port what it has put there, until it is told to stop. */
struct poller {
	struct rte_mempool *pool;
	const struct port *port;
	uint16_t queue;
	uint64_t nb_wanted; /* bursts; 0: until told */
	bool stop;
	uint64_t nb_bursts;
};

static int
poll(void *arg)
{
	struct poller *poller = arg;
	struct rte_mbuf *in[BURST], *out[BURST];
	uint64_t nb = 0;

	while (!__atomic_load_n(&poller->stop, __ATOMIC_ACQUIRE) &&
			(poller->nb_wanted == 0 || nb < poller->nb_wanted)) {
		if (rte_pktmbuf_alloc_bulk(poller->pool, in, BURST) != 0) {
			test_pause();
			continue;
		}
		in[0]->data_len = 60;
		in[0]->pkt_len = 60;
		ring_put(poller->port->rx[poller->queue], in, BURST);
		CHECK_EQ(rte_eth_rx_burst(poller->port->id, poller->queue, out, BURST), BURST);
		CHECK(memcmp(in, out, sizeof(in)) == 0);
		packets_free(out, BURST);
		__atomic_store_n(&poller->nb_bursts, ++nb, __ATOMIC_RELEASE);
		/* There may be fewer CPUs than lcores. */
		if (nb % 8 == 0)
			sched_yield();
	}
	return 0;
}

static uint64_t
nb_bursts(const struct poller *poller)
{
	return __atomic_load_n(&poller->nb_bursts, __ATOMIC_ACQUIRE);
}

static void
stop(struct poller *poller, unsigned int worker)
{
	__atomic_store_n(&poller->stop, true, __ATOMIC_RELEASE);
	test_join(worker);
}

/* Frees what a target was sent: how many packets. */
static uint64_t
drain(struct rte_ring *ring)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t nb;
	uint64_t sum = 0;

	while ((nb = ring_get(ring, pkts, BURST)) > 0) {
		packets_free(pkts, nb);
		sum += nb;
	}
	return sum;
}

/* Notices when two pollers send on a target's queue at once. */
struct witness {
	const struct rte_eth_rxtx_callback *callback;
	unsigned int nb_inside, nb_calls;
};

static uint16_t
check_alone(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts,
		void *arg)
{
	struct witness *witness = arg;

	(void)port_id;
	(void)queue_id;
	(void)pkts;
	CHECK_EQ(__atomic_add_fetch(&witness->nb_inside, 1, __ATOMIC_ACQ_REL), 1);
	/* Lets another poller come in now and then, even where there is one CPU. */
	if (++witness->nb_calls % 64 == 0)
		sched_yield();
	CHECK_EQ(__atomic_sub_fetch(&witness->nb_inside, 1, __ATOMIC_ACQ_REL), 0);
	return nb_pkts;
}

static void
watch(struct witness *witness, const struct port *target)
{
	*witness = (struct witness){ 0 };
	witness->callback = rte_eth_add_tx_callback(target->id, 0, check_alone, witness);
	CHECK(witness->callback != NULL);
}

/* ethdev would keep the callback beyond the port. */
static void
watch_no_more(const struct witness *witness, const struct port *target)
{
	CHECK(witness->nb_calls > 0);
	CHECK_EQ(rte_eth_remove_tx_callback(target->id, 0, witness->callback), 0);
}

static void
a_thousand_mirrors_come_and_go_under_traffic(void)
{
	const uint32_t directions = RTE_MIRROR_RX | RTE_MIRROR_TX;
	struct poller poller = { 0 };
	struct rte_mirror_stats stats;
	uint64_t nb_accepted = 0, nb_got = 0, nb_before;
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	poller.pool = testbed.pool;
	poller.port = &testbed.source;
	test_launch(0, poll, &poller);
	for (i = 0; i < 1000; i++) {
		nb_before = nb_bursts(&poller);
		id = mirror_on(testbed.source.id, testbed.target.id, directions);
		/* Every tenth lives until it has seen traffic. */
		if (i % 10 == 0)
			CHECK_WITHIN(30000, nb_bursts(&poller) >= nb_before + 2);
		nb_got += drain(testbed.target.tx[0]);
		CHECK_EQ(rte_mirror_stats_get(id, &stats), 0);
		mirror_off(id);
		nb_got += drain(testbed.target.tx[0]);
		/* Removed: from now on nothing more arrives. */
		CHECK_WITHIN(30000, nb_bursts(&poller) >= nb_before + 1);
		CHECK(rte_ring_empty(testbed.target.tx[0]));
		nb_accepted += stats.packets;
	}
	CHECK(nb_got > 100 * BURST / 2);
	CHECK(nb_accepted <= nb_got);
	stop(&poller, 0);
	testbed_close(&testbed);
}

/* Has three pollers pass 10000 bursts each through two ports: how many packets the target was sent. */
static uint64_t
run_three(const struct testbed *testbed)
{
	struct poller pollers[3];
	uint64_t nb_got = 0;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		pollers[i] = (struct poller){ .pool = testbed->pool,
			.nb_wanted = 10000,
			.port = i < 2 ? &testbed->source : &testbed->target2,
			.queue = i < 2 ? (uint16_t)i : 0 };
		test_launch(i, poll, &pollers[i]);
	}
	for (i = 0; i < 3; i++) {
		while (nb_bursts(&pollers[i]) < 10000) {
			nb_got += drain(testbed->target.tx[0]);
			test_pause();
		}
		test_join(i);
	}
	return nb_got + drain(testbed->target.tx[0]);
}

/* More pollers than target queues: each packet that the target accepted is there. */
static void
check_shared_queue(enum rte_mirror_mode mode)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = mode };
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct witness witness;
	struct testbed testbed;
	uint32_t ids[2];
	uint64_t nb_got;

	testbed_open(&testbed, &four, NULL);
	watch(&witness, &testbed.target);
	/* Two sources, three queues, one target queue. */
	param.target_port = testbed.target.id;
	ids[0] = mirror_with(testbed.source.id, &param);
	ids[1] = mirror_with(testbed.target2.id, &param);
	nb_got = run_three(&testbed);
	CHECK_EQ(stats_of(ids[0]).seen, 2 * 10000 * BURST);
	CHECK_EQ(stats_of(ids[1]).seen, 10000 * BURST);
	CHECK_EQ(stats_of(ids[0]).packets + stats_of(ids[1]).packets, nb_got);
	CHECK(nb_got > 0);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	watch_no_more(&witness, &testbed.target);
	testbed_close(&testbed);
	CHECK_EQ(nb_library_pools(), 0);
}

static void
pollers_share_a_target_queue_without_loss(void)
{
	check_shared_queue(RTE_MIRROR_SHARE);
	/* And the library's pool, every mbuf of which comes back. */
	check_shared_queue(RTE_MIRROR_COPY);
}

/* A target queue gets its lock, and loses it again, while the first user is sending on it. */
static void
a_second_source_comes_and_goes_without_loss(void)
{
	struct poller pollers[2] = { 0 };
	uint64_t nb_got = 0, nb_sent = 0;
	struct witness witness;
	struct testbed testbed;
	unsigned int i;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	watch(&witness, &testbed.target);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	for (i = 0; i < 2; i++) {
		pollers[i].pool = testbed.pool;
		pollers[i].port = i == 0 ? &testbed.source : &testbed.target2;
		test_launch(i, poll, &pollers[i]);
	}
	for (i = 0; i < 100; i++) {
		const uint64_t nb_before = nb_bursts(&pollers[1]);

		id2 = mirror_on(testbed.target2.id, testbed.target.id, RTE_MIRROR_RX);
		CHECK_WITHIN(30000, nb_bursts(&pollers[1]) >= nb_before + 3);
		nb_got += drain(testbed.target.tx[0]);
		/* Without traffic its counters stand still. */
		__atomic_store_n(&pollers[1].stop, true, __ATOMIC_RELEASE);
		test_join(1);
		nb_sent += stats_of(id2).packets;
		mirror_off(id2);
		pollers[1].stop = false;
		pollers[1].nb_bursts = 0;
		test_launch(1, poll, &pollers[1]);
	}
	stop(&pollers[0], 0);
	stop(&pollers[1], 1);
	nb_got += drain(testbed.target.tx[0]);
	nb_sent += stats_of(id).packets;
	CHECK_EQ(nb_got, nb_sent);
	mirror_off(id);
	watch_no_more(&witness, &testbed.target);
	testbed_close(&testbed);
}

/* Two lcores that mirror under one lock of the application's. */
static void
pollers_share_the_applications_lock(void)
{
	const struct port_options two = { .nb_rx_queues = 2, .nb_tx_queues = 2 };
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .lock = &lock };
	struct poller pollers[2];
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, &two, &two);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	for (i = 0; i < 2; i++) {
		pollers[i] = (struct poller){ .pool = testbed.pool,
			.port = &testbed.source,
			.queue = (uint16_t)i,
			.nb_wanted = 500 };
		test_launch(i, poll, &pollers[i]);
	}
	test_join(0);
	test_join(1);
	CHECK_EQ(stats_of(id).seen, 2 * 500 * BURST);
	CHECK_EQ(drain(testbed.target.tx[0]) + drain(testbed.target.tx[1]), stats_of(id).packets);
	mirror_off(id);
	CHECK_EQ(rte_spinlock_is_locked(&lock), 0);
	testbed_close(&testbed);
}

static bool is_inside;

/* Says that the poller is inside, and waits for the mirror's lock: asleep, as the lock itself would not. */
static uint16_t
announce(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	(void)port_id;
	(void)queue_id;
	(void)pkts;
	__atomic_store_n(&is_inside, true, __ATOMIC_RELEASE);
	while (rte_spinlock_is_locked(ctx))
		test_pause();
	return nb_pkts;
}

static void
removal_while_a_poller_is_held_up_times_out_and_succeeds_later(void)
{
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .lock = &lock, .offload = announce, .ctx = &lock
	};
	struct poller poller = { .nb_wanted = 1 };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	poller.pool = testbed.pool;
	poller.port = &testbed.source;
	id = mirror_with(testbed.source.id, &param);
	rte_spinlock_lock(&lock);
	test_launch(0, poll, &poller);
	CHECK_WITHIN(30000, __atomic_load_n(&is_inside, __ATOMIC_ACQUIRE));
	CHECK_EQ(rte_mirror_remove(id), -ETIMEDOUT);
	CHECK(rte_mirror_last_error()[0] != '\0');
	/* Another mirror cannot be added meanwhile, and is not half-added. */
	CHECK_EQ(rte_mirror_list(NULL, 0), 1);
	CHECK_EQ(info_of(id).state, RTE_MIRROR_STOPPED);
	rte_spinlock_unlock(&lock);
	test_join(0);
	CHECK_EQ(stats_of(id).packets, BURST);
	/* No packet is offered to it any more. */
	poller.nb_bursts = 0;
	test_launch(0, poll, &poller);
	test_join(0);
	CHECK_EQ(stats_of(id).seen, BURST);
	mirror_off(id);
	testbed_close(&testbed);
}

static size_t
nb_allocated(void)
{
	struct rte_malloc_socket_stats stats = { 0 };
	size_t sum = 0;
	int socket;

	for (socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
		if (rte_malloc_get_socket_stats(socket, &stats) == 0)
			sum += stats.heap_allocsz_bytes;
	}
	/* 0 under sanitizers, which count for themselves. */
	return sum + mallinfo2().uordblks;
}

static void
add_and_remove(const struct testbed *testbed, unsigned int times)
{
	uint32_t id;

	while (times-- > 0) {
		id = mirror_on(testbed->source.id, testbed->target.id,
				RTE_MIRROR_RX | RTE_MIRROR_TX);
		mirror_off(id);
	}
}

static void
memory_does_not_grow_with_mirrors_that_never_saw_traffic(void)
{
	struct testbed testbed;
	size_t before;

	testbed_open(&testbed, NULL, NULL);
	add_and_remove(&testbed, 100);
	before = nb_allocated();
	add_and_remove(&testbed, 100000);
	/* One mirror a hundred times is 1600 bytes; a byte a cycle would be 100000. */
	CHECK(nb_allocated() < before + 10000);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "a_thousand_mirrors_come_and_go_under_traffic",
			a_thousand_mirrors_come_and_go_under_traffic },
	{ "pollers_share_a_target_queue_without_loss", pollers_share_a_target_queue_without_loss },
	{ "a_second_source_comes_and_goes_without_loss",
			a_second_source_comes_and_goes_without_loss },
	{ "pollers_share_the_applications_lock", pollers_share_the_applications_lock },
	{ "removal_while_a_poller_is_held_up_times_out_and_succeeds_later",
			removal_while_a_poller_is_held_up_times_out_and_succeeds_later },
	{ "memory_does_not_grow_with_mirrors_that_never_saw_traffic",
			memory_does_not_grow_with_mirrors_that_never_saw_traffic },
	{ NULL, NULL },
};
