/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What captures say of losses, and when they end. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../csrc/capture/newfile.h"
#include "recorded.h"
#include "testbed.h"

#define SECOND UINT64_C(1000000000)

enum { EPB_DROPCOUNT = 4, EPB_PACKETID };
enum { ISB_STARTTIME = 2, ISB_ENDTIME, ISB_IFRECV, ISB_IFDROP, ISB_FILTERACCEPT, ISB_OSDROP };

static struct mirror_capture *
open_file(enum mirror_capture_format format, const struct mirror_capture_limits *limits)
{
	const char *why;
	int fd;

	unlink(RECORDED_PATH);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH, &fd, &why), 0);
	return recorded_open(fd, format, limits);
}

static void
read_file(bool is_pcap, struct reading *reading, struct recorded *recorded)
{
	recorded_read_file(recorded, RECORDED_PATH);
	recorded_check(recorded, is_pcap, false, reading);
}

static size_t
check_file(bool is_pcap, unsigned int nb_packets, unsigned int nb_statistics)
{
	struct recorded recorded;
	struct reading reading;
	size_t size;

	read_file(is_pcap, &reading, &recorded);
	CHECK_EQ(reading.nb_packets, nb_packets);
	CHECK_EQ(reading.nb_statistics, nb_statistics);
	size = recorded.size;
	recorded_free(&recorded);
	return size;
}

