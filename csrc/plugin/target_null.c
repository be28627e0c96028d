/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>

#include "target.h"

/* Nobody polls its rx queues; whoever does all the same gets no frames. */
static void
describe(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	(void)target;
	snprintf(args, TARGET_ARGS_SIZE, "no-rx=1");
}

/* The driver frees a queue's memory when a port is to have fewer, but not with the port. A port cannot have none at all. */
static void
unsettle(const struct target *target)
{
	const struct rte_eth_conf conf = { 0 };

	rte_eth_dev_configure(target->port_id, 0, 1, &conf);
	rte_eth_dev_configure(target->port_id, 1, 0, &conf);
}

/*
 * The driver frees what it is sent, by reference count, and reads at most its length: the mirror's counters are what there is
 * to see. The name is a label.
 */
const struct target_kind mirror_target_null = {
	.name = "null",
	.value = "NAME",
	.meaning = "nowhere, to count what a mirror would take",
	.driver = "net_null",
	.max_queues = 16,
	.is_sent_to_at_once = true,
	.describe = describe,
	.unsettle = unsettle,
};
