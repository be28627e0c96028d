/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets that are made on demand: each kind gets what is mirrored, and leaves nothing behind. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_dev.h>

#include "../../csrc/plugin/portinfo.h"
#include "testbed.h"
#include "ondemand.h"

#define NB_PACKETS 50

static void
check_arrival(struct end *end, const struct bytes *bytes)
{
	static uint8_t frame[END_FRAME_SIZE];
	unsigned int i;

	for (i = 0; !end->driver->is_blind && i < NB_PACKETS; i++) {
		CHECK_EQ(end_receive(end, frame), bytes[i].len);
		CHECK(memcmp(frame, bytes[i].data, bytes[i].len) == 0);
	}
}

static void
mirror_packets(const struct testbed *testbed, struct end *end, const struct target *target)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_AUTO };
	static struct bytes bytes[NB_PACKETS];
	struct rte_mbuf *pkts[NB_PACKETS];
	uint32_t id;

	mirror_targets_set_param(target, &param);
	id = mirror_with(testbed->source.id, &param);
	packets_make(testbed->pool, pkts, NB_PACKETS, 1, 60);
	bytes_read_all(bytes, pkts, NB_PACKETS);
	ring_put(testbed->source.rx[0], pkts, NB_PACKETS);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, NB_PACKETS), NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
	CHECK_EQ(stats_of(id).packets, NB_PACKETS);
	mirror_off(id);
	check_arrival(end, bytes);
}

static void
each_kind_gets_what_is_mirrored(void)
{
	const struct target_case *each;
	struct target *target;
	struct testbed testbed;
	char text[TARGET_TEXT_SIZE];
	struct end end;

	interfaces_make();
	testbed_open(&testbed, NULL, NULL);
	for (each = target_cases; each->kind != NULL; each++) {
		case_name(each, &end, text);
		target = target_open(text, 1);
		CHECK(mirror_targets_find(text) == target);
		case_connect(each, &end);
		mirror_packets(&testbed, &end, target);
		case_disconnect(&end);
		target_end(target);
		CHECK(mirror_targets_find(text) == NULL);
		case_clean(each, &end);
	}
	testbed_close(&testbed);
	interfaces_remove();
}

/* Nothing is copied, and nothing comes from there. */
static void
what_goes_nowhere_is_counted_and_given_back_at_once(void)
{
	const struct rte_mirror_select select = { .filter = "greater 100" };
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_AUTO, .select = &select
	};
	struct target *target = target_open("null:count", 1);
	struct rte_mbuf *pkts[NB_PACKETS], *none[1];
	struct rte_mirror_stats stats;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = mirror_targets_port(target);
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(info_of(id).mode, RTE_MIRROR_SHARE);
	packets_make(testbed.pool, pkts, NB_PACKETS / 2, 1, 60);
	packets_make(testbed.pool, pkts + NB_PACKETS / 2, NB_PACKETS / 2, 3, 200);
	ring_put(testbed.source.rx[0], pkts, NB_PACKETS);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, NB_PACKETS), NB_PACKETS);
	packets_check_refcnt(pkts, NB_PACKETS, 1);
	packets_free(pkts, NB_PACKETS);
	stats = stats_of(id);
	CHECK_EQ(stats.filtered, NB_PACKETS / 2);
	CHECK_EQ(stats.packets, NB_PACKETS / 2);
	CHECK_EQ(stats.bytes, NB_PACKETS / 2 * 600);
	CHECK_EQ(rte_eth_rx_burst(param.target_port, 0, none, 1), 0);
	mirror_off(id);
	mirror_targets_close(target);
	testbed_close(&testbed);
}

static void
check_port(uint16_t port_id, const struct target_case *each)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf;
	uint16_t port;

	CHECK_EQ(rte_eth_dev_info_get(port_id, &info), 0);
	CHECK(strcmp(info.driver_name, each->driver) == 0);
	CHECK_EQ(info.nb_tx_queues, each->nb_queues);
	CHECK_EQ(rte_eth_dev_conf_get(port_id, &conf), 0);
	CHECK_EQ(conf.txmode.offloads, info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	CHECK(mirror_targets_is_ours(port_id));
	/* What an application looks for its own ports with. */
	RTE_ETH_FOREACH_DEV(port)
		CHECK(port != port_id);
}

