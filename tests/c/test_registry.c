/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Ids, names, lists, descriptions, counters: what the control calls answer. */

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "testbed.h"

static void
ids_are_never_used_again(void)
{
	struct testbed testbed;
	uint32_t last = 0, id;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < 20; i++) {
		id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
		CHECK(id > last);
		last = id;
		mirror_off(id);
	}
	testbed_close(&testbed);
}

static void
the_list_is_oldest_first_and_filled_as_far_as_there_is_room(void)
{
	struct testbed testbed;
	uint32_t ids[3], listed[4] = { 0 };

	testbed_open(&testbed, NULL, NULL);
	CHECK_EQ(rte_mirror_list(listed, 4), 0);
	ids[0] = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	ids[1] = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_TX);
	ids[2] = mirror_on(testbed.target.id, testbed.target2.id, RTE_MIRROR_RX);
	CHECK_EQ(rte_mirror_list(listed, 2), 3);
	CHECK(listed[0] == ids[0] && listed[1] == ids[1] && listed[2] == 0);
	CHECK_EQ(rte_mirror_list(listed, 4), 3);
	CHECK(memcmp(listed, ids, sizeof(ids)) == 0 && listed[3] == 0);
	mirror_off(ids[1]);
	CHECK_EQ(rte_mirror_list(listed, 4), 2);
	CHECK(listed[0] == ids[0] && listed[1] == ids[2]);
	mirror_off(ids[0]);
	mirror_off(ids[2]);
	testbed_close(&testbed);
}

static void
names_are_given_or_made_and_unique(void)
{
	char name[RTE_MIRROR_NAME_SIZE], made[RTE_MIRROR_NAME_SIZE];
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .name = name };
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	id = mirror_with(testbed.source.id, &param);
	/* The name is copied. */
	name[0] = 'x';
	CHECK_EQ(info_of(id).name[0], 'n');
	CHECK_EQ(strlen(info_of(id).name), RTE_MIRROR_NAME_SIZE - 1);
	mirror_off(id);
	/* The name that the library would make for the next but one is taken: it makes another. */
	snprintf(name, sizeof(name), "mirror%u", id + 2);
	id = mirror_with(testbed.source.id, &param);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	snprintf(made, sizeof(made), "mirror%u", id2);
	CHECK(strcmp(info_of(id2).name, made) == 0);
	CHECK(strcmp(info_of(id2).name, info_of(id).name) != 0);
	mirror_off(id);
	mirror_off(id2);
	/* A name is free again with its mirror. */
	id = mirror_with(testbed.source.id, &param);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
info_tells_what_was_asked_for(void)
{
	const struct port_options four = { .nb_rx_queues = 3, .nb_tx_queues = 4 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX,
		.name = "all of it",
		.target_queue = 1,
		.nb_target_queues = 2 };
	struct rte_mirror_info info;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, &four, &four);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	memset(&info, 0xff, sizeof(info));
	CHECK_EQ(rte_mirror_info_get(id, &info), 0);
	CHECK_EQ(info.source_port, testbed.source.id);
	CHECK_EQ(info.target_port, testbed.target.id);
	CHECK_EQ(info.target_queue, 1);
	CHECK_EQ(info.nb_target_queues, 2);
	CHECK_EQ(info.rx_queues, 3);
	CHECK_EQ(info.tx_queues, 4);
	CHECK_EQ(info.directions, RTE_MIRROR_RX | RTE_MIRROR_TX);
	CHECK_EQ(info.mode, RTE_MIRROR_SHARE);
	CHECK_EQ(info.state, RTE_MIRROR_RUNNING);
	CHECK(strcmp(info.name, "all of it") == 0);
	CHECK(info.reason[0] == '\0');
	CHECK(info.reserved[0] == 0 && info.reserved[RTE_DIM(info.reserved) - 1] == 0);
	mirror_off(id);
	/* 0 target queues: all from the first on. */
	param.nb_target_queues = 0;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(info_of(id).nb_target_queues, 3);
	mirror_off(id);
	testbed_close(&testbed);
}

