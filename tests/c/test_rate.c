/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* No more packets, or bits, a second than a mirror's rate says. */

#include <inttypes.h>

#include <rte_cycles.h>

#include "testbed.h"

#define BURST  32
#define LENGTH 100

/** What the bucket holds, and a queue's portion, in seconds. */
#define BUCKET_S  0.010
#define PORTION_S 0.001

static uint32_t
mirror_limited(const struct testbed *testbed, const struct rte_mirror_param *rate)
{
	struct rte_mirror_param param = *rate;

	param.target_port = testbed->target.id;
	param.directions = RTE_MIRROR_RX;
	return mirror_with(testbed->source.id, &param);
}

/* Frees what the target was sent: how many packets that are. */
static uint64_t
drain(const struct testbed *testbed)
{
	struct rte_mbuf *got;
	uint64_t nb = 0;

	for (; ring_get(testbed->target.tx[0], &got, 1) == 1; nb++)
		rte_pktmbuf_free(got);
	return nb;
}

/*
 * Offers bursts on so many queues in turn until the mirror has taken so many packets. What it took has to be within what
 * its rate allows in the time that this took, however long that was; what it left out was limited.
 */
static void
check_rate(const struct rte_mirror_param *rate, unsigned int nb_queues, double packets_per_s,
		uint64_t nb_wanted)
{
	const struct port_options queues = { .nb_rx_queues = nb_queues, .nb_tx_queues = 1 };
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;
	uint64_t start, nb = 0, offered = 0;
	double most;
	uint32_t id;

	testbed_open(&testbed, &queues, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, LENGTH);
	start = rte_rdtsc();
	id = mirror_limited(&testbed, rate);
	while (nb < nb_wanted) {
		testbed_receive(&testbed, offered / BURST % nb_queues, pkts, BURST);
		offered += BURST;
		nb += drain(&testbed);
	}
	/* And one that each portion may be short of. */
	most = BUCKET_S + (double)(rte_rdtsc() - start) / (double)rte_get_tsc_hz();
	CHECK((double)nb <= 1 + nb_queues + packets_per_s * most);
	CHECK_EQ(stats_of(id).seen, offered);
	CHECK_EQ(stats_of(id).packets, nb);
	CHECK_EQ(stats_of(id).limited, offered - nb);
	packets_free(pkts, BURST);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
packets_are_limited(void)
{
	check_rate(&(struct rte_mirror_param){ .rate = 1 }, 1, 1, 2);
	check_rate(&(struct rte_mirror_param){ .rate = 999 }, 1, 999, 500);
	check_rate(&(struct rte_mirror_param){ .rate = 20000 }, 1, 20000, 5000);
}

static void
all_queues_together_are_limited(void)
{
	check_rate(&(struct rte_mirror_param){ .rate = 10 }, 4, 10, 3);
	check_rate(&(struct rte_mirror_param){ .rate = 20000 }, 4, 20000, 5000);
}

static void
bits_are_limited(void)
{
	struct rte_mirror_param rate = { .rate = 8 * LENGTH * 2000, .rate_unit = RTE_MIRROR_BITS };

	check_rate(&rate, 1, 2000, 500);
	/* Of what is taken: a fifth of each packet, so five times as many. */
	rate.snaplen = LENGTH / 5;
	check_rate(&rate, 2, 10000, 2000);
}

/* A packet that is longer than what the bucket holds passes, too, and those behind it wait for it. */
static void
a_long_packet_passes_and_is_paid_for(void)
{
	const struct rte_mirror_param slow = { .rate = 8, .rate_unit = RTE_MIRROR_BITS };
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, LENGTH);
	id = mirror_limited(&testbed, &slow);
	testbed_receive(&testbed, 0, pkts, BURST);
	/* The next one in 100 seconds. */
	testbed_receive(&testbed, 0, pkts, BURST);
	CHECK_EQ(drain(&testbed), 1);
	CHECK_EQ(stats_of(id).limited, 2 * BURST - 1);
	packets_free(pkts, BURST);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
what_is_within_the_rate_passes(void)
{
	static const struct rte_mirror_param rates[] = {
		{ .rate = UINT64_C(1000000000000) },
		{ .rate = UINT64_MAX },
		{ .rate = UINT64_MAX, .rate_unit = RTE_MIRROR_BITS },
	};
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;
	unsigned int i, j;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, LENGTH);
	for (i = 0; i < RTE_DIM(rates); i++) {
		id = mirror_limited(&testbed, &rates[i]);
		for (j = 0; j < 10; j++) {
			testbed_receive(&testbed, 0, pkts, BURST);
			ring_check(testbed.target.tx[0], pkts, BURST);
		}
		CHECK_EQ(stats_of(id).limited, 0);
		mirror_off(id);
	}
	packets_free(pkts, BURST);
	testbed_close(&testbed);
}

/* Behind what chooses packets: what is left out costs no tokens. */
static void
only_what_is_chosen_counts(void)
{
	const struct rte_mirror_select select = { .sample_one_in = BURST };
	struct rte_mirror_param param = { .rate = 1, .select = &select };
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, LENGTH);
	id = mirror_limited(&testbed, &param);
	testbed_receive(&testbed, 0, pkts, BURST);
	CHECK_EQ(stats_of(id).unsampled, BURST - 1);
	CHECK_EQ(stats_of(id).packets, 1);
	CHECK_EQ(stats_of(id).limited, 0);
	CHECK_EQ(drain(&testbed), 1);
	packets_free(pkts, BURST);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
an_update_changes_the_rate(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .rate = 1 };
	struct rte_mbuf *pkts[BURST];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	packets_make(testbed.pool, pkts, BURST, 1, LENGTH);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	testbed_receive(&testbed, 0, pkts, BURST);
	CHECK_EQ(drain(&testbed), 1);
	param.rate = 0;
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	testbed_receive(&testbed, 0, pkts, BURST);
	CHECK_EQ(drain(&testbed), BURST);
	packets_free(pkts, BURST);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
an_unknown_unit_and_one_without_a_rate_are_refused(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .rate_unit = 2 };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, &id), -EINVAL);
	CHECK(strstr(rte_mirror_last_error(), "rate_unit") != NULL);
	param.rate_unit = RTE_MIRROR_BITS;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, &id), -EINVAL);
	CHECK(strstr(rte_mirror_last_error(), "rate_unit: there is no rate") != NULL);
	param.rate = 1;
	mirror_off(mirror_with(testbed.source.id, &param));
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "packets_are_limited", packets_are_limited },
	{ "all_queues_together_are_limited", all_queues_together_are_limited },
	{ "bits_are_limited", bits_are_limited },
	{ "a_long_packet_passes_and_is_paid_for", a_long_packet_passes_and_is_paid_for },
	{ "what_is_within_the_rate_passes", what_is_within_the_rate_passes },
	{ "only_what_is_chosen_counts", only_what_is_chosen_counts },
	{ "an_update_changes_the_rate", an_update_changes_the_rate },
	{ "an_unknown_unit_and_one_without_a_rate_are_refused",
			an_unknown_unit_and_one_without_a_rate_are_refused },
	{ NULL, NULL },
};
