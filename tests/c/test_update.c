/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Mirrors that are given new parameters, and found by name. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "testbed.h"
#include "faults.h"
#include "poison.h"

#define BOTH (RTE_MIRROR_RX | RTE_MIRROR_TX)

/* What an offload function is given while it is the mirror's. */
struct chooser {
	bool is_borrowed;
	uint16_t answer;
};

static uint16_t
choose(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	struct chooser *chooser = ctx;

	(void)port_id;
	(void)queue_id;
	(void)pkts;
	(void)nb_pkts;
	CHECK(chooser->is_borrowed);
	return chooser->answer;
}

static void
check_second(uint32_t id)
{
	const struct rte_mirror_info info = info_of(id);

	CHECK_EQ(info.directions, BOTH);
	CHECK_EQ(info.tx_queues, 1);
	CHECK_EQ(info.mode, RTE_MIRROR_SPLIT);
	CHECK_EQ(info.snaplen, 50);
	CHECK_EQ(info.split_len, 20);
	CHECK_EQ(info.flags, RTE_MIRROR_F_ORIGIN);
	CHECK(strcmp(info.name, "renamed") == 0);
	/* Counters go on. */
	CHECK_EQ(stats_of(id).packets, 1 + 2 * 2);
	CHECK_EQ(stats_of(id).declined, 9 + 2 * 8);
}

/* All that can change does, and what was borrowed before is the caller's again. */
static void
an_update_changes_everything_but_the_target(void)
{
	rte_spinlock_t locks[2] = { RTE_SPINLOCK_INITIALIZER, RTE_SPINLOCK_INITIALIZER };
	struct chooser choosers[2] = { { .is_borrowed = true, .answer = 1 },
		{ .is_borrowed = true, .answer = 2 } };
	struct rte_mirror_param first = { .directions = RTE_MIRROR_RX,
		.mode = RTE_MIRROR_COPY,
		.offload = choose,
		.ctx = &choosers[0],
		.lock = &locks[0] };
	struct rte_mirror_param second = { .directions = BOTH,
		.mode = RTE_MIRROR_SPLIT,
		.offload = choose,
		.ctx = &choosers[1],
		.lock = &locks[1],
		.snaplen = 50,
		.split_len = 20,
		.flags = RTE_MIRROR_F_ORIGIN,
		.name = "renamed" };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	first.target_port = second.target_port = testbed.target.id;
	first.pool = poison_pool_create("first", 63, RTE_MBUF_DEFAULT_BUF_SIZE);
	second.pool = poison_pool_create("second", 63, RTE_MBUF_DEFAULT_BUF_SIZE);
	id = mirror_with(testbed.source.id, &first);
	CHECK_EQ(nb_bytes_sent(&testbed), 60);
	CHECK_EQ(rte_mirror_update(id, &second), 0);
	/* Of the first nothing is used: not the context, not the lock, not the pool. */
	choosers[0].is_borrowed = false;
	rte_spinlock_lock(&locks[0]);
	poison_pool_free(first.pool);
	CHECK_EQ(nb_bytes_sent(&testbed), 2 * 2 * 50);
	check_second(id);
	mirror_off(id);
	poison_pool_free(second.pool);
	testbed_close(&testbed);
}

