/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* RTE_MIRROR_F_DRAIN: a thread of the library's sends to the target, and no poller waits for that. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <rte_ring.h>

#include "drained.h"

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

/* A target that takes nothing from the first packet on that is longer. */
static uint32_t longest;

static uint16_t
refuse_long(uint16_t port_id, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	uint16_t i = 0;

	(void)port_id;
	(void)queue;
	(void)arg;
	while (i < nb_pkts && pkts[i]->pkt_len <= __atomic_load_n(&longest, __ATOMIC_RELAXED))
		i++;
	return i;
}

/* Of packets of so many bytes those arrive, in order, that are not too long. */
static void
check_lengths(const struct drained *drained, const uint16_t lengths[6])
{
	struct rte_mbuf *pkts[6], *got;
	uint16_t i;

	for (i = 0; i < 6; i++)
		pkts[i] = packet_make(drained->testbed.pool, 1, lengths[i], i);
	testbed_receive(&drained->testbed, 0, pkts, 6);
	packets_free(pkts, 6);
	for (i = 0; i < 6; i++) {
		if (lengths[i] > longest)
			continue;
		got = take(drained->ring);
		CHECK_EQ(got->pkt_len, lengths[i]);
		rte_pktmbuf_free(got);
	}
}

static void
what_is_too_long_for_the_target_takes_nothing_with_it(void)
{
	static const uint16_t lengths[][6] = { { 60, 350, 61, 62, 351, 63 },
		{ 350, 370, 340, 64, 360, 65 }, { 330, 66, 67, 68, 69, 70 },
		{ 71, 72, 73, 74, 75, 350 } };
	struct drained drained;
	unsigned int i;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	longest = 200;
	rte_eth_add_tx_callback(mirror_targets_port(drained.target), 0, refuse_long, NULL);
	for (i = 0; i < RTE_DIM(lengths); i++)
		check_lengths(&drained, lengths[i]);
	CHECK_WITHIN(SOON_MS, stats_of(drained.id).full == 8);
	CHECK_EQ(stats_of(drained.id).packets, 6 * RTE_DIM(lengths) - 8);
	/* Another machine comes, which takes them. */
	longest = 400;
	for (i = 0; i < RTE_DIM(lengths); i++)
		check_lengths(&drained, lengths[i]);
	CHECK_EQ(stats_of(drained.id).full, 8);
	drained_close(&drained);
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
	CHECK_WITHIN(SOON_MS, target_is_blocked());
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
	CHECK_WITHIN(SOON_MS, target_is_blocked());
	unblock_target();
	take_all(&drained, 0, 20 * NB_PACKETS);
	drained_close(&drained);
}

/* What is on its way when counters start again has been counted, whatever becomes of it; what comes then is counted as what it is. */
static void
what_is_on_its_way_at_a_reset_is_not_counted_again(void)
{
	const unsigned int nb_bursts = TARGET_RING / NB_PACKETS + 5;
	struct rte_mirror_stats stats;
	struct drained drained;
	unsigned int burst;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	block_target(&drained);
	for (burst = 0; burst < nb_bursts; burst++)
		pass(&drained, 0, burst);
	CHECK_WITHIN(SOON_MS, target_is_blocked());
	CHECK_EQ(rte_mirror_stats_reset(drained.id), 0);
	CHECK_EQ(stats_of(drained.id).seen, 0);
	pass(&drained, 0, 0);
	pass(&drained, 0, 0);
	unblock_target();
	CHECK_WITHIN(SOON_MS, stats_of(drained.id).full > 0);
	stats = stats_of(drained.id);
	CHECK_EQ(rte_ring_count(drained.ring), TARGET_RING);
	CHECK_EQ(stats.full, 2 * NB_PACKETS);
	CHECK_EQ(stats.packets, 0);
	CHECK_EQ(stats.bytes, 0);
	drained_close(&drained);
}

static int
pause_it(void *id)
{
	CHECK_EQ(rte_mirror_pause(*(const uint32_t *)id), 0);
	return 0;
}

/* Also one that comes while what was on its way is being lost. */
static void
a_reset_while_packets_are_lost_leaves_no_counter(void)
{
	const unsigned int nb_bursts = LIBRARY_RING / NB_PACKETS;
	unsigned int i, burst, spin;
	struct drained drained;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	for (i = 0; i < 200; i++) {
		for (burst = 0; burst < nb_bursts; burst++)
			pass(&drained, 0, burst);
		test_launch(0, pause_it, &drained.id);
		for (spin = 0; spin < i % 20; spin++)
			CHECK_EQ(rte_mirror_stats_get(drained.id, &(struct rte_mirror_stats){ 0 }),
					0);
		CHECK_EQ(rte_mirror_stats_reset(drained.id), 0);
		test_join(0);
		CHECK(stats_of(drained.id).packets <= NB_PACKETS * nb_bursts);
		CHECK_EQ(rte_mirror_resume(drained.id), 0);
	}
	drained_close(&drained);
}

/* A child of fork() has none of the threads that were at work, and waits for none. */
static void
a_child_of_fork_forks_at_once(void)
{
	uint64_t start, took, shortest = UINT64_MAX;
	struct drained drained;
	unsigned int i;
	int status;
	pid_t pid;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	block_target(&drained);
	pass(&drained, 0, 0);
	CHECK_WITHIN(SOON_MS, target_is_blocked());
	pid = fork();
	if (pid == 0) {
		/* One that waits does so for 100 ms; a busy machine takes its time for some, but not for each. */
		for (i = 0; i < 20; i++) {
			start = test_now_ms();
			pid = fork();
			if (pid == 0)
				_exit(0);
			took = test_now_ms() - start;
			waitpid(pid, NULL, 0);
			shortest = RTE_MIN(shortest, took);
		}
		_exit(shortest >= 90);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	CHECK_EQ(status, 0);
	unblock_target();
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
	{ "what_the_target_does_not_take_counts_as_full",
			what_the_target_does_not_take_counts_as_full },
	{ "what_is_too_long_for_the_target_takes_nothing_with_it",
			what_is_too_long_for_the_target_takes_nothing_with_it },
	{ "a_driver_that_does_not_return_holds_up_nobody",
			a_driver_that_does_not_return_holds_up_nobody },
	{ "packets_of_several_queues_go_on_in_their_order",
			packets_of_several_queues_go_on_in_their_order },
	{ "what_is_on_its_way_at_a_reset_is_not_counted_again",
			what_is_on_its_way_at_a_reset_is_not_counted_again },
	{ "a_reset_while_packets_are_lost_leaves_no_counter",
			a_reset_while_packets_are_lost_leaves_no_counter },
	{ "a_child_of_fork_forks_at_once", a_child_of_fork_forks_at_once },
	{ "a_pause_waits_for_what_is_on_its_way", a_pause_waits_for_what_is_on_its_way },
	{ "a_mirror_beside_one_that_is_not_drained", a_mirror_beside_one_that_is_not_drained },
	{ "what_cannot_be_drained_is_refused", what_cannot_be_drained_is_refused },
	{ NULL, NULL },
};
