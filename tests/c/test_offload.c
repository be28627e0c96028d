/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* The offload function that chooses packets, and the application's lock. */

#include <inttypes.h>
#include <string.h>

#include "testbed.h"

/* What the offload function does, and what it saw. */
struct choice {
	uint16_t answer;
	bool reverse;
	unsigned int nb_calls;
	uint16_t port_id, queue_id, nb_pkts, nb_most;
	struct rte_mbuf *pkts[512];
};

static uint16_t
choose(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	struct choice *choice = ctx;
	struct rte_mbuf *pkt;
	uint16_t i;

	CHECK(choice->nb_pkts + nb_pkts <= RTE_DIM(choice->pkts));
	memcpy(choice->pkts + choice->nb_pkts, pkts, nb_pkts * sizeof(pkts[0]));
	choice->nb_pkts += nb_pkts;
	choice->nb_calls++;
	choice->port_id = port_id;
	choice->queue_id = queue_id;
	choice->nb_most = RTE_MAX(choice->nb_most, nb_pkts);
	for (i = 0; i < nb_pkts / 2 && choice->reverse; i++) {
		pkt = pkts[i];
		pkts[i] = pkts[nb_pkts - 1 - i];
		pkts[nb_pkts - 1 - i] = pkt;
	}
	return choice->answer;
}

static uint32_t
mirror_with_choice(struct testbed *testbed, uint32_t directions, struct choice *choice)
{
	const struct rte_mirror_param param = { .target_port = testbed->target.id,
		.directions = directions,
		.offload = choose,
		.ctx = choice };

	return mirror_with(testbed->source.id, &param);
}

/* Receives these packets, which have to come unchanged. */
static void
receive(struct testbed *testbed, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct snapshot *before = snapshot_take(pkts, nb_pkts);

	ring_put(testbed->source.rx[0], pkts, nb_pkts);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, nb_pkts), nb_pkts);
	snapshot_check(before, pkts, nb_pkts);
}

static void
it_is_given_each_packet_and_its_context(void)
{
	struct choice choice = { .answer = UINT16_MAX };
	const struct port_options two = { .nb_rx_queues = 2, .nb_tx_queues = 1 };
	struct rte_mbuf *pkts[257];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, &two, NULL);
	id = mirror_with_choice(&testbed, RTE_MIRROR_RX, &choice);
	packets_make(testbed.pool, pkts, 257, 1, 60);
	ring_put(testbed.source.rx[1], pkts, 257);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 1, pkts, 257), 257);
	CHECK_EQ(choice.port_id, testbed.source.id);
	CHECK_EQ(choice.queue_id, 1);
	CHECK_EQ(choice.nb_pkts, 257);
	CHECK(memcmp(choice.pkts, pkts, sizeof(pkts)) == 0);
	/* Longer bursts come in parts of 64 at most. */
	CHECK_EQ(choice.nb_most, 64);
	CHECK_EQ(choice.nb_calls, 5);
	/* More than there are counts as all. */
	CHECK_EQ(stats_of(id).packets, 257);
	ring_check(testbed.target.tx[0], pkts, 257);
	packets_free(pkts, 257);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
what_it_declines_is_counted_and_not_touched(void)
{
	struct choice choice = { .answer = 0 };
	struct rte_mbuf *pkts[40];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_with_choice(&testbed, RTE_MIRROR_RX, &choice);
	packets_make(testbed.pool, pkts, 40, 2, 60);
	receive(&testbed, pkts, 40);
	packets_check_refcnt(pkts, 40, 1);
	CHECK_EQ(stats_of(id).declined, 40);
	CHECK_EQ(stats_of(id).packets, 0);
	choice.answer = 15;
	receive(&testbed, pkts, 40);
	packets_check_refcnt(pkts, 15, 2);
	packets_check_refcnt(pkts + 15, 25, 1);
	CHECK_EQ(stats_of(id).declined, 65);
	CHECK_EQ(stats_of(id).packets, 15);
	ring_check(testbed.target.tx[0], pkts, 15);
	packets_free(pkts, 40);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Reordering its array neither reorders the application's, nor what other mirrors get. */
static void
its_array_is_its_own(void)
{
	struct choice choice = { .answer = 10, .reverse = true };
	struct rte_mbuf *pkts[30], *chosen[10];
	struct snapshot *before;
	uint32_t id, plain;
	struct testbed testbed;
	uint16_t i;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_with_choice(&testbed, RTE_MIRROR_RX | RTE_MIRROR_TX, &choice);
	plain = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	packets_make(testbed.pool, pkts, 30, 1, 60);
	for (i = 0; i < 10; i++)
		chosen[i] = pkts[29 - i];
	receive(&testbed, pkts, 30);
	ring_check(testbed.target.tx[0], chosen, 10);
	ring_check(testbed.target2.tx[0], pkts, 30);
	before = snapshot_take(pkts, 30);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 30), 30);
	snapshot_check(before, pkts, 30);
	ring_check(testbed.target.tx[0], chosen, 10);
	ring_check(testbed.target2.tx[0], pkts, 30);
	ring_check(testbed.source.tx[0], pkts, 30);
	CHECK_EQ(stats_of(plain).packets, 60);
	mirror_off(id);
	mirror_off(plain);
	testbed_close(&testbed);
}

