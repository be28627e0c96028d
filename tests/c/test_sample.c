/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* One packet in so many: each so-many-th, or at random. */

#include <inttypes.h>
#include <math.h>

#include "testbed.h"

#define BURST 32

/* How many of these packets the mirror takes; every taken one has to be the first, or so many after the last. */
static unsigned int
count_taken(const struct testbed *testbed, struct rte_mbuf **pkts, uint16_t nb_pkts,
		unsigned int *gone, unsigned int every)
{
	struct rte_mbuf *got;
	unsigned int nb = 0;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++, ++*gone) {
		if ((*gone + 1) % every != 0)
			continue;
		CHECK_EQ(ring_get(testbed->target.tx[0], &got, 1), 1);
		CHECK(got == pkts[i]);
		rte_pktmbuf_free(got);
		nb++;
	}
	CHECK_EQ(ring_get(testbed->target.tx[0], &got, 1), 0);
	return nb;
}

static void
every_nth_packet_of_a_queue_is_taken(void)
{
	static const uint16_t bursts[] = { 1, 2, 64, 65, 200, 3, 7, 128, 31 };
	static const uint32_t rates[] = { 1, 2, 3, 7, 64, 65, 100, 499 };
	struct rte_mbuf *pkts[200];
	struct testbed testbed;
	unsigned int i, j;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, 200, 1, 60);
	for (i = 0; i < RTE_DIM(rates); i++) {
		const struct rte_mirror_select select = { .sample_one_in = rates[i] };
		const uint32_t id = mirror_selecting(&testbed, testbed.target.id, &select);
		unsigned int gone = 0, taken = 0;

		for (j = 0; j < RTE_DIM(bursts); j++) {
			testbed_receive(&testbed, 0, pkts, bursts[j]);
			taken += count_taken(&testbed, pkts, bursts[j], &gone, rates[i]);
		}
		CHECK_EQ(stats_of(id).seen, gone);
		CHECK_EQ(stats_of(id).packets, taken);
		CHECK_EQ(stats_of(id).packets, gone / rates[i]);
		CHECK_EQ(stats_of(id).unsampled, gone - taken);
		mirror_off(id);
	}
	packets_free(pkts, 200);
	testbed_close(&testbed);
}

static void
each_queue_counts_for_itself(void)
{
	const struct port_options two = { .nb_rx_queues = 2, .nb_tx_queues = 1 };
	const struct rte_mirror_select select = { .sample_one_in = 10 };
	struct rte_mbuf *pkts[9], *got;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, &two, NULL);
	packets_make(testbed.pool, pkts, 9, 1, 60);
	id = mirror_selecting(&testbed, testbed.target.id, &select);
	testbed_receive(&testbed, 0, pkts, 9);
	testbed_receive(&testbed, 1, pkts, 9);
	CHECK_EQ(stats_of(id).unsampled, 18);
	testbed_receive(&testbed, 0, pkts, 1);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	CHECK(got == pkts[0]);
	rte_pktmbuf_free(got);
	packets_free(pkts, 9);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
an_update_starts_anew_and_a_pause_does_not(void)
{
	struct rte_mirror_select select = { .sample_one_in = 10 };
	struct rte_mbuf *pkts[9], *got;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, 9, 1, 60);
	id = mirror_selecting(&testbed, testbed.target.id, &select);
	testbed_receive(&testbed, 0, pkts, 9);
	CHECK_EQ(rte_mirror_pause(id), 0);
	testbed_receive(&testbed, 0, pkts, 9);
	CHECK_EQ(rte_mirror_resume(id), 0);
	testbed_receive(&testbed, 0, pkts, 1);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	rte_pktmbuf_free(got);
	testbed_receive(&testbed, 0, pkts, 9);
	mirror_select_now(id, &testbed, &select);
	testbed_receive(&testbed, 0, pkts, 9);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 0);
	select.sample_one_in = 1;
	mirror_select_now(id, &testbed, &select);
	testbed_receive(&testbed, 0, pkts, 9);
	CHECK_EQ(stats_of(id).packets, 10);
	ring_check(testbed.target.tx[0], pkts, 9);
	packets_free(pkts, 9);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Which packets of a queue were taken: what an offload function is given, which declines them all. */
