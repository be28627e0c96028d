/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* RTE_MIRROR_F_DRAIN: a thread of the library's sends to the target, and no poller waits for that. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_ring.h>

#include "../../csrc/plugin/targets.h"
#include "ondemand.h"
#include "testbed.h"

#define NB_PACKETS 32
#define LENGTH     200

/** What a target's ring, and one of the library's, hold. */
#define TARGET_RING  1023
#define LIBRARY_RING 4096

/** The part of a pool that mirrors may hold. */
#define PART 16

/** How long the library may take to notice anything, on a machine that has other things to do. */
#define SOON_MS 10000

/* A testbed with a target that the plugin makes: a ring that is read by its name. */
struct drained {
	struct testbed testbed;
	struct target *target;
	struct rte_ring *ring;
	uint32_t id;
};

static void
drained_open(struct drained *drained, enum rte_mirror_mode mode, const struct port_options *source)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = mode };

	testbed_open(&drained->testbed, source, NULL);
	drained->target = target_open("ring:drained", 1);
	drained->ring = rte_ring_lookup("ETH_RXTX0_drained");
	mirror_targets_set_param(drained->target, &param);
	CHECK_EQ(param.flags, RTE_MIRROR_F_DRAIN);
	drained->id = mirror_with(drained->testbed.source.id, &param);
}

static void
drained_close(struct drained *drained)
{
	mirror_off(drained->id);
	target_end(drained->target);
	testbed_close(&drained->testbed);
}

/* Has the application receive a burst on a queue, and free it. */
static void
pass(const struct drained *drained, uint16_t queue, uint32_t seed)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	uint16_t i;

	for (i = 0; i < NB_PACKETS; i++)
		pkts[i] = packet_make(drained->testbed.pool, 1, LENGTH, seed + i);
	testbed_receive(&drained->testbed, queue, pkts, NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
}

static struct rte_mbuf *
take(struct rte_ring *ring)
{
	void *pkt = NULL;

	CHECK_WITHIN(SOON_MS, rte_ring_dequeue(ring, &pkt) == 0);
	return pkt;
}

/* Checks that these packets come next. */
static void
take_all(const struct drained *drained, uint32_t seed, uint16_t nb_pkts)
{
	struct rte_mbuf *made, *got;
	struct bytes bytes;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		made = packet_make(drained->testbed.pool, 1, LENGTH, seed + i);
		bytes_read(&bytes, made);
		got = take(drained->ring);
		bytes_check(&bytes, got, bytes.len);
		rte_pktmbuf_free(made);
		rte_pktmbuf_free(got);
	}
}

static void
packets_arrive_in_order_in_every_mode(void)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT,
		RTE_MIRROR_COPY };
	struct drained drained;
	unsigned int i, burst;

	for (i = 0; i < RTE_DIM(modes); i++) {
		drained_open(&drained, modes[i], NULL);
		for (burst = 0; burst < 200; burst++) {
			pass(&drained, 0, burst * NB_PACKETS);
			take_all(&drained, burst * NB_PACKETS, NB_PACKETS);
		}
		CHECK_EQ(stats_of(drained.id).packets, 200 * NB_PACKETS);
		drained_close(&drained);
	}
}

static void
auto_does_not_share(void)
{
	struct drained drained;

	drained_open(&drained, RTE_MIRROR_AUTO, NULL);
	CHECK_EQ(info_of(drained.id).mode, RTE_MIRROR_SPLIT);
	CHECK(strstr(info_of(drained.id).mode_reason, "thread") != NULL);
	drained_close(&drained);
}

/* How many of the application's packets are out. */
static unsigned int
nb_held(const struct drained *drained)
{
	return TESTBED_POOL_SIZE - rte_mempool_avail_count(drained->testbed.pool);
}

static bool
has_held_some(const struct drained *drained)
{
	pass(drained, 0, 0);
	return nb_held(drained) > 0;
}

/* Whatever the target does, the application misses no more than so many buffers, on all queues together. */
static void
little_of_the_applications_is_held(void)
{
	const struct port_options queues = { .nb_rx_queues = 3, .nb_tx_queues = 1 };
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT };
	struct drained drained;
	unsigned int i, burst;

	for (i = 0; i < RTE_DIM(modes); i++) {
		drained_open(&drained, modes[i], &queues);
		/* Its pool is to become known; what is short is copied, in split. */
		CHECK_WITHIN(SOON_MS, modes[i] == RTE_MIRROR_SPLIT || has_held_some(&drained));
		for (burst = 0; burst < 1000; burst++) {
			pass(&drained, burst % 3, burst);
			CHECK(nb_held(&drained) <= TESTBED_POOL_SIZE / PART);
		}
		drained_close(&drained);
	}
}

/* What nobody reads is kept as far as there is room, and counted as what became of it. */
static void
what_the_target_does_not_take_counts_as_full(void)
{
	const unsigned int nb_bursts = (TARGET_RING + LIBRARY_RING) / NB_PACKETS + 10;
	struct rte_mirror_stats stats;
	struct drained drained;
	unsigned int burst;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	for (burst = 0; burst < nb_bursts; burst++)
		pass(&drained, 0, burst);
	CHECK_WITHIN(SOON_MS, stats_of(drained.id).packets == TARGET_RING);
	stats = stats_of(drained.id);
	CHECK_EQ(stats.full, nb_bursts * NB_PACKETS - TARGET_RING);
	CHECK_EQ(stats.bytes, (uint64_t)TARGET_RING * LENGTH);
	CHECK_EQ(rte_ring_count(drained.ring), TARGET_RING);
	drained_close(&drained);
}

/* A driver that does not return, until it is told to. */
static bool is_blocked, is_inside;

