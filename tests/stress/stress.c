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
struct stage {
	uint16_t at_once;   /* net_null: frees at once; fewer queues than pollers */
	uint16_t undivided; /* net_null: a queue for each poller */
	struct port late;
	struct application application;
	struct mirrors mirrors;
};

static void
stage_open(struct stage *stage)
{
	const struct port_options two = { .nb_rx_queues = 1, .nb_tx_queues = 2 },
				  four = { .nb_rx_queues = 1, .nb_tx_queues = 4 };

	stage->at_once = vdev_open("net_null_at_once", "");
	vdev_configure(stage->at_once, &two);
	stage->undivided = vdev_open("net_null_undivided", "");
	vdev_configure(stage->undivided, &four);
	port_open(&stage->late, &port_default);
	application_open(&stage->application, stage->late.tx[0]);
	mirrors_open(&stage->mirrors, stage->application.sources, stage->at_once, stage->late.id);
}

static void
stage_close(struct stage *stage)
{
	mirrors_close(&stage->mirrors);
	application_close(&stage->application);
	port_close(&stage->late);
	vdev_close(stage->undivided, "net_null_undivided");
	vdev_close(stage->at_once, "net_null_at_once");
}

static void
report(const struct stage *stage)
{
	const struct application *application = &stage->application;
	const struct mirrors *mirrors = &stage->mirrors;

	printf("%" PRIu64 " packets received and sent, %" PRIu64
	       " mirrors added and removed, which were offered %" PRIu64 "; %" PRIu64
	       " updates, %" PRIu64 " pauses\n",
			application_received(application, 0) + application_received(application, 1),
			mirrors->nb_removed, mirrors->nb_offered, mirrors->nb_updated,
			mirrors->nb_paused);
}

/* Mirrors come and go evenly over the packets, until there have been so many of both; then there are none. */
static void
run(struct stage *stage, uint64_t nb_packets, uint64_t nb_cycles)
{
	struct application *application = &stage->application;
	struct mirrors *mirrors = &stage->mirrors;
	uint64_t nb, next_report = test_now_ms() + REPORT_MS;

	application_start(application);
	do {
		nb = application_received(application, 0) + application_received(application, 1);
		if ((double)mirrors->nb_removed / nb_cycles <= (double)nb / nb_packets)
			mirrors_step(mirrors);
		else
			test_pause();
		if (test_now_ms() >= next_report) {
			report(stage);
			next_report += REPORT_MS;
		}
	} while (nb < nb_packets || mirrors->nb_removed < nb_cycles);
	mirrors_remove_all(mirrors);
	application_stop(application);
}

/* A mirror that was there all the time has had every packet, and lost none. */
static void
check_complete(const struct stage *stage, unsigned int source, uint32_t id)
{
	const uint64_t nb = application_received(&stage->application, source);
	const struct rte_mirror_stats stats = stats_of(id);

	CHECK_EQ(stats.seen, nb);
	CHECK_EQ(stats.packets, nb);
}

static void
nothing_grows_or_gets_lost_under_traffic(void)
{
	const uint64_t nb_packets = nb_packets_wanted(), nb_cycles = nb_cycles_wanted();
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct stage stage;
	struct memory memory;
	uint32_t ids[2];

	stage_open(&stage);
	/* Where these are not, callbacks come and go, too. */
	param.target_port = stage.undivided;
	ids[0] = mirror_with(stage.application.sources[0], &param);
	param.directions = RTE_MIRROR_TX;
	param.mode = RTE_MIRROR_COPY;
	param.snaplen = 64;
	ids[1] = mirror_with(stage.application.sources[1], &param);
	run(&stage, nb_packets / 10, nb_cycles / 10);
	memory_touch_pools();
	memory = memory_now();
	run(&stage, nb_packets, nb_cycles);
	report(&stage);
	memory_check_growth(&memory);
	memory_check_pools(stage.application.pool);
	check_complete(&stage, 0, ids[0]);
	check_complete(&stage, 1, ids[1]);
	CHECK_EQ(stage.application.nb_read, stage.mirrors.nb_late);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	stage_close(&stage);
}

static void
nothing_grows_without_traffic(void)
{
	const uint64_t nb_cycles = nb_cycles_wanted();
	struct stage stage;
	struct memory memory;

	stage_open(&stage);
	while (stage.mirrors.nb_removed < nb_cycles / 10)
		mirrors_step(&stage.mirrors);
	mirrors_remove_all(&stage.mirrors);
	memory = memory_now();
	while (stage.mirrors.nb_removed < nb_cycles)
		mirrors_step(&stage.mirrors);
	mirrors_remove_all(&stage.mirrors);
	report(&stage);
	memory_check_growth(&memory);
	stage_close(&stage);
}

/* The pool that the library makes for a target goes when that has gone, and what it held has come back. */
static void
targets_come_and_go(struct stage *stage, uint64_t times)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX,
		.mode = RTE_MIRROR_COPY };
	struct port target;
	uint32_t id;

	while (times-- > 0) {
		port_open(&target, &port_default);
		param.target_port = target.id;
		id = mirror_with(stage->application.sources[0], &param);
		CHECK_WITHIN(30000, !rte_ring_empty(target.tx[0]));
		mirror_off(id);
		port_close(&target);
	}
}

static void
nothing_grows_with_targets_that_come_and_go(void)
{
	const uint64_t nb = nb_cycles_wanted() / 100;
	struct stage stage;
	struct memory memory;

	stage_open(&stage);
	application_start(&stage.application);
	targets_come_and_go(&stage, 10);
	memory = memory_now();
	targets_come_and_go(&stage, nb);
	application_stop(&stage.application);
	printf("%" PRIu64 " targets opened, mirrored to and closed\n", nb);
	memory_check_growth(&memory);
	stage_close(&stage);
}

const struct test_case test_cases[] = {
	{ "nothing_grows_or_gets_lost_under_traffic", nothing_grows_or_gets_lost_under_traffic },
	{ "nothing_grows_without_traffic", nothing_grows_without_traffic },
	{ "nothing_grows_with_targets_that_come_and_go",
			nothing_grows_with_targets_that_come_and_go },
	{ NULL, NULL },
};
