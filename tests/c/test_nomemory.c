/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Changes to mirrors while memory runs out. */

#include <errno.h>
#include <inttypes.h>

#include "testbed.h"
#include "faults.h"

/* A change to a mirror, and what there is before and after it. */
struct change {
	int (*make)(uint32_t id, const struct rte_mirror_param *param);
	enum rte_mirror_state before, after;
	unsigned int nb_before, nb_after;
};

static int
pause_it(uint32_t id, const struct rte_mirror_param *param)
{
	(void)param;
	return rte_mirror_pause(id);
}

static int
resume_it(uint32_t id, const struct rte_mirror_param *param)
{
	(void)param;
	return rte_mirror_resume(id);
}

/* Whichever allocation fails: how many there are. */
static unsigned int
check_without_memory(const struct testbed *testbed, uint32_t id, const struct change *change,
		const struct rte_mirror_param *param)
{
	unsigned int k, left;
	int rc;

	for (k = 1;; k++) {
		fail_calloc = k;
		rc = change->make(id, param);
		left = fail_calloc;
		fail_calloc = 0;
		if (left != 0)
			break;
		CHECK_EQ(rc, -ENOMEM);
		CHECK_EQ(info_of(id).state, change->before);
		CHECK_EQ(nb_bytes_sent(testbed), change->nb_before);
	}
	CHECK_EQ(rc, 0);
	CHECK_EQ(info_of(id).state, change->after);
	CHECK_EQ(nb_bytes_sent(testbed), change->nb_after);
	return k - 1;
}

/* It changes as a whole or not at all, and another mirror of the source is not concerned. */
static void
changes_that_there_is_no_memory_for(void)
{
	static const struct change changes[] = {
		{ rte_mirror_update, RTE_MIRROR_RUNNING, RTE_MIRROR_RUNNING, 1200, 600 + 2 * 200 },
		{ pause_it, RTE_MIRROR_RUNNING, RTE_MIRROR_PAUSED, 600 + 2 * 200, 600 },
		{ resume_it, RTE_MIRROR_PAUSED, RTE_MIRROR_RUNNING, 600, 600 + 2 * 200 },
	};
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct testbed testbed;
	unsigned int i;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	id2 = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_RX);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	param.directions = RTE_MIRROR_RX | RTE_MIRROR_TX;
	param.snaplen = 20;
	for (i = 0; i < RTE_DIM(changes); i++)
		CHECK(check_without_memory(&testbed, id, &changes[i], &param) > 1);
	mirror_off(id);
	mirror_off(id2);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "changes_that_there_is_no_memory_for", changes_that_there_is_no_memory_for },
	{ NULL, NULL },
};
