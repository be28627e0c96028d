/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Selections that change while another lcore polls: what both the old and the new one take is mirrored once. */

#include <errno.h>
#include <inttypes.h>

#include "numbered.h"

#define NB_STEPS 300

static const struct rte_mirror_select selects[] = {
	{ .filter = "len >= 600" },
	{ .filter = "len <= 600" },
	{ .filter = "len = 600", .sample_one_in = 1 },
	{ .filter = "ether[0:4] & 1 != 2 and len < 900", .sample_one_in = 1, .sample_random = 1 },
	{ .filter = "len = 600 and ether[5] & 1 = ether[5] % 2" },
};

/* Packets of two segments, as those at such positions of a burst are, which every one of these takes. */
#define NB_COMMON 11

static bool
is_common(uint64_t number)
{
	return number % NUMBERED_BURST % 3 == 1;
}

static uint64_t
take_common(struct reader *reader)
{
	uint64_t number, nb = 0;

	while (reader_take(reader, &number))
		nb += is_common(number);
	return nb;
}

static void
filters_that_change_miss_and_double_nothing_that_both_take(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct poller poller = { .directions = RTE_MIRROR_RX };
	struct reader reader = { 0 };
	struct rte_mirror_stats stats;
	struct testbed testbed;
	unsigned int step;
	uint64_t before, nb = 0;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.select = &selects[0];
	id = mirror_with(testbed.source.id, &param);
	reader.ring = testbed.target.tx[0];
	poller.testbed = &testbed;
	poller_start(&poller);
	for (step = 1; step < NB_STEPS; step++) {
		before = poller_bursts(&poller);
		CHECK_WITHIN(30000,
				(nb += take_common(&reader), poller_bursts(&poller) >= before + 2));
		param.select = step % 6 < 5 ? &selects[step % 6] : NULL;
		param.mode = (enum rte_mirror_mode)(step % 4);
		CHECK_EQ(rte_mirror_update(id, &param), 0);
		/* What cannot be leaves it as it is. */
		param.select = &(const struct rte_mirror_select){ .filter = "len = " };
		CHECK_EQ(rte_mirror_update(id, &param), -EINVAL);
	}
	poller_stop(&poller);
	nb += take_common(&reader);
	stats = stats_of(id);
	CHECK_EQ(nb, poller_bursts(&poller) * NB_COMMON);
	CHECK_EQ(stats.seen, poller_bursts(&poller) * NUMBERED_BURST);
	CHECK_EQ(stats.packets + stats.filtered, stats.seen);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "filters_that_change_miss_and_double_nothing_that_both_take",
			filters_that_change_miss_and_double_nothing_that_both_take },
	{ NULL, NULL },
};