static void
ports_are_owned_and_have_the_queues_that_they_can_have(void)
{
	const struct target_case *each;
	struct target *target;
	char text[TARGET_TEXT_SIZE];
	struct end end;

	interfaces_make();
	for (each = target_cases; each->kind != NULL; each++) {
		/* A capture has no port. */
		if (strcmp(each->kind, "pcap") == 0)
			continue;
		case_name(each, &end, text);
		target = target_open(text, 3);
		check_port(mirror_targets_port(target), each);
		target_end(target);
		case_clean(each, &end);
	}
	interfaces_remove();
}

static void
a_target_goes_with_its_last_user(void)
{
	struct target *first, *second;
	uint16_t port_id;

	first = target_open("null:shared", 1);
	second = target_open("null:shared", 1);
	port_id = mirror_targets_port(first);
	CHECK(first == second);
	mirror_targets_close(first);
	CHECK(mirror_targets_is_ours(port_id));
	mirror_targets_close(second);
	CHECK(!mirror_targets_is_ours(port_id));
	CHECK(mirror_targets_find("null:shared") == NULL);
}

/* A file descriptor more of a tap's, which then is there until that is closed. */
static int
hold_tap(void)
{
	char path[32], link[32];
	int fd;

	for (fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		memset(link, 0, sizeof(link));
		if (readlink(path, link, sizeof(link) - 1) > 0 && strcmp(link, "/dev/net/tun") == 0)
			return dup(fd);
	}
	return -1;
}

static struct {
	uint16_t port;
	int fd;
} held;

static int
let_go_late(void *arg)
{
	const struct timespec late = { .tv_nsec = 300000000 };

	(void)arg;
	CHECK_WITHIN(10000, !mirror_targets_is_ours(held.port));
	nanosleep(&late, NULL);
	return close(held.fd);
}

/* The kernel may be late in ending one that has been closed. */
static void
an_interface_is_gone_when_its_target_is(void)
{
	struct target *target;

	interfaces_make();
	target = target_open("tap:od0", 1);
	held.port = mirror_targets_port(target);
	held.fd = hold_tap();
	CHECK(held.fd >= 0);
	test_launch(0, let_go_late, NULL);
	mirror_targets_close(target);
	mirror_targets_close(target_open("tap:od0", 1));
	test_join(0);
	interfaces_remove();
}

/* Opens and closes it until it costs nothing any more, and then over and over. */
static void
cycle(const struct target_case *each)
{
	struct possessions before;
	struct end end;
	char text[TARGET_TEXT_SIZE];
	unsigned int i;

	for (i = 0; i < each->nb_cycles; i++) {
		case_name(each, &end, text);
		target_end(target_open(text, 2));
		case_clean(each, &end);
		/* A driver may keep something of its first port. */
		if (i == 0)
			before = possessions_now();
	}
	possessions_check(&before);
}

static void
nothing_grows_while_targets_come_and_go(void)
{
	const struct target_case *each;

	interfaces_make();
	for (each = target_cases; each->kind != NULL; each++)
		cycle(each);
	interfaces_remove();
}

static void
remove_device(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	CHECK_EQ(rte_eth_dev_info_get(port_id, &info), 0);
	CHECK_EQ(rte_eth_dev_stop(port_id), 0);
	CHECK_EQ(rte_eth_dev_close(port_id), 0);
	CHECK_EQ(rte_dev_remove(info.device), 0);
}

