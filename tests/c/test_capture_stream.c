/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Captures on streams that are read by anyone at any pace. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "recorded.h"
#include "testbed.h"

#define SEED 4711
#define MANY 8000

static const enum mirror_capture_format formats[] = { MIRROR_CAPTURE_PCAPNG, MIRROR_CAPTURE_PCAP };

/* Gives and reads in turns of any sizes. Whoever made this wait would wait for ever. */
static void
take_turns(struct mirror_capture *capture, int reader, struct recorded *recorded)
{
	uint32_t given = 0, nb_full = 0;
	int rc;

	while (given < MANY) {
		unsigned int turn = 1 + rand() % 2000;

		for (rc = 0; turn > 0 && given < MANY && rc == 0; turn--) {
			rc = recorded_give(capture, given, recorded_length(given));
			given += rc == 0;
		}
		CHECK(rc == 0 || rc == -EAGAIN);
		nb_full += rc != 0;
		rc = mirror_capture_flush(capture);
		CHECK(rc == 0 || rc == -EAGAIN);
		for (turn = rand() % 4; turn > 0; turn--)
			CHECK(recorded_read_stream(recorded, reader, rand() % 20000));
	}
	CHECK(nb_full > 0);
}

static void
stream(int fd, int reader, enum mirror_capture_format format)
{
	struct mirror_capture *capture = recorded_open(fd, format, NULL);
	struct mirror_capture_status status;
	struct recorded recorded = { 0 };
	struct reading reading;
	int rc;

	take_turns(capture, reader, &recorded);
	while ((rc = mirror_capture_finish(capture, 1)) == -EAGAIN) {
		CHECK(recorded_read_stream(&recorded, reader, 1 << 16));
		mirror_capture_status_get(capture, &status);
		CHECK_EQ(status.packets, MANY);
		CHECK(mirror_capture_waiting(capture) > 0);
	}
	CHECK_EQ(rc, 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	while (recorded_read_stream(&recorded, reader, 1 << 16))
		continue;
	recorded_check(&recorded, format == MIRROR_CAPTURE_PCAP, false, &reading);
	CHECK_EQ(reading.nb_packets, MANY);
	recorded_free(&recorded);
	close(reader);
}

static void
slow_readers_get_all_that_was_taken(void)
{
	const unsigned int nb = RTE_DIM(formats);
	unsigned int i;
	int fds[2];

	srand(SEED);
	for (i = 0; i < 2 * nb; i++) {
		const int flags = i / nb == 0 ? 0 : O_NONBLOCK;

		CHECK_EQ(pipe2(fds, O_CLOEXEC), 0);
		CHECK_EQ(fcntl(fds[1], F_SETFL, flags), 0);
		stream(fds[1], fds[0], formats[i % nb]);
		CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		CHECK_EQ(fcntl(fds[1], F_SETFL, flags), 0);
		stream(fds[1], fds[0], formats[i % nb]);
	}
}

static void
read_all_there_is(struct recorded *recorded, int fd)
{
	size_t before;

	do {
		before = recorded->size;
		CHECK(recorded_read_stream(recorded, fd, 1 << 16));
	} while (recorded->size > before);
}

/* What has arrived whole, and what waits, with the packet that has arrived in part, are all. */
static void
what_waits_is_what_has_not_arrived_whole(void)
{
	struct recorded recorded = { 0 };
	struct mirror_capture *capture;
	struct reading reading;
	uint32_t given = 0;
	unsigned int nb_waits = 0;
	int fds[2];

	srand(SEED);
	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	capture = recorded_open(fds[1], MIRROR_CAPTURE_PCAPNG, NULL);
	while (given < MANY) {
		unsigned int turn = rand() % 2000;

		for (; turn > 0 && recorded_give(capture, given, recorded_length(given)) == 0;
				turn--)
			given++;
		mirror_capture_flush(capture);
		read_all_there_is(&recorded, fds[0]);
		recorded_check(&recorded, false, true, &reading);
		CHECK_EQ(reading.nb_packets + mirror_capture_waiting(capture), given);
		nb_waits += mirror_capture_waiting(capture) > 0;
	}
	CHECK(nb_waits > 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	recorded_free(&recorded);
	close(fds[0]);
}

static void
a_reader_that_goes_is_told(void)
{
	struct mirror_capture *capture;
	unsigned int i;
	sigset_t set;
	int fds[2];

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	CHECK_EQ(pthread_sigmask(SIG_BLOCK, &set, NULL), 0);
	for (i = 0; i < 2; i++) {
		CHECK_EQ(i == 0 ? pipe(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		capture = recorded_open(fds[1], MIRROR_CAPTURE_PCAPNG, NULL);
		CHECK_EQ(mirror_capture_flush(capture), 0);
		close(fds[0]);
		CHECK_EQ(recorded_give(capture, 0, 10), 0);
		CHECK_EQ(mirror_capture_flush(capture), -EPIPE);
		CHECK_EQ(mirror_capture_close(capture), 0);
	}
}

const struct test_case test_cases[] = {
	{ "slow_readers_get_all_that_was_taken", slow_readers_get_all_that_was_taken },
	{ "what_waits_is_what_has_not_arrived_whole", what_waits_is_what_has_not_arrived_whole },
	{ "a_reader_that_goes_is_told", a_reader_that_goes_is_told },
	{ NULL, NULL },
};
