/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_malloc.h>

#include "../../csrc/plugin/refusal.h"
#include "testbed.h"
#include "ondemand.h"
#include "vhost_peer.h"
#include "wires.h"

static unsigned int
count_entries(const char *path)
{
	DIR *directory = opendir(path);
	unsigned int nb = 0;

	CHECK(directory != NULL);
	while (readdir(directory) != NULL)
		nb++;
	closedir(directory);
	return nb;
}

struct possessions
possessions_now(void)
{
	struct rte_malloc_socket_stats heap;

	/* With any call those of the library's pools go that can. */
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	CHECK_EQ(rte_malloc_get_socket_stats(0, &heap), 0);
	return (struct possessions){
		.nb_ports = rte_eth_dev_count_total(),
		.nb_files = count_entries("/proc/self/fd"),
		.nb_interfaces = count_entries("/proc/sys/net/ipv4/conf"),
		.heap = heap.heap_allocsz_bytes,
	};
}

void
possessions_check_counts(const struct possessions *before)
{
	const struct possessions now = possessions_now();

	CHECK_EQ(now.nb_ports, before->nb_ports);
	CHECK_EQ(now.nb_files, before->nb_files);
	CHECK_EQ(now.nb_interfaces, before->nb_interfaces);
}

void
possessions_check(const struct possessions *before)
{
	possessions_check_counts(before);
	CHECK(possessions_now().heap <= before->heap);
}

struct target *
target_open(const char *text, uint16_t nb_tx_queues)
{
	struct target *target = NULL;
	int rc = mirror_targets_init();

	CHECK_EQ(rc, 0);
	rc = mirror_targets_open(text, nb_tx_queues, false, NULL, &target);
	if (rc != 0)
		test_fail(__FILE__, __LINE__, "%s: %d: %s", text, rc, mirror_plugin_reason());
	CHECK(strcmp(mirror_targets_text(target), text) == 0);
	return target;
}

void
target_end(struct target *target)
{
	const bool is_kept = mirror_targets_is_kept(target);

	mirror_targets_close(target);
	if (is_kept)
		mirror_targets_end(target);
}

/* Its value's %s is a directory of the test's. net_af_packet and, from 24.11 on, net_vhost take a while to close. */
const struct target_case target_cases[] = {
	{ "tap", "net_tap", "od0", "od0", 3, 100 },
	{ "af_packet", "net_af_packet", "od1", "od2", 3, 10 },
	{ "pcap", "net_pcap", "%s/file", NULL, 1, 1000 },
	{ "vhost", "net_vhost", "%s/socket", NULL, 1, 20 },
	{ "ring", "net_ring", "od.3", NULL, 3, 1000 },
	{ "null", "net_null", "count", NULL, 3, 1000 },
	{ .kind = NULL },
};

void
case_name(const struct target_case *each, struct end *end, char text[TARGET_TEXT_SIZE])
{
	const struct end_driver *driver = end_drivers;

	while (strcmp(driver->name, each->driver) != 0)
		driver++;
	*end = (struct end){ .driver = driver, .wire = -1 };
	snprintf(end->path, sizeof(end->path), each->value, getenv("RUNTIME_DIRECTORY"));
	snprintf(text, TARGET_TEXT_SIZE, "%s:%s", each->kind, end->path);
}

void
case_connect(const struct target_case *each, struct end *end)
{
	if (each->interface != NULL)
		end->wire = wire_open(each->interface);
	else if (end->driver->connect != NULL)
		end->driver->connect(end);
	else if (strcmp(each->kind, "ring") == 0)
		end->ring.tx[0] = rte_ring_lookup("ETH_RXTX0_od.3");
}

void
case_disconnect(struct end *end)
{
	end_check_empty(end);
	if (end->wire >= 0)
		close(end->wire);
	if (end->peer != NULL)
		vhost_peer_close(end->peer);
}

void
interfaces_make(void)
{
	if (wires_missing() != NULL)
		test_skip(wires_missing());
	wire_command("ip link add od1 type veth peer name od2");
	wire_command("ip link set od2 up");
	wire_command("ip link set od1 up");
}

void
interfaces_remove(void)
{
	wire_command("ip link del od1");
}

void
case_clean(const struct target_case *each, const struct end *end)
{
	if (strcmp(each->kind, "pcap") == 0)
		CHECK_EQ(unlink(end->path), 0);
}

void
target_check_refused(const char *text, int error, const char *says)
{
	const uint16_t nb_ports = rte_eth_dev_count_total();
	struct target *target = NULL;
	struct rte_mirror_param param;

	test_name(text);
	CHECK_EQ(mirror_targets_init(), 0);
	CHECK_EQ(mirror_targets_check(text, false, NULL, &param), -error);
	CHECK_EQ(mirror_targets_open(text, 1, false, NULL, &target), -error);
	CHECK(target == NULL);
	CHECK(mirror_targets_find(text) == NULL);
	if (strstr(mirror_plugin_reason(), says) == NULL)
		test_fail(__FILE__, __LINE__, "\"%s\" does not say \"%s\"", mirror_plugin_reason(),
				says);
	CHECK_EQ(rte_eth_dev_count_total(), nb_ports);
}