static void
close_capture(struct mirror_capture *capture)
{
	CHECK_EQ(mirror_capture_finish(capture, 9), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
}

static enum mirror_capture_end
end_of(const struct mirror_capture *capture)
{
	struct mirror_capture_status status;

	mirror_capture_status_get(capture, &status);
	return status.end;
}

static void
write_and_wait(void)
{
	struct mirror_capture *capture = open_file(MIRROR_CAPTURE_PCAPNG, NULL);
	struct stat status;
	uint32_t i;

	for (i = 0; i < 10; i++) {
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
		CHECK_EQ(mirror_capture_tick(capture, i * SECOND + SECOND - 1, 1), 0);
		CHECK_EQ(stat(RECORDED_PATH, &status), 0);
		CHECK(i > 0 || status.st_size == 0);
		CHECK_EQ(mirror_capture_tick(capture, i * SECOND + SECOND, 1), 0);
		check_file(false, i + 1, 0);
	}
	close_capture(capture);
}

static void
what_waits_is_written_within_a_second(void)
{
	recorded_in_folder(write_and_wait);
}

static void
write_statistics(void)
{
	struct mirror_capture_counters counters = { .received = 100, .accepted = 10 };
	struct mirror_capture *capture = open_file(MIRROR_CAPTURE_PCAPNG, NULL);
	struct recorded recorded;
	struct reading reading;
	unsigned int i;

	for (i = 1; i < 300; i++) {
		counters.received += i < 200;
		mirror_capture_set_counters(capture, 0, &counters);
		CHECK_EQ(mirror_capture_tick(capture, i * SECOND / 10, 7 + i), 0);
	}
	CHECK_EQ(mirror_capture_flush(capture), 0);
	/* Every five seconds, and no more when nothing has changed since the last ones. */
	read_file(false, &reading, &recorded);
	CHECK_EQ(reading.nb_statistics, 4);
	CHECK_EQ(block_number(&reading.last_statistics, ISB_IFRECV), 299);
	CHECK_EQ(block_time(&reading.last_statistics, ISB_STARTTIME), 1);
	CHECK(reading.last_statistics.options[ISB_ENDTIME].value == NULL);
	CHECK_EQ(reading.last_statistics.time_ns, 7 + 200);
	recorded_free(&recorded);

	CHECK_EQ(mirror_capture_finish(capture, 5000), 0);
	CHECK_EQ(mirror_capture_finish(capture, 6000), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	read_file(false, &reading, &recorded);
	CHECK_EQ(reading.nb_statistics, 5);
	CHECK_EQ(block_time(&reading.last_statistics, ISB_ENDTIME), 5000);
	CHECK_EQ(block_number(&reading.last_statistics, ISB_FILTERACCEPT), 10);
	recorded_free(&recorded);
}

static void
statistics_come_every_five_seconds_and_in_the_end(void)
{
	recorded_in_folder(write_statistics);
}

static void
lose_packets(void)
{
	/* What the mirror has lost by then, of two kinds, and what its counters were reset to. */
	static const struct mirror_capture_counters counters[] = { { .full = 0 }, { .full = 3 },
		{ .full = 3, .dropped = 4 }, { .full = 3, .dropped = 4 }, { .full = 1 } };
	static const unsigned int dropped[] = { 0, 3, 4, 0, 1 }, ids[] = { 1, 5, 10, 11, 13 };
	struct mirror_capture *capture = open_file(MIRROR_CAPTURE_PCAPNG, NULL);
	struct recorded recorded;
	struct reading reading;
	unsigned int i;

	for (i = 0; i < RTE_DIM(counters); i++) {
		mirror_capture_set_counters(capture, 0, &counters[i]);
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
		CHECK_EQ(mirror_capture_flush(capture), 0);
		read_file(false, &reading, &recorded);
		CHECK_EQ(block_number(&reading.last_packet, EPB_PACKETID), ids[i]);
		CHECK_EQ(reading.last_packet.options[EPB_DROPCOUNT].value != NULL, dropped[i] > 0);
		if (dropped[i] > 0)
			CHECK_EQ(block_number(&reading.last_packet, EPB_DROPCOUNT), dropped[i]);
		recorded_free(&recorded);
	}
	close_capture(capture);
}

static void
losses_are_told_with_the_next_packet(void)
{
	recorded_in_folder(lose_packets);
}

static void
reach_limits(void)
{
	const struct mirror_capture_limits packets = { .packets = 5 };
	struct mirror_capture *capture = open_file(MIRROR_CAPTURE_PCAP, &packets);
	uint32_t i;

	for (i = 0; i < 5; i++) {
		CHECK_EQ(end_of(capture), MIRROR_CAPTURE_GOES_ON);
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
	}
	CHECK_EQ(end_of(capture), MIRROR_CAPTURE_ENDED_BY_PACKETS);
	CHECK_EQ(recorded_give(capture, 5, recorded_length(5)), -ESHUTDOWN);
	close_capture(capture);
	check_file(true, 5, 0);
}

static void
the_first_limit_that_is_reached_ends_it(void)
{
	recorded_in_folder(reach_limits);
}

/* As many packets as would just fit, and not one more; the last statistics included. */
static void
reach_sizes(void)
{
	static const struct mirror_capture_counters counters = { .received = 1 };
	struct mirror_capture_limits limits = { .max_size = 1 };
	struct mirror_capture *capture;
	unsigned int i, most = 0;
	size_t size;

	for (limits.max_size = 1100; limits.max_size < 3000; limits.max_size++) {
		const bool is_pcap = limits.max_size % 2;

		capture = open_file(is_pcap ? MIRROR_CAPTURE_PCAP : MIRROR_CAPTURE_PCAPNG, &limits);
		mirror_capture_set_counters(capture, 0, &counters);
		for (i = 0; recorded_give(capture, i, recorded_length(i)) == 0;)
			i++;
		CHECK_EQ(end_of(capture), MIRROR_CAPTURE_ENDED_BY_SIZE);
		close_capture(capture);
		size = check_file(is_pcap, i, !is_pcap);
		CHECK(size <= limits.max_size);
		CHECK(size + recorded_length(i) + 80 + 8 > limits.max_size);
		most = RTE_MAX(most, i);
	}
	CHECK(most > 10);
}

static void
no_capture_is_larger_than_it_may_be(void)
{
	recorded_in_folder(reach_sizes);
}

/* Bytes that were written of a packet of 300,000, and what the interface promises then. */
static void
write_long(uint32_t longest, uint32_t written, uint32_t promised)
{
	const struct mirror_capture_interface interface = { "a", "b", 1, 0 };
	struct mirror_capture_packet packet = {
		.captured_length = UINT32_MAX, .original_length = 300000, .interface = 1
	};
	struct mirror_capture_config config = { .longest = longest };
	struct rte_mbuf *pkt = loose_random(300000, 4711);
	struct mirror_capture *capture;
	struct recorded recorded;
	struct block block = { 0 };
	uint32_t number;
	unsigned int taken;
	const char *why;
	size_t at;

	unlink(RECORDED_PATH);
	CHECK_EQ(mirror_capture_newfile_create(RECORDED_PATH, &config.fd, &why), 0);
	CHECK_EQ(mirror_capture_open(&config, 0, 0, &capture), 0);
	CHECK_EQ(mirror_capture_add_interface(capture, &interface, &number), 0);
	CHECK_EQ(mirror_capture_add_interface(capture, &interface, &number), 0);
	for (at = 0; at < 4; at++)
		CHECK_EQ(mirror_capture_write(capture, &pkt, &packet, 1, &taken), 0);
	close_capture(capture);
	recorded_read_file(&recorded, RECORDED_PATH);
	for (at = 0; at < recorded.size;) {
		at += block_read(false, at == 0, recorded.data + at, recorded.size - at, &block);
		if (block.kind == BLOCK_INTERFACE)
			CHECK_EQ(block.snaplen, promised);
	}
	CHECK_EQ(block.captured_length, written);
	CHECK_EQ(block.original_length, 300000);
	CHECK_EQ(block.interface, 1);
	loose_check(&block, 4711);
	recorded_free(&recorded);
	loose_free(pkt);
}

static void
write_long_packets(void)
{
	write_long(0, MIRROR_CAPTURE_SNAPLEN, MIRROR_CAPTURE_SNAPLEN);
	write_long(UINT32_MAX, 300000, 300000);
	write_long(1000, 1000, MIRROR_CAPTURE_SNAPLEN);
}

static void
all_interfaces_promise_the_longest_packet(void)
{
	recorded_in_folder(write_long_packets);
}

static void
add_interfaces(void)
{
	const struct mirror_capture_interface interface = { .link_type = 1 };
	struct mirror_capture *capture = open_file(MIRROR_CAPTURE_PCAP, NULL);
	struct recorded recorded;
	struct reading reading;
	uint32_t number, i;

	CHECK_EQ(mirror_capture_add_interface(capture, &interface, &number), -E2BIG);
	close_capture(capture);
	capture = open_file(MIRROR_CAPTURE_PCAPNG, NULL);
	for (i = 1; i < MIRROR_CAPTURE_INTERFACES; i++) {
		CHECK_EQ(mirror_capture_add_interface(capture, &interface, &number), 0);
		CHECK_EQ(number, i);
	}
	CHECK_EQ(mirror_capture_add_interface(capture, &interface, &number), -E2BIG);
	close_capture(capture);
	read_file(false, &reading, &recorded);
	CHECK_EQ(reading.nb_interfaces, MIRROR_CAPTURE_INTERFACES);
	recorded_free(&recorded);
}

static void
interfaces_are_bounded_in_number(void)
{
	recorded_in_folder(add_interfaces);
}

const struct test_case test_cases[] = {
	{ "what_waits_is_written_within_a_second", what_waits_is_written_within_a_second },
	{ "statistics_come_every_five_seconds_and_in_the_end",
			statistics_come_every_five_seconds_and_in_the_end },
	{ "losses_are_told_with_the_next_packet", losses_are_told_with_the_next_packet },
	{ "the_first_limit_that_is_reached_ends_it", the_first_limit_that_is_reached_ends_it },
	{ "no_capture_is_larger_than_it_may_be", no_capture_is_larger_than_it_may_be },
	{ "all_interfaces_promise_the_longest_packet", all_interfaces_promise_the_longest_packet },
	{ "interfaces_are_bounded_in_number", interfaces_are_bounded_in_number },
	{ NULL, NULL },
};