/* From each mode to each, and to fewer directions and more. */
static void
any_mode_may_follow_any(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	unsigned int from, to, nb = 0;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	for (from = RTE_MIRROR_SHARE; from <= RTE_MIRROR_AUTO; from++) {
		for (to = RTE_MIRROR_SHARE; to <= RTE_MIRROR_AUTO; to++, nb += 20) {
			param.mode = (enum rte_mirror_mode)from;
			param.directions = RTE_MIRROR_RX;
			param.snaplen = 0;
			CHECK_EQ(rte_mirror_update(id, &param), 0);
			CHECK_EQ(nb_bytes_sent(&testbed), 600);
			param.mode = (enum rte_mirror_mode)to;
			param.directions = RTE_MIRROR_TX;
			param.snaplen = 14;
			CHECK_EQ(rte_mirror_update(id, &param), 0);
			CHECK_EQ(nb_bytes_sent(&testbed), 140);
			CHECK_EQ(info_of(id).rx_queues, 0);
			CHECK_EQ(info_of(id).tx_queues, 1);
		}
	}
	CHECK_EQ(stats_of(id).packets, nb);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
a_mirror_is_found_by_its_name(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .name = "one" };
	struct testbed testbed;
	uint32_t id, id2, found = 77;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_lookup("one", &found), -ENOENT);
	CHECK(strstr(rte_mirror_last_error(), "one") != NULL);
	id = mirror_with(testbed.source.id, &param);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	CHECK_EQ(rte_mirror_lookup("on", &found), -ENOENT);
	CHECK_EQ(rte_mirror_lookup("", &found), -ENOENT);
	CHECK_EQ(rte_mirror_lookup(NULL, &found), -EINVAL);
	CHECK_EQ(rte_mirror_lookup("one", NULL), -EINVAL);
	CHECK_EQ(found, 77);
	CHECK_EQ(rte_mirror_lookup("one", &found), 0);
	CHECK_EQ(found, id);
	CHECK_EQ(rte_mirror_lookup(info_of(id2).name, &found), 0);
	CHECK_EQ(found, id2);
	/* Its own name is not taken; no name is none to change. */
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	param.name = NULL;
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	CHECK_EQ(rte_mirror_lookup("one", &found), 0);
	param.name = "two";
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	CHECK_EQ(rte_mirror_lookup("one", &found), -ENOENT);
	CHECK_EQ(rte_mirror_lookup("two", &found), 0);
	CHECK_EQ(found, id);
	mirror_off(id);
	CHECK_EQ(rte_mirror_lookup("two", &found), -ENOENT);
	mirror_off(id2);
	testbed_close(&testbed);
}

static void
check_refused(uint32_t id, const struct rte_mirror_param *param, int rc, const char *says)
{
	const struct rte_mirror_info before = info_of(id);
	struct rte_mirror_info after;

	CHECK_EQ(rte_mirror_update(id, param), rc);
	CHECK(strstr(rte_mirror_last_error(), says) != NULL);
	after = info_of(id);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0);
}

/* Good parameters but for one change. */
#define CHECK_REFUSED(good, rc, says, ...)            \
	do {                                          \
		struct rte_mirror_param param = good; \
                                                      \
		__VA_ARGS__;                          \
		check_refused(id, &param, rc, says);  \
	} while (0)

