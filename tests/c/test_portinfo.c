/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What a command is told of the application's ports, while they stop and go. */

#include <errno.h>
#include <string.h>

#include "../../csrc/plugin/portinfo.h"
#include "../../csrc/plugin/refusal.h"
#include "testbed.h"

#define DEVICE "net_null_info"

static int asked_rc, stats_rc;
static struct portinfo asked_info;

/* An application's own event, which comes before the library's. */
static int
ask_while_it_goes(uint16_t port_id, enum rte_eth_event_type event, void *arg, void *ret_param)
{
	(void)event;
	(void)arg;
	(void)ret_param;
	asked_rc = mirror_portinfo_get(port_id, &asked_info);
	stats_rc = mirror_portinfo_stats(port_id, &(struct rte_eth_stats){ 0 });
	return 0;
}

/* net_null, for one, has no MAC address any more when the first event tells of a port's end. */
static void
a_driver_is_not_asked_while_its_port_goes(void)
{
	const uint16_t port_id = vdev_open(DEVICE, "");
	const struct port_options options = { .nb_rx_queues = 1, .nb_tx_queues = 2 };
	struct rte_eth_stats stats;
	struct portinfo info;

	CHECK_EQ(rte_eth_dev_callback_register(
				 port_id, RTE_ETH_EVENT_DESTROY, ask_while_it_goes, NULL),
			0);
	CHECK_EQ(mirror_portinfo_watch(), 0);
	vdev_configure(port_id, &options);
	CHECK_EQ(mirror_portinfo_get(port_id, &info), 0);
	CHECK(info.is_started);
	CHECK_EQ(info.nb_tx_queues, 2);
	CHECK(strcmp(info.driver, "net_null") == 0);
	CHECK_EQ(mirror_portinfo_stats(port_id, &stats), 0);
	CHECK_EQ(rte_eth_dev_stop(port_id), 0);
	CHECK_EQ(mirror_portinfo_stats(port_id, &stats), -ENETDOWN);
	asked_rc = 1;
	CHECK_EQ(rte_eth_dev_close(port_id), 0);
	CHECK_EQ(asked_rc, 0);
	CHECK_EQ(stats_rc, -ENETDOWN);
	CHECK(!asked_info.is_started);
	CHECK(strcmp(asked_info.name, DEVICE) == 0);
	CHECK(!mirror_portinfo_exists(port_id));
	CHECK_EQ(mirror_portinfo_get(port_id, &info), -ENODEV);
	CHECK_EQ(mirror_portinfo_stats(port_id, &stats), -ENODEV);
	CHECK_EQ(rte_eal_hotplug_remove("vdev", DEVICE), 0);
}

static void
a_port_is_found_by_its_name_and_by_its_number(void)
{
	const uint16_t port_id = vdev_open(DEVICE, "");
	uint16_t found = RTE_MAX_ETHPORTS;
	char number[8];

	snprintf(number, sizeof(number), "%u", port_id);
	CHECK_EQ(mirror_portinfo_find(DEVICE, &found), 0);
	CHECK_EQ(found, port_id);
	found = RTE_MAX_ETHPORTS;
	CHECK_EQ(mirror_portinfo_find(number, &found), 0);
	CHECK_EQ(found, port_id);
	CHECK_EQ(mirror_portinfo_find("net_nul", &found), -ENODEV);
	CHECK_EQ(mirror_portinfo_find("", &found), -ENODEV);
	CHECK_EQ(mirror_portinfo_find("65536", &found), -ENODEV);
	CHECK_EQ(mirror_portinfo_find("99999999999999999999999999", &found), -ENODEV);
	CHECK(strstr(mirror_plugin_reason(), "there is no port 9999") != NULL);
	vdev_close(port_id, DEVICE);
}

const struct test_case test_cases[] = {
	{ "a_driver_is_not_asked_while_its_port_goes", a_driver_is_not_asked_while_its_port_goes },
	{ "a_port_is_found_by_its_name_and_by_its_number",
			a_port_is_found_by_its_name_and_by_its_number },
	{ NULL, NULL },
};