struct gaps {
	struct rte_mbuf **pkts; /* the burst that comes through */
	uint64_t before;        /* packets of bursts before it */
	uint64_t last;          /* the last that was taken, counted from 1; 0: none yet */
	double nb, sum, squares, products, previous;
};

static uint16_t
note(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	struct gaps *gaps = ctx;
	uint16_t i, at = 0;
	double gap;

	(void)port_id;
	(void)queue_id;
	for (i = 0; i < nb_pkts; i++) {
		while (gaps->pkts[at] != pkts[i])
			at++;
		gap = (double)(gaps->before + at + 1 - gaps->last);
		gaps->last = gaps->before + at + 1;
		gaps->nb++;
		gaps->sum += gap;
		gaps->squares += gap * gap;
		gaps->products += gap * gaps->previous;
		gaps->previous = gap;
	}
	return 0;
}

static struct gaps
sample_at_random(const struct testbed *testbed, struct rte_mbuf **pkts, uint32_t one_in,
		uint64_t seed, uint64_t nb_bursts)
{
	struct gaps gaps = { .pkts = pkts };
	const struct rte_mirror_select select = {
		.sample_one_in = one_in, .sample_random = 1, .sample_seed = seed
	};
	const struct rte_mirror_param param = { .target_port = testbed->target.id,
		.directions = RTE_MIRROR_RX,
		.select = &select,
		.offload = note,
		.ctx = &gaps };
	const uint32_t id = mirror_with(testbed->source.id, &param);
	struct rte_mirror_stats stats;

	for (; nb_bursts > 0; nb_bursts--) {
		testbed_receive(testbed, 0, pkts, BURST);
		gaps.before += BURST;
	}
	stats = stats_of(id);
	CHECK_EQ(stats.seen, gaps.before);
	CHECK_EQ(stats.declined, (uint64_t)gaps.nb);
	CHECK_EQ(stats.unsampled, gaps.before - stats.declined);
	mirror_off(id);
	return gaps;
}

/* Over 10^7 packets, the rate and the distances between two that are taken are those of independent trials. */
static void
random_sampling_keeps_its_rate_and_has_no_period(void)
{
	static const uint32_t rates[] = { 2, 100, 1000 };
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, 60);
	for (i = 0; i < RTE_DIM(rates); i++) {
		const double p = 1.0 / rates[i];
		const struct gaps gaps = sample_at_random(
				&testbed, pkts, rates[i], 12345 + i, 10000000 / BURST);
		const double n = (double)gaps.before, mean = gaps.sum / gaps.nb;
		const double variance = gaps.squares / gaps.nb - mean * mean;
		const double covariance = gaps.products / gaps.nb - mean * mean;

		CHECK(fabs(gaps.nb - n * p) < 4 * sqrt(n * p * (1 - p)));
		/* A geometric distribution's variance is (1 - p) / p^2. A period's would be 0. */
		CHECK(fabs(variance / ((1 - p) / (p * p)) - 1) < 15 / sqrt(gaps.nb));
		/* One distance says nothing of the next. */
		CHECK(fabs(covariance / variance) < 6 / sqrt(gaps.nb));
	}
	packets_free(pkts, BURST);
	testbed_close(&testbed);
}

static void
equal_seeds_choose_equally(void)
{
	struct gaps first, second, other;
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, 60);
	first = sample_at_random(&testbed, pkts, 10, 7, 1000);
	second = sample_at_random(&testbed, pkts, 10, 7, 1000);
	other = sample_at_random(&testbed, pkts, 10, 8, 1000);
	CHECK(first.products == second.products && first.last == second.last);
	CHECK(first.products != other.products);
	/* One in one is all. */
	CHECK_EQ(sample_at_random(&testbed, pkts, 1, 7, 10).nb, 10 * BURST);
	packets_free(pkts, BURST);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "every_nth_packet_of_a_queue_is_taken", every_nth_packet_of_a_queue_is_taken },
	{ "each_queue_counts_for_itself", each_queue_counts_for_itself },
	{ "an_update_starts_anew_and_a_pause_does_not",
			an_update_starts_anew_and_a_pause_does_not },
	{ "random_sampling_keeps_its_rate_and_has_no_period",
			random_sampling_keeps_its_rate_and_has_no_period },
	{ "equal_seeds_choose_equally", equal_seeds_choose_equally },
	{ NULL, NULL },
};