/* What it is not to be is refused, and it goes on as it was. Lengths, modes and pools: see test_parameters.c. */
static void
updates_that_contradict_the_mirror_or_another(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	struct rte_mirror_param good = { .directions = RTE_MIRROR_RX, .target_queue = 1 };
	struct rte_mirror_param other = { .directions = RTE_MIRROR_TX, .name = "other" };
	struct rte_mirror_param next = { .directions = RTE_MIRROR_TX, .lock = &lock };
	struct testbed testbed;
	uint32_t id, ids[2];

	testbed_open(&testbed, NULL, &four);
	other.target_port = good.target_port = testbed.target.id;
	next.target_port = testbed.target2.id;
	id = mirror_with(testbed.source.id, &good);
	ids[0] = mirror_with(testbed.source.id, &other);
	ids[1] = mirror_with(testbed.target.id, &next);
	check_refused(id, NULL, -EINVAL, "NULL");
	CHECK_REFUSED(good, -EINVAL, "target", param.target_port = testbed.target2.id);
	CHECK_REFUSED(good, -EINVAL, "target", param.target_queue = 0);
	CHECK_REFUSED(good, -EINVAL, "target", param.nb_target_queues = 1);
	CHECK_REFUSED(good, -EEXIST, "other", param.name = "other");
	CHECK_REFUSED(good, -EINVAL, "name", param.name = "");
	CHECK_REFUSED(good, -EEXIST, "other", param.directions = BOTH);
	CHECK_REFUSED(good, -EINVAL, "direction", param.directions = 0);
	CHECK_REFUSED(good, -EBUSY, "lock", param.lock = &lock);
	CHECK_REFUSED(good, -EINVAL, "reserved", param.reserved[RTE_DIM(param.reserved) - 1] = 1);
	CHECK_EQ(rte_mirror_update(ids[1] + 1, &good), -ENOENT);
	CHECK_EQ(nb_bytes_sent(&testbed), 2 * 600 + 2 * 600);
	CHECK_EQ(stats_of(id).packets, 10);
	CHECK_EQ(rte_mirror_update(id, &good), 0);
	mirror_off(ids[1]);
	mirror_off(ids[0]);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Sends nothing on every queue of the source. Proves to the library that its removed callbacks are left. */
static int
attached_after_polling(const struct testbed *testbed)
{
	struct rte_mbuf *pkts[1];
	uint16_t queue;

	for (queue = 0; queue < PORT_MAX_QUEUES; queue++)
		CHECK_EQ(rte_eth_tx_burst(testbed->source.id, queue, pkts, 0), 0);
	return nb_callbacks_now();
}

/* Wherever attaching to a direction's queues breaks off, the mirror stays with the one that it has. */
static void
directions_that_cannot_be_covered(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .name = "old" };
	struct testbed testbed;
	unsigned int k;
	uint32_t id, found;

	testbed_open(&testbed, &four, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	param.directions = BOTH;
	param.mode = RTE_MIRROR_COPY;
	param.name = "new";
	param.snaplen = 14;
	for (k = 1; k <= 4; k++) {
		faults = (struct faults){ .fail_callback = k, .callback_errno = ENOMEM };
		check_refused(id, &param, -ENOMEM, "memory");
		CHECK_EQ(faults.fail_callback, 0);
		CHECK_EQ(nb_bytes_sent(&testbed), 600);
		CHECK_EQ(rte_mirror_lookup("old", &found), 0);
		CHECK_EQ(rte_mirror_lookup("new", &found), -ENOENT);
		/* Those that were attached are detached again, but for the rx queues'. */
		CHECK_WITHIN(5000, attached_after_polling(&testbed) == 4);
	}
	faults = (struct faults){ .fail_callback = 5, .callback_errno = ENOMEM };
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	faults = (struct faults){ 0 };
	CHECK_EQ(info_of(id).tx_queues, 4);
	CHECK_EQ(nb_bytes_sent(&testbed), 2 * 140);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Of mirrors that share together one leaves, or comes to them; the others get what they got. */
static void
an_update_concerns_one_mirror_alone(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX }, changed;
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	param.target_port = testbed.target.id;
	id2 = mirror_with(testbed.source.id, &param);
	CHECK_EQ(nb_bytes_sent(&testbed), 1200);
	changed = param;
	changed.snaplen = 20;
	CHECK_EQ(rte_mirror_update(id2, &changed), 0);
	CHECK_EQ(nb_bytes_sent(&testbed), 800);
	changed.mode = RTE_MIRROR_COPY;
	CHECK_EQ(rte_mirror_update(id2, &changed), 0);
	CHECK_EQ(nb_bytes_sent(&testbed), 800);
	CHECK_EQ(rte_mirror_update(id2, &param), 0);
	CHECK_EQ(nb_bytes_sent(&testbed), 1200);
	CHECK_EQ(stats_of(id).bytes, 4 * 600);
	CHECK_EQ(stats_of(id2).bytes, 2 * 600 + 2 * 200);
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	/* First: it counts callbacks, and others leave some on queues that are no more. */
	{ "directions_that_cannot_be_covered", directions_that_cannot_be_covered },
	{ "an_update_changes_everything_but_the_target",
			an_update_changes_everything_but_the_target },
	{ "any_mode_may_follow_any", any_mode_may_follow_any },
	{ "a_mirror_is_found_by_its_name", a_mirror_is_found_by_its_name },
	{ "updates_that_contradict_the_mirror_or_another",
			updates_that_contradict_the_mirror_or_another },
	{ "an_update_concerns_one_mirror_alone", an_update_concerns_one_mirror_alone },
	{ NULL, NULL },
};
