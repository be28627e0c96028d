/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Nothing grows and nothing gets lost, however many packets flow and mirrors come and go.
 *
 * STRESS_PACKETS and STRESS_CYCLES say how many; without them it is a matter of seconds.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_ethdev.h>

#include "../c/testbed.h"
#include "application.h"
#include "memory.h"
#include "mirrors.h"

#define REPORT_MS 10000

static uint64_t
number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static uint64_t
nb_packets_wanted(void)
{
	return number("STRESS_PACKETS", 5000000);
}

static uint64_t
nb_cycles_wanted(void)
{
	return number("STRESS_CYCLES", 5000);
}

/* What most cases have, but for the traffic. */
struct setup {
	uint16_t at_once;   /* net_null: frees at once; fewer queues than pollers */
	uint16_t undivided; /* net_null: a queue for each poller */
	struct port late;
	struct application application;
	struct mirrors mirrors;
};

static void
setup_open(struct setup *setup)
{
	const struct port_options two = { .nb_rx_queues = 1, .nb_tx_queues = 2 },
				  four = { .nb_rx_queues = 1, .nb_tx_queues = 4 };

	setup->at_once = vdev_open("net_null_at_once", "");
	vdev_configure(setup->at_once, &two);
	setup->undivided = vdev_open("net_null_undivided", "");
	vdev_configure(setup->undivided, &four);
	port_open(&setup->late, &port_default);
	application_open(&setup->application, setup->late.tx[0]);
	mirrors_open(&setup->mirrors, setup->application.sources, setup->at_once, setup->late.id);
}

static void
setup_close(struct setup *setup)
{
	mirrors_close(&setup->mirrors);
	application_close(&setup->application);
	port_close(&setup->late);
	vdev_close(setup->undivided, "net_null_undivided");
	vdev_close(setup->at_once, "net_null_at_once");
}

static void
report(const struct setup *setup)
{
	const struct application *application = &setup->application;
	const struct mirrors *mirrors = &setup->mirrors;

	printf("%" PRIu64 " packets received and sent, %" PRIu64
	       " mirrors added and removed, which were offered %" PRIu64 "; %" PRIu64
	       " updates, %" PRIu64 " pauses\n",
			application_received(application, 0) + application_received(application, 1),
			mirrors->nb_removed, mirrors->nb_offered, mirrors->nb_updated,
			mirrors->nb_paused);
}

/* Mirrors come and go evenly over the packets, until there have been so many of both; then there are none. */
static void
run(struct setup *setup, uint64_t nb_packets, uint64_t nb_cycles)
{
	struct application *application = &setup->application;
	struct mirrors *mirrors = &setup->mirrors;
	uint64_t nb, next_report = test_now_ms() + REPORT_MS;

	application_start(application);
	do {
		nb = application_received(application, 0) + application_received(application, 1);
		if ((double)mirrors->nb_removed / nb_cycles <= (double)nb / nb_packets)
			mirrors_step(mirrors);
		else
			test_pause();
		if (test_now_ms() >= next_report) {
			report(setup);
			next_report += REPORT_MS;
		}
	} while (nb < nb_packets || mirrors->nb_removed < nb_cycles);
	mirrors_remove_all(mirrors);
	application_stop(application);
}

/* A mirror that was there all the time has had every packet, and lost none. */
static void
check_complete(const struct setup *setup, unsigned int source, uint32_t id)
{
	const uint64_t nb = application_received(&setup->application, source);
	const struct rte_mirror_stats stats = stats_of(id);

	CHECK_EQ(stats.seen, nb);
	CHECK_EQ(stats.packets, nb);
}

static void
nothing_grows_or_gets_lost_under_traffic(void)
{
	const uint64_t nb_packets = nb_packets_wanted(), nb_cycles = nb_cycles_wanted();
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct setup setup;
	struct memory memory;
	uint32_t ids[2];

	setup_open(&setup);
	/* Where these are not, callbacks come and go, too. */
	param.target_port = setup.undivided;
	ids[0] = mirror_with(setup.application.sources[0], &param);
	param.directions = RTE_MIRROR_TX;
	param.mode = RTE_MIRROR_COPY;
	param.snaplen = 64;
	ids[1] = mirror_with(setup.application.sources[1], &param);
	run(&setup, nb_packets / 10, nb_cycles / 10);
	memory_touch_pools();
	memory = memory_now();
	run(&setup, nb_packets, nb_cycles);
	report(&setup);
	memory_check_growth(&memory);
	memory_check_pools(setup.application.pool);
	check_complete(&setup, 0, ids[0]);
	check_complete(&setup, 1, ids[1]);
	CHECK_EQ(setup.application.nb_read, setup.mirrors.nb_late);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	setup_close(&setup);
}

static void
nothing_grows_without_traffic(void)
{
	const uint64_t nb_cycles = nb_cycles_wanted();
	struct setup setup;
	struct memory memory;

	setup_open(&setup);
	while (setup.mirrors.nb_removed < nb_cycles / 10)
		mirrors_step(&setup.mirrors);
	mirrors_remove_all(&setup.mirrors);
	memory = memory_now();
	while (setup.mirrors.nb_removed < nb_cycles)
		mirrors_step(&setup.mirrors);
	mirrors_remove_all(&setup.mirrors);
	report(&setup);
	memory_check_growth(&memory);
	setup_close(&setup);
}

/* The pool that the library makes for a target goes when that has gone, and what it held has come back. */
static void
targets_come_and_go(struct setup *setup, uint64_t times)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX,
		.mode = RTE_MIRROR_COPY };
	struct port target;
	uint32_t id;

	while (times-- > 0) {
		port_open(&target, &port_default);
		param.target_port = target.id;
		id = mirror_with(setup->application.sources[0], &param);
		CHECK_WITHIN(30000, !rte_ring_empty(target.tx[0]));
		mirror_off(id);
		port_close(&target);
	}
}

static void
nothing_grows_with_targets_that_come_and_go(void)
{
	const uint64_t nb = nb_cycles_wanted() / 100;
	struct setup setup;
	struct memory memory;

	setup_open(&setup);
	application_start(&setup.application);
	targets_come_and_go(&setup, 10);
	memory = memory_now();
	targets_come_and_go(&setup, nb);
	application_stop(&setup.application);
	printf("%" PRIu64 " targets opened, mirrored to and closed\n", nb);
	memory_check_growth(&memory);
	setup_close(&setup);
}

const struct test_case test_cases[] = {
	{ "nothing_grows_or_gets_lost_under_traffic", nothing_grows_or_gets_lost_under_traffic },
	{ "nothing_grows_without_traffic", nothing_grows_without_traffic },
	{ "nothing_grows_with_targets_that_come_and_go",
			nothing_grows_with_targets_that_come_and_go },
	{ NULL, NULL },
};
