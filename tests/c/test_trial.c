/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Whether a mirror could be added is found out without adding it. That rte_mirror_check() refuses what rte_mirror_add()
 * does, test_refusals.c and test_parameters.c check.
 */

#include <errno.h>

#include <rte_mbuf_dyn.h>

#include "testbed.h"

static struct rte_mirror_param
param_of(const struct testbed *testbed)
{
	return (struct rte_mirror_param){
		.target_port = testbed->target.id,
		.directions = RTE_MIRROR_RX,
		.mode = RTE_MIRROR_COPY,
	};
}

/* No mirror, no pool, no field of mbufs. */
static void
nothing_is_changed(void)
{
	struct rte_mirror_param param;
	struct testbed testbed;
	unsigned int nb_pools;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	nb_pools = nb_library_pools();
	param = param_of(&testbed);
	param.flags = RTE_MIRROR_F_ORIGIN;
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, NULL, 0), 0);
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	CHECK_EQ(nb_library_pools(), nb_pools);
	CHECK_EQ(rte_mbuf_dynflag_lookup("rte_mirror_dynflag_origin", NULL), -1);
	id = mirror_with(testbed.source.id, &param);
	CHECK(rte_mbuf_dynflag_lookup("rte_mirror_dynflag_origin", NULL) >= 0);
	mirror_off(id);
	testbed_close(&testbed);
}

/* What mirrors are in the way of, is possible without them, and nobody but the one who asks is told so. */
static void
mirrors_may_be_left_out_of_account(void)
{
	struct rte_mirror_param param;
	struct testbed testbed;
	uint32_t ids[3], nb;

	testbed_open(&testbed, NULL, NULL);
	param = param_of(&testbed);
	param.name = "taken";
	ids[0] = mirror_with(testbed.source.id, &param);
	param.name = "other";
	param.directions = RTE_MIRROR_TX;
	ids[1] = mirror_with(testbed.source.id, &param);
	ids[2] = UINT32_MAX;
	/* One has its name, the other its direction. */
	param.name = "taken";
	for (nb = 0; nb < 2; nb++)
		CHECK_EQ(rte_mirror_check(testbed.source.id, &param, ids, nb), -EEXIST);
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, &ids[1], 2), -EEXIST);
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, ids, 2), 0);
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, ids, 3), 0);
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, NULL, 1), -EINVAL);
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -EEXIST);
	/* The way back. */
	param.name = NULL;
	param.target_port = testbed.source.id;
	CHECK_EQ(rte_mirror_check(testbed.target.id, &param, ids, 1), -ELOOP);
	CHECK_EQ(rte_mirror_check(testbed.target.id, &param, ids, 2), 0);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	testbed_close(&testbed);
}

/* All is checked that does not depend on the target. */
static void
a_target_that_is_yet_to_be_made(void)
{
	struct rte_mirror_select select = { .filter = "tcp prt 1" };
	struct rte_mirror_param param;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param = param_of(&testbed);
	param.name = "taken";
	id = mirror_with(testbed.source.id, &param);
	param.target_port = RTE_MAX_ETHPORTS;
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, NULL, 0), -EEXIST);
	CHECK_EQ(rte_mirror_check(RTE_MAX_ETHPORTS - 1, &param, &id, 1), -ENODEV);
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, &id, 1), 0);
	param.mode = RTE_MIRROR_SPLIT;
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, &id, 1), 0);
	param.split_len = 3000;
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, &id, 1), -EINVAL);
	param.split_len = 0;
	param.select = &select;
	CHECK_EQ(rte_mirror_check(testbed.source.id, &param, &id, 1), -EINVAL);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "nothing_is_changed", nothing_is_changed },
	{ "mirrors_may_be_left_out_of_account", mirrors_may_be_left_out_of_account },
	{ "a_target_that_is_yet_to_be_made", a_target_that_is_yet_to_be_made },
	{ NULL, NULL },
};