static uint16_t
block(uint16_t port_id, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	(void)port_id;
	(void)queue;
	(void)pkts;
	(void)arg;
	__atomic_store_n(&is_inside, true, __ATOMIC_RELEASE);
	while (__atomic_load_n(&is_blocked, __ATOMIC_ACQUIRE))
		test_pause();
	return nb_pkts;
}

static const struct rte_eth_rxtx_callback *
block_target(const struct drained *drained)
{
	is_inside = false;
	is_blocked = true;
	return rte_eth_add_tx_callback(mirror_targets_port(drained->target), 0, block, NULL);
}

static void
unblock_target(void)
{
	__atomic_store_n(&is_blocked, false, __ATOMIC_RELEASE);
}

/* A second is enough to say so; the poller has been let go before. */
static void
a_driver_that_does_not_return_holds_up_nobody(void)
{
	struct drained drained;
	uint32_t id;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	block_target(&drained);
	pass(&drained, 0, 0);
	CHECK_WITHIN(SOON_MS, __atomic_load_n(&is_inside, __ATOMIC_ACQUIRE));
	pass(&drained, 0, 0);
	id = drained.id;
	CHECK_EQ(rte_mirror_pause(id), -ETIMEDOUT);
	CHECK_EQ(rte_mirror_remove(id), -ETIMEDOUT);
	CHECK(strstr(rte_mirror_last_error(), "call again") != NULL);
	pass(&drained, 0, 0);
	CHECK_EQ(stats_of(id).packets, 2 * NB_PACKETS);
	unblock_target();
	drained_close(&drained);
}

/* What has come meanwhile goes on in the order of its time, whichever queue it came on. */
static void
packets_of_several_queues_go_on_in_their_order(void)
{
	const struct port_options queues = { .nb_rx_queues = 2, .nb_tx_queues = 1 };
	struct drained drained;
	uint32_t burst;

	drained_open(&drained, RTE_MIRROR_COPY, &queues);
	block_target(&drained);
	for (burst = 0; burst < 20; burst++)
		pass(&drained, burst % 7 % 2, burst * NB_PACKETS);
	CHECK_WITHIN(SOON_MS, __atomic_load_n(&is_inside, __ATOMIC_ACQUIRE));
	unblock_target();
	take_all(&drained, 0, 20 * NB_PACKETS);
	drained_close(&drained);
}

/* When a pause has returned, the target has all that it will get. */
static void
a_pause_waits_for_what_is_on_its_way(void)
{
	struct drained drained;
	unsigned int i;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	for (i = 0; i < 100; i++) {
		pass(&drained, 0, i);
		CHECK_EQ(rte_mirror_pause(drained.id), 0);
		CHECK_EQ(rte_ring_count(drained.ring), NB_PACKETS);
		pass(&drained, 0, i);
		CHECK_EQ(rte_mirror_resume(drained.id), 0);
		take_all(&drained, i, NB_PACKETS);
		CHECK_EQ(rte_ring_count(drained.ring), 0);
	}
	drained_close(&drained);
}

/* One shares with its target at once, the other by a ring: each gets what it would alone. */
static void
a_mirror_beside_one_that_is_not_drained(void)
{
	struct rte_mbuf *got;
	struct drained drained;
	unsigned int burst;
	uint32_t id;

	drained_open(&drained, RTE_MIRROR_SHARE, NULL);
	id = mirror_on(drained.testbed.source.id, drained.testbed.target.id, RTE_MIRROR_RX);
	for (burst = 0; burst < 1000; burst++) {
		pass(&drained, 0, burst);
		take_all(&drained, burst, NB_PACKETS);
		while (ring_get(drained.testbed.target.tx[0], &got, 1) == 1)
			rte_pktmbuf_free(got);
	}
	CHECK_EQ(stats_of(id).packets, 1000 * NB_PACKETS);
	CHECK_EQ(stats_of(drained.id).packets, 1000 * NB_PACKETS);
	mirror_off(id);
	drained_close(&drained);
}

static void
what_cannot_be_drained_is_refused(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX,
		.flags = RTE_MIRROR_F_DRAIN };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.mode = RTE_MIRROR_SHARE;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOTSUP);
	CHECK(strstr(rte_mirror_last_error(), "nothing tells how many") != NULL);
	param.mode = RTE_MIRROR_SPLIT;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOTSUP);
	param.mode = RTE_MIRROR_AUTO;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(info_of(id).mode, RTE_MIRROR_COPY);
	param.flags = 0;
	CHECK_EQ(rte_mirror_update(id, &param), -EINVAL);
	CHECK(strstr(rte_mirror_last_error(), "RTE_MIRROR_F_DRAIN cannot change") != NULL);
	param.directions = RTE_MIRROR_TX;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EBUSY);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "packets_arrive_in_order_in_every_mode", packets_arrive_in_order_in_every_mode },
	{ "auto_does_not_share", auto_does_not_share },
	{ "little_of_the_applications_is_held", little_of_the_applications_is_held },
	{ "what_the_target_does_not_take_counts_as_full",
			what_the_target_does_not_take_counts_as_full },
	{ "a_driver_that_does_not_return_holds_up_nobody",
			a_driver_that_does_not_return_holds_up_nobody },
	{ "packets_of_several_queues_go_on_in_their_order",
			packets_of_several_queues_go_on_in_their_order },
	{ "a_pause_waits_for_what_is_on_its_way", a_pause_waits_for_what_is_on_its_way },
	{ "a_mirror_beside_one_that_is_not_drained", a_mirror_beside_one_that_is_not_drained },
	{ "what_cannot_be_drained_is_refused", what_cannot_be_drained_is_refused },
	{ NULL, NULL },
};
