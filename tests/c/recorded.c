/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "recorded.h"

void
recorded_in_folder(void (*run)(void))
{
	char folder[] = "/tmp/mirror-capture-XXXXXX";
	const int before = open(".", O_PATH);

	CHECK(mkdtemp(folder) != NULL);
	CHECK_EQ(chdir(folder), 0);
	run();
	unlink(RECORDED_PATH);
	CHECK_EQ(fchdir(before), 0);
	CHECK_EQ(rmdir(folder), 0);
	close(before);
}

struct mirror_capture *
recorded_open(int fd, enum mirror_capture_format format, const struct mirror_capture_limits *limits)
{
	static const struct mirror_capture_interface interface = { "eth0", "tests", 1, 0 };
	struct mirror_capture_config config = { .fd = fd, .format = format, .shares = true };
	struct mirror_capture *capture;
	uint32_t number;

	if (limits != NULL)
		config.limits = *limits;
	CHECK_EQ(mirror_capture_open(&config, 0, 1, &capture), 0);
	CHECK_EQ(mirror_capture_add_interface(capture, &interface, &number), 0);
	CHECK_EQ(number, 0);
	return capture;
}

uint32_t
recorded_length(uint32_t number)
{
	return number * 37 % 200 + (number % 50 == 49 ? 5000 : 0);
}

int
recorded_give(struct mirror_capture *capture, uint32_t number, uint32_t length)
{
	struct mirror_capture_packet packet = {
		.time_ns = number,
		.captured_length = UINT32_MAX,
		.original_length = length + 4,
		.queue = number % 3,
		.has_queue = number % 2,
		.direction = number % 3,
	};
	struct rte_mbuf *pkt = loose_random(length, number);
	unsigned int taken = 7;
	int rc = mirror_capture_write(capture, &pkt, &packet, 1, &taken);
	struct mirror_capture_status status;

	mirror_capture_status_get(capture, &status);
	CHECK_EQ(taken, rc == 0);
	CHECK_EQ(packet.end, rc == 0 ? status.size : 0);
	CHECK(status.written <= status.size);
	loose_free(pkt);
	return rc;
}

static void
read_some(struct recorded *recorded, int fd, size_t most, ssize_t *size)
{
	recorded->data = realloc(recorded->data, recorded->size + most);
	CHECK(recorded->data != NULL);
	*size = read(fd, recorded->data + recorded->size, most);
	if (*size > 0)
		recorded->size += *size;
}

void
recorded_read_file(struct recorded *recorded, const char *path)
{
	const int fd = open(path, O_RDONLY);
	ssize_t size;

	CHECK(fd >= 0);
	*recorded = (struct recorded){ 0 };
	do
		read_some(recorded, fd, 1 << 16, &size);
	while (size > 0);
	CHECK_EQ(size, 0);
	close(fd);
}

bool
recorded_read_stream(struct recorded *recorded, int fd, size_t most)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	ssize_t size;

	if (most == 0 || poll(&ready, 1, 0) == 0)
		return true;
	read_some(recorded, fd, most, &size);
	return size > 0;
}

void
recorded_free(struct recorded *recorded)
{
	free(recorded->data);
	*recorded = (struct recorded){ 0 };
}

/* How much of a block there has to be to know its length. */
static bool
is_whole(const struct recorded *recorded, bool is_pcap, size_t at)
{
	const size_t left = recorded->size - at;
	uint32_t length;

	if (left < 16 || (is_pcap && at == 0))
		return left >= 24;
	memcpy(&length, recorded->data + at + (is_pcap ? 8 : 4), sizeof(length));
	return left >= length + (is_pcap ? 16U : 0U);
}

static void
check_packet(const struct block *block, bool is_pcap, uint32_t number)
{
	CHECK_EQ(block->time_ns, number);
	CHECK_EQ(block->captured_length, recorded_length(number));
	CHECK_EQ(block->original_length, recorded_length(number) + 4);
	loose_check(block, number);
	if (is_pcap)
		return;
	CHECK_EQ(block->interface, 0);
	CHECK_EQ(block->options[6].value != NULL, number % 2);
	CHECK_EQ(block->options[2].value != NULL, number % 3 != 0);
}

static void
look(const struct recorded *recorded, bool is_pcap, bool may_be_cut, bool is_numbered,
		struct reading *reading)
{
	struct block block;
	size_t at;

	*reading = (struct reading){ 0 };
	for (at = 0; at < recorded->size;) {
		if (may_be_cut && !is_whole(recorded, is_pcap, at))
			return;
		at += block_read(
				is_pcap, at == 0, recorded->data + at, recorded->size - at, &block);
		if (block.kind == BLOCK_INTERFACE) {
			reading->nb_interfaces++;
		} else if (block.kind == BLOCK_STATISTICS) {
			reading->nb_statistics++;
			reading->last_statistics = block;
		} else if (block.kind == BLOCK_PACKET) {
			if (is_numbered)
				check_packet(&block, is_pcap, reading->nb_packets);
			reading->nb_packets++;
			reading->last_packet = block;
		}
	}
}

void
recorded_check(const struct recorded *recorded, bool is_pcap, bool may_be_cut,
		struct reading *reading)
{
	look(recorded, is_pcap, may_be_cut, true, reading);
}

void
recorded_look(const struct recorded *recorded, bool may_be_cut, struct reading *reading)
{
	look(recorded, false, may_be_cut, false, reading);
}