static void
pass(const struct testbed *testbed, uint16_t nb_pkts)
{
	struct rte_mbuf *pkts[64];

	packets_make(testbed->pool, pkts, nb_pkts, 1, 60);
	ring_put(testbed->source.rx[0], pkts, nb_pkts);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, nb_pkts), nb_pkts);
	packets_free(pkts, nb_pkts);
}

static void
counters_start_over_for_one_mirror_alone(void)
{
	struct rte_mirror_stats zero = { 0 }, stats;
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	pass(&testbed, 10);
	CHECK_EQ(stats_of(id).bytes, 600);
	CHECK_EQ(rte_mirror_stats_reset(id), 0);
	stats = stats_of(id);
	CHECK(memcmp(&stats, &zero, sizeof(zero)) == 0);
	CHECK_EQ(stats_of(id2).packets, 10);
	pass(&testbed, 7);
	CHECK_EQ(stats_of(id).packets, 7);
	CHECK_EQ(stats_of(id2).packets, 17);
	mirror_off(id);
	/* A new mirror on the same ports starts from 0. */
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	CHECK_EQ(stats_of(id).seen, 0);
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

/* The RFC's two functions: register is add, unregister removes all of a source's mirrors and no other's. */
static void
register_and_unregister_are_per_source(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	uint32_t other, listed;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_register(testbed.source.id, &param), 0);
	param.target_port = testbed.target2.id;
	CHECK_EQ(rte_mirror_register(testbed.source.id, &param), 0);
	CHECK_EQ(rte_mirror_register(testbed.source.id, &param), -EEXIST);
	CHECK_EQ(rte_mirror_register(testbed.source.id, NULL), -EINVAL);
	other = mirror_on(testbed.target.id, testbed.target2.id, RTE_MIRROR_RX);
	CHECK_EQ(rte_mirror_list(NULL, 0), 3);
	CHECK_EQ(rte_mirror_unregister(testbed.source.id), 0);
	CHECK_EQ(rte_mirror_list(&listed, 1), 1);
	CHECK_EQ(listed, other);
	CHECK_EQ(rte_mirror_unregister(testbed.source.id), -ENOENT);
	pass(&testbed, 5);
	CHECK(rte_ring_empty(testbed.target.tx[0]));
	CHECK_EQ(rte_mirror_unregister(testbed.target.id), 0);
	testbed_close(&testbed);
}

static void *
last_error_of_a_new_thread(void *arg)
{
	(void)arg;
	CHECK(strcmp(rte_mirror_last_error(), "") == 0);
	CHECK_EQ(rte_mirror_remove(4000000000), -ENOENT);
	CHECK(strstr(rte_mirror_last_error(), "4000000000") != NULL);
	return NULL;
}

static void
the_last_error_is_the_threads_own(void)
{
	pthread_t thread;

	CHECK_EQ(rte_mirror_remove(3999999999), -ENOENT);
	CHECK_EQ(pthread_create(&thread, NULL, last_error_of_a_new_thread, NULL), 0);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	CHECK(strstr(rte_mirror_last_error(), "3999999999") != NULL);
}

const struct test_case test_cases[] = {
	{ "ids_are_never_used_again", ids_are_never_used_again },
	{ "the_list_is_oldest_first_and_filled_as_far_as_there_is_room",
			the_list_is_oldest_first_and_filled_as_far_as_there_is_room },
	{ "names_are_given_or_made_and_unique", names_are_given_or_made_and_unique },
	{ "info_tells_what_was_asked_for", info_tells_what_was_asked_for },
	{ "counters_start_over_for_one_mirror_alone", counters_start_over_for_one_mirror_alone },
	{ "register_and_unregister_are_per_source", register_and_unregister_are_per_source },
	{ "the_last_error_is_the_threads_own", the_last_error_is_the_threads_own },
	{ NULL, NULL },
};
