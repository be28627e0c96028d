/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Pools come and go while somebody looks at all that there are: the library, or the application. */

#include <pthread.h>

#include <rte_mempool.h>

#include "drained.h"

#define NB_LOOKS 20000
#define NB_POOLS 200

static bool is_over;

static void *
make_and_free(void *arg)
{
	struct rte_mempool *pool;

	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
		pool = rte_mempool_create_empty("gone", 1, 64, 0, 0, SOCKET_ID_ANY, 0);
		CHECK(pool != NULL);
		rte_mempool_free(pool);
	}
	return arg;
}

static void
pools_may_go_while_all_are_looked_at(void)
{
	struct drained drained;
	pthread_t other;
	unsigned int i;

	drained_open(&drained, RTE_MIRROR_SHARE, NULL);
	CHECK_EQ(pthread_create(&other, NULL, make_and_free, NULL), 0);
	for (i = 0; i < NB_LOOKS; i++)
		CHECK_EQ(rte_mirror_update(drained.id, &drained.param), 0);
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_join(other, NULL), 0);
	drained_close(&drained);
}

static void
look(struct rte_mempool *pool, void *arg __rte_unused)
{
	CHECK(pool->size > 0);
}

static void *
look_at_all(void *arg)
{
	while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED))
		rte_mempool_walk(look, NULL);
	return arg;
}

static void
pools_of_mirrors_may_go_while_the_application_looks_at_all(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct target *target;
	struct testbed testbed;
	pthread_t other;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	__atomic_store_n(&is_over, false, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_create(&other, NULL, look_at_all, NULL), 0);
	for (i = 0; i < NB_POOLS; i++) {
		target = target_open("ring:gone", 1);
		mirror_targets_set_param(target, &param);
		mirror_off(mirror_with(testbed.source.id, &param));
		target_end(target);
	}
	__atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_join(other, NULL), 0);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "pools_may_go_while_all_are_looked_at", pools_may_go_while_all_are_looked_at },
	{ "pools_of_mirrors_may_go_while_the_application_looks_at_all",
			pools_of_mirrors_may_go_while_the_application_looks_at_all },
	{ NULL, NULL },
};
