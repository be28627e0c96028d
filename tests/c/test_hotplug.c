/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* An application that plugs its own devices in and out while targets come and go. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_dev.h>

#include "testbed.h"
#include "ondemand.h"

#define NB_TARGETS 500
#define DEVICE     "net_null_hotplugged"

static bool is_over;

/* What a thread of telemetry's does. */
static int
make_targets(void *arg)
{
	unsigned int i;

	(void)arg;
	for (i = 0; i < NB_TARGETS; i++)
		mirror_targets_close(target_open("null:made", 1));
	__atomic_store_n(&is_over, true, __ATOMIC_RELEASE);
	return 0;
}

static void
devices_may_be_plugged_while_targets_come_and_go(void)
{
	const uint16_t nb_ports = rte_eth_dev_count_total();
	unsigned int nb = 0;

	test_launch(0, make_targets, NULL);
	while (!__atomic_load_n(&is_over, __ATOMIC_ACQUIRE)) {
		CHECK_EQ(rte_eal_hotplug_add("vdev", DEVICE, ""), 0);
		CHECK_EQ(rte_eal_hotplug_remove("vdev", DEVICE), 0);
		nb++;
	}
	test_join(0);
	printf("%u devices\n", nb);
	CHECK(nb > 0);
	CHECK_EQ(rte_eth_dev_count_total(), nb_ports);
}

const struct test_case test_cases[] = {
	{ "devices_may_be_plugged_while_targets_come_and_go",
			devices_may_be_plugged_while_targets_come_and_go },
	{ NULL, NULL },
};
