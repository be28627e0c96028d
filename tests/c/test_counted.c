/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What a capture says of its mirrors' counters, which have been told between two captures, too. */

#include <fcntl.h>
#include <inttypes.h>

#include "../../csrc/plugin/counted.h"
#include "harness.h"
#include "recorded.h"

/* Two mirrors; the second comes while the second capture goes on. */
static const struct mirror_sink_origin origins[] = { { 7, RTE_MIRROR_RX, 0, false, "a" },
	{ 8, RTE_MIRROR_TX, 0, true, "b" } };

static struct counted counted;
static struct recording recording;

static void
begin(void)
{
	const struct mirror_capture_config config = {
		.fd = open(RECORDED_PATH, O_WRONLY | O_CREAT | O_TRUNC, 0600)
	};

	CHECK(config.fd >= 0);
	mirror_counted_begin(&counted);
	mirror_recording_start(&recording);
	CHECK_EQ(mirror_recording_begin(&recording, &config), 0);
}

static void
write_one(unsigned int origin)
{
	struct mirror_sink_packet packet = { .pkt = loose_random(100, 0), .wire_len = 100 };
	unsigned int taken;

	CHECK_EQ(mirror_recording_write(&recording, &origins[origin], &packet, 1, &taken), 0);
	CHECK_EQ(taken, 1);
	loose_free(packet.pkt);
}

static void
count(unsigned int origin, uint64_t packets, uint64_t full)
{
	const struct rte_mirror_stats stats = {
		.seen = packets + full, .packets = packets, .full = full
	};

	mirror_counted_set(&counted, origins[origin].mirror_id, &stats);
}

/* The last statistics are of the interface that came last. */
static void
finish(uint64_t packets, uint64_t full)
{
	struct recorded recorded;
	struct reading reading;

	mirror_counted_tell(&counted, &recording);
	mirror_recording_finish(&recording, 0);
	mirror_recording_close(&recording);
	recorded_read_file(&recorded, RECORDED_PATH);
	recorded_look(&recorded, false, &reading);
	CHECK_EQ(reading.nb_statistics, reading.nb_interfaces);
	CHECK_EQ(block_number(&reading.last_statistics, 4), packets + full);
	CHECK_EQ(block_number(&reading.last_statistics, 6), packets + full);
	CHECK_EQ(block_number(&reading.last_statistics, 7), full);
	recorded_free(&recorded);
}

static void
count_captures(void)
{
	mirror_counted_start(&counted);
	count(0, 0, 0);
	begin();
	write_one(0);
	count(0, 1, 2);
	finish(1, 2);
	/* Nobody reads meanwhile. */
	count(0, 1, 1000);
	begin();
	write_one(0);
	count(0, 2, 1003);
	finish(1, 3);
	begin();
	count(1, 0, 0);
	write_one(0);
	write_one(1);
	count(0, 3, 1003);
	count(1, 1, 5);
	finish(1, 5);
}

static void
a_capture_counts_from_its_beginning(void)
{
	recorded_in_folder(count_captures);
}

const struct test_case test_cases[] = {
	{ "a_capture_counts_from_its_beginning", a_capture_counts_from_its_beginning },
	{ NULL, NULL },
};