/* The application may take a target's device away, and its number may become another's. */
static void
a_target_whose_device_is_gone_can_be_closed(void)
{
	struct target *target = target_open("ring:od", 1), *other = NULL;
	const struct rte_ring *ring = rte_ring_lookup("ETH_RXTX0_od");
	const uint16_t port_id = mirror_targets_port(target);
	struct port port;

	remove_device(port_id);
	CHECK(!mirror_targets_is_ours(port_id));
	port_open(&port, &port_default);
	CHECK_EQ(port.id, port_id);
	CHECK_EQ(mirror_targets_open("ring:od", 1, false, NULL, &other), -ENODEV);
	mirror_targets_close(target);
	CHECK(rte_eth_dev_is_valid_port(port_id));
	port_close(&port);
	/* What the application has of a ring is still there, and has a port again. */
	CHECK(rte_ring_lookup("ETH_RXTX0_od") == ring);
	CHECK(target_open("ring:od", 1) == target);
	CHECK(mirror_targets_is_ours(mirror_targets_port(target)));
	CHECK(rte_ring_lookup("ETH_RXTX0_od") == ring);
	target_end(target);
}

/* Or another target's, which may have come between the end of the device and ours. */
static void
a_target_whose_device_is_gone_leaves_anothers_port_alone(void)
{
	struct target *target = target_open("ring:od", 1), *other = NULL, *none = NULL;
	const uint16_t port_id = mirror_targets_port(target);
	struct portinfo now;

	remove_device(port_id);
	other = target_open("null:other", 1);
	CHECK_EQ(mirror_targets_port(other), port_id);
	/* No mirror to the one sends to the other. */
	CHECK_EQ(mirror_targets_open("ring:od", 1, false, NULL, &none), -ENODEV);
	mirror_targets_close(target);
	CHECK(target_open("ring:od", 1) == target);
	CHECK(mirror_targets_port(target) != port_id);
	target_end(target);
	CHECK_EQ(mirror_portinfo_get(port_id, &now), 0);
	CHECK(now.is_started && mirror_targets_is_ours(port_id));
	mirror_targets_close(other);
	CHECK(!rte_eth_dev_is_valid_port(port_id));
}

static void
a_port_of_the_applications_needs_force_and_stays(void)
{
	struct target *target = NULL;
	char text[RTE_ETH_NAME_MAX_LEN + 8], name[RTE_ETH_NAME_MAX_LEN];
	struct port port;

	port_open(&port, &port_default);
	CHECK_EQ(rte_eth_dev_get_name_by_port(port.id, name), 0);
	snprintf(text, sizeof(text), "port:%s", name);
	CHECK_EQ(mirror_targets_open(text, 1, false, NULL, &target), -EINVAL);
	CHECK_EQ(mirror_targets_open(text, 1, true, NULL, &target), 0);
	CHECK_EQ(mirror_targets_port(target), port.id);
	CHECK(!mirror_targets_is_ours(port.id));
	mirror_targets_close(target);
	snprintf(text, sizeof(text), "port:%u", port.id);
	CHECK_EQ(mirror_targets_open(text, 1, true, NULL, &target), 0);
	CHECK_EQ(mirror_targets_port(target), port.id);
	mirror_targets_close(target);
	CHECK(rte_eth_dev_is_valid_port(port.id));
	port_close(&port);
}

const struct test_case test_cases[] = {
	{ "each_kind_gets_what_is_mirrored", each_kind_gets_what_is_mirrored },
	{ "what_goes_nowhere_is_counted_and_given_back_at_once",
			what_goes_nowhere_is_counted_and_given_back_at_once },
	{ "ports_are_owned_and_have_the_queues_that_they_can_have",
			ports_are_owned_and_have_the_queues_that_they_can_have },
	{ "a_target_goes_with_its_last_user", a_target_goes_with_its_last_user },
	{ "an_interface_is_gone_when_its_target_is", an_interface_is_gone_when_its_target_is },
	{ "nothing_grows_while_targets_come_and_go", nothing_grows_while_targets_come_and_go },
	{ "a_target_whose_device_is_gone_can_be_closed",
			a_target_whose_device_is_gone_can_be_closed },
	{ "a_target_whose_device_is_gone_leaves_anothers_port_alone",
			a_target_whose_device_is_gone_leaves_anothers_port_alone },
	{ "a_port_of_the_applications_needs_force_and_stays",
			a_port_of_the_applications_needs_force_and_stays },
	{ NULL, NULL },
};
