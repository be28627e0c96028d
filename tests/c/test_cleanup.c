/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Calls where there is no EAL of the caller's: it has cleaned it up already, or is a forked child. */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testbed.h"

/* How many threads of this process have a name. */
static unsigned int
nb_threads(const char *name)
{
	char path[300], found[32] = "";
	struct dirent *entry;
	unsigned int nb = 0;
	DIR *tasks = opendir("/proc/self/task");
	FILE *comm;

	CHECK(tasks != NULL);
	while ((entry = readdir(tasks)) != NULL) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", entry->d_name);
		comm = fopen(path, "r");
		if (comm == NULL)
			continue;
		if (fscanf(comm, "%31s", found) == 1)
			nb += strcmp(found, name) == 0;
		fclose(comm);
	}
	closedir(tasks);
	return nb;
}

/* As a daemon is of the process that was started: the library is as much its own. */
static void
a_child_of_one_that_has_not_mirrored_may_call(void)
{
	const pid_t child = fork();
	int status;

	if (child == 0)
		_exit(rte_mirror_list(NULL, 0));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
}

static int
call_as_child(uint32_t id, uint16_t source, uint16_t target)
{
	const struct rte_mirror_param param = {
		.target_port = target,
		.directions = RTE_MIRROR_RX,
	};
	struct rte_mirror_stats stats;

	CHECK_EQ(rte_mirror_add(source, &param, NULL), -ENOTSUP);
	CHECK(strstr(rte_mirror_last_error(), "forked") != NULL);
	CHECK_EQ(rte_mirror_pause(id), -ENOTSUP);
	CHECK_EQ(rte_mirror_stats_get(id, &stats), -ENOTSUP);
	CHECK_EQ(rte_mirror_unregister(source), -ENOTSUP);
	CHECK_EQ(rte_mirror_remove(id), -ENOTSUP);
	return 0;
}

/* Whatever it calls. */
static void
a_forked_child_can_change_nothing(void)
{
	struct testbed testbed;
	struct rte_mbuf *pkt;
	uint32_t id;
	pid_t child;
	int status;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	child = fork();
	if (child == 0)
		_exit(call_as_child(id, testbed.source.id, testbed.target.id));
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	pkt = packet_make(testbed.pool, 1, 60, 0);
	testbed_receive(&testbed, 0, &pkt, 1);
	CHECK_EQ(stats_of(id).packets, 1);
	rte_pktmbuf_free(pkt);
	mirror_off(id);
	testbed_close(&testbed);
}

/* net_ring's with a ring's name; EAL takes its memory, and leaves the port. */
static uint16_t
open_port_that_is_left(void)
{
	uint16_t port = 0;

	CHECK_EQ(rte_eal_hotplug_add("vdev", "net_ring_left", "nodeaction=left:0:CREATE"), 0);
	CHECK_EQ(rte_eth_dev_get_port_by_name("left", &port), 0);
	vdev_configure(port, &port_default);
	return port;
}

/* While a target still had a packet of the library's pool, which is gone now with all of EAL's memory. */
static void
calls_after_eal_is_cleaned_up(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX, .mode = RTE_MIRROR_COPY };
	struct rte_mbuf *pkt;
	struct testbed testbed;
	uint32_t ids[3];
	uint16_t left;

	testbed_open(&testbed, NULL, NULL);
	left = open_port_that_is_left();
	param.target_port = testbed.target.id;
	ids[0] = mirror_with(testbed.source.id, &param);
	param.target_port = testbed.target2.id;
	ids[1] = mirror_with(testbed.source.id, &param);
	param.target_port = left;
	ids[2] = mirror_with(testbed.source.id, &param);
	pkt = packet_make(testbed.pool, 1, 60, 0);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, &pkt, 1), 1);
	mirror_off(ids[0]);
	port_stop(&testbed.target);
	test_end();
	CHECK(rte_eth_dev_is_valid_port(left));
	/* It looks every so often; and then it finds that there is nothing to look at any more. */
	CHECK_WITHIN(5000, nb_threads("mirror-watch") == 0);
	CHECK_EQ(rte_mirror_list(NULL, 0), 2);
	CHECK_EQ(stats_of(ids[1]).packets, 1);
	CHECK_EQ(info_of(ids[1]).state, RTE_MIRROR_STOPPED);
	CHECK_EQ(info_of(ids[2]).state, RTE_MIRROR_STOPPED);
	param.target_port = testbed.target2.id;
	CHECK_EQ(rte_mirror_update(ids[1], &param), -ENETDOWN);
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENODEV);
	mirror_off(ids[1]);
	mirror_off(ids[2]);
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	/* The harness ends EAL but once. */
	_exit(EXIT_SUCCESS);
}

const struct test_case test_cases[] = {
	{ "a_child_of_one_that_has_not_mirrored_may_call",
			a_child_of_one_that_has_not_mirrored_may_call },
	{ "a_forked_child_can_change_nothing", a_forked_child_can_change_nothing },
	{ "calls_after_eal_is_cleaned_up", calls_after_eal_is_cleaned_up },
	{ NULL, NULL },
};