/* What the lock guards, seen from inside the target. */
struct witness {
	rte_spinlock_t lock;
	unsigned int nb_held, nb_free;
};

static uint16_t
look(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	struct witness *witness = arg;

	(void)port_id;
	(void)queue_id;
	(void)pkts;
	if (rte_spinlock_trylock(&witness->lock) == 0) {
		witness->nb_held++;
	} else {
		witness->nb_free++;
		rte_spinlock_unlock(&witness->lock);
	}
	return nb_pkts;
}

static void
the_lock_is_held_while_packets_are_sent(void)
{
	struct witness witness = { .lock = RTE_SPINLOCK_INITIALIZER };
	const struct rte_eth_rxtx_callback *callback;
	struct rte_mirror_param param = { .lock = &witness.lock, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[130];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	callback = rte_eth_add_tx_callback(testbed.target.id, 0, look, &witness);
	CHECK(callback != NULL);
	packets_make(testbed.pool, pkts, 130, 1, 60);
	receive(&testbed, pkts, 130);
	CHECK_EQ(witness.nb_held, 3);
	CHECK_EQ(witness.nb_free, 0);
	CHECK(rte_spinlock_trylock(&witness.lock) == 1);
	rte_spinlock_unlock(&witness.lock);
	CHECK_EQ(stats_of(id).packets, 130);
	CHECK_EQ(rte_eth_remove_tx_callback(testbed.target.id, 0, callback), 0);
	packets_free(pkts, 130);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
mirrors_in_a_row_may_share_a_lock(void)
{
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	struct rte_mirror_param param = { .lock = &lock, .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[70];
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	param.target_port = testbed.target2.id;
	id2 = mirror_with(testbed.source.id, &param);
	packets_make(testbed.pool, pkts, 70, 1, 60);
	receive(&testbed, pkts, 70);
	ring_check(testbed.target.tx[0], pkts, 70);
	ring_check(testbed.target2.tx[0], pkts, 70);
	packets_free(pkts, 70);
	CHECK_EQ(rte_mirror_unregister(testbed.source.id), 0);
	CHECK_EQ(rte_mirror_remove(id), -ENOENT);
	CHECK_EQ(rte_mirror_remove(id2), -ENOENT);
	testbed_close(&testbed);
}

/* Calls every function of the library from inside the data path. */
static uint16_t
call_back(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	const uint32_t id = *(uint32_t *)ctx;
	struct rte_mirror_param param = { .target_port = port_id, .directions = RTE_MIRROR_RX };
	struct rte_mirror_stats stats;
	struct rte_mirror_origin origin;
	struct rte_mirror_info info;
	uint32_t listed;

	(void)queue_id;
	CHECK_EQ(rte_mirror_register(port_id, &param), -EDEADLK);
	CHECK(rte_mirror_last_error()[0] != '\0');
	CHECK_EQ(rte_mirror_add(port_id, &param, NULL), -EDEADLK);
	CHECK_EQ(rte_mirror_unregister(port_id), -EDEADLK);
	CHECK_EQ(rte_mirror_remove(id), -EDEADLK);
	CHECK_EQ(rte_mirror_stats_get(id, &stats), -EDEADLK);
	CHECK_EQ(rte_mirror_stats_reset(id), -EDEADLK);
	CHECK_EQ(rte_mirror_list(NULL, 0), -EDEADLK);
	CHECK_EQ(rte_mirror_info_get(id, &info), -EDEADLK);
	CHECK_EQ(rte_mirror_pause(id), -EDEADLK);
	CHECK_EQ(rte_mirror_resume(id), -EDEADLK);
	CHECK_EQ(rte_mirror_update(id, &param), -EDEADLK);
	CHECK_EQ(rte_mirror_lookup("mirror", &listed), -EDEADLK);
	/* But where a packet comes from may be asked. */
	CHECK_EQ(rte_mirror_origin_get(pkts[0], &origin), -ENOENT);
	return nb_pkts;
}

static void
calls_from_inside_the_data_path_are_refused(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .offload = call_back };
	struct rte_mbuf *pkts[5];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.ctx = &id;
	id = mirror_with(testbed.source.id, &param);
	packets_make(testbed.pool, pkts, 5, 1, 60);
	receive(&testbed, pkts, 5);
	ring_check(testbed.target.tx[0], pkts, 5);
	packets_free(pkts, 5);
	CHECK_EQ(stats_of(id).packets, 5);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "it_is_given_each_packet_and_its_context", it_is_given_each_packet_and_its_context },
	{ "what_it_declines_is_counted_and_not_touched",
			what_it_declines_is_counted_and_not_touched },
	{ "its_array_is_its_own", its_array_is_its_own },
	{ "the_lock_is_held_while_packets_are_sent", the_lock_is_held_while_packets_are_sent },
	{ "mirrors_in_a_row_may_share_a_lock", mirrors_in_a_row_may_share_a_lock },
	{ "calls_from_inside_the_data_path_are_refused",
			calls_from_inside_the_data_path_are_refused },
	{ NULL, NULL },
};
