/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Captures on streams whose readers read memory, and say of it what they like. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../csrc/capture/memory.h"
#include "recorded.h"
#include "testbed.h"

#define SEED 4711
#define MANY 40000
#define SIZE ((size_t)MIRROR_CAPTURE_MEMORY_SEGMENT * MIRROR_CAPTURE_MEMORY_SEGMENTS)
#define HELD 4096
#define MOST (8 * SIZE)

/* A reader, the pieces that it is not done with, and all that has come. */
struct reader {
	int fd, file;
	uint8_t *bytes;
	struct mirror_capture_memory_piece held[HELD];
	unsigned int nb_held;
	struct recorded come;
};

static void
ask(int fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s-%d",
			MIRROR_CAPTURE_MEMORY_NAME, (int)getpid());
	CHECK_EQ(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static int
receive_hello(int fd)
{
	struct mirror_capture_memory_hello hello;
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec data = { .iov_base = &hello, .iov_len = sizeof(hello) };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int file;

	CHECK_EQ(recvmsg(fd, &message, 0), sizeof(hello));
	CHECK_EQ(hello.magic, MIRROR_CAPTURE_MEMORY_MAGIC);
	CHECK_EQ((uint64_t)hello.segment * hello.nb_segments, SIZE);
	memcpy(&file, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(file));
	return file;
}

static struct mirror_capture *
open_both(struct reader *reader)
{
	struct mirror_capture *capture;
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ask(fds[0]);
	capture = recorded_open(fds[1], MIRROR_CAPTURE_PCAPNG, NULL);
	CHECK(mirror_capture_is_shared(capture));
	*reader = (struct reader){ .fd = fds[0], .file = receive_hello(fds[0]) };
	reader->bytes = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, reader->file, 0);
	CHECK(reader->bytes != MAP_FAILED);
	reader->come.data = malloc(MOST);
	return capture;
}

static void
close_reader(struct reader *reader)
{
	munmap(reader->bytes, SIZE);
	close(reader->file);
	close(reader->fd);
	recorded_free(&reader->come);
}

/* Receives a piece, if there is one, and copies it. */
static bool
receive(struct reader *reader)
{
	struct mirror_capture_memory_piece *piece = &reader->held[reader->nb_held];
	struct recorded *come = &reader->come;

	if (recv(reader->fd, piece, sizeof(*piece), MSG_DONTWAIT) != sizeof(*piece))
		return false;
	CHECK(come->size + piece->length <= MOST);
	memcpy(come->data + come->size, reader->bytes + piece->offset, piece->length);
	come->size += piece->length;
	CHECK(++reader->nb_held < HELD);
	return true;
}

static void
answer(const struct reader *reader, uint32_t offset, uint32_t length)
{
	const struct mirror_capture_memory_piece piece = { offset, length };

	CHECK_EQ(send(reader->fd, &piece, sizeof(piece), 0), sizeof(piece));
}

/* Is done with one of the pieces, in one or two steps; what it holds still is as it came. */
static void
release_any(struct reader *reader)
{
	const unsigned int i = rand() % reader->nb_held;
	const struct mirror_capture_memory_piece piece = reader->held[i];
	const uint32_t part = rand() % 2 == 0 ? piece.length : piece.length / 2;

	answer(reader, piece.offset, part);
	if (part < piece.length)
		answer(reader, piece.offset + part, piece.length - part);
	reader->held[i] = reader->held[--reader->nb_held];
}

static void
read_in_turns(struct reader *reader)
{
	unsigned int turn;

	for (turn = rand() % 2; turn > 0 && receive(reader);)
		turn--;
	for (turn = rand() % 2; turn > 0 && reader->nb_held > 0; turn--)
		release_any(reader);
}

static void
readers_get_all_that_was_taken_in_whatever_order_they_are_done_with_it(void)
{
	struct mirror_capture *capture;
	struct reader reader;
	struct reading reading;
	uint32_t given = 0, nb_full = 0;
	int rc;

	srand(SEED);
	capture = open_both(&reader);
	while (given < MANY) {
		unsigned int turn = 1 + rand() % 4000;

		for (rc = 0; turn > 0 && given < MANY && rc == 0; turn--) {
			rc = recorded_give(capture, given, recorded_length(given));
			given += rc == 0;
		}
		CHECK(rc == 0 || rc == -EAGAIN);
		nb_full += rc != 0;
		if (rand() % 4 == 0)
			CHECK_EQ(mirror_capture_flush(capture), 0);
		read_in_turns(&reader);
	}
	CHECK(nb_full > 0);
	while ((rc = mirror_capture_finish(capture, 1)) == -EAGAIN)
		read_in_turns(&reader);
	CHECK_EQ(rc, 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	while (receive(&reader))
		continue;
	recorded_check(&reader.come, false, false, &reading);
	CHECK_EQ(reading.nb_packets, MANY);
	close_reader(&reader);
}

/* What a reader holds is not written to, however much comes; and there is no more than it was given. */
static void
what_a_reader_holds_stays_as_it_is(void)
{
	struct mirror_capture *capture;
	struct reader reader;
	uint8_t *first;
	uint32_t given = 0;
	size_t length;

	capture = open_both(&reader);
	CHECK_EQ(recorded_give(capture, given++, 1000), 0);
	CHECK_EQ(mirror_capture_flush(capture), 0);
	CHECK(receive(&reader));
	length = reader.come.size;
	first = malloc(length);
	memcpy(first, reader.come.data, length);
	while (given < 4 * SIZE / 1000) {
		if (recorded_give(capture, given, 1000) == 0)
			given++;
		mirror_capture_flush(capture);
		while (receive(&reader)) {
			reader.nb_held--;
			answer(&reader, reader.held[1].offset, reader.held[1].length);
		}
	}
	CHECK_EQ(reader.nb_held, 1);
	CHECK(memcmp(first, reader.bytes + reader.held[0].offset, length) == 0);
	free(first);
	CHECK_EQ(mirror_capture_close(capture), 0);
	close_reader(&reader);
}

static void
a_reader_that_is_done_with_nothing_is_given_no_more(void)
{
	struct mirror_capture *capture;
	struct reader reader;
	uint32_t given = 0;

	capture = open_both(&reader);
	while (recorded_give(capture, given, 1000) == 0)
		given++;
	CHECK(given > SIZE / 1100 - 1000 && given < SIZE / 1000);
	CHECK_EQ(recorded_give(capture, given, 1000), -EAGAIN);
	CHECK_EQ(mirror_capture_flush(capture), 0);
	CHECK_EQ(mirror_capture_waiting(capture), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	close_reader(&reader);
}

static void
a_reader_that_lies_has_gone(void)
{
	static const struct mirror_capture_memory_piece lies[] = {
		{ 0, 0 },
		{ 0, 1 << 20 },
		{ MIRROR_CAPTURE_MEMORY_SEGMENT, 4 },
		{ SIZE, 4 },
		{ UINT32_MAX, UINT32_MAX },
	};
	struct mirror_capture *capture;
	struct reader reader;
	unsigned int i;

	for (i = 0; i <= RTE_DIM(lies); i++) {
		capture = open_both(&reader);
		CHECK_EQ(recorded_give(capture, 0, 1000), 0);
		CHECK_EQ(mirror_capture_flush(capture), 0);
		if (i < RTE_DIM(lies))
			answer(&reader, lies[i].offset, lies[i].length);
		else
			CHECK_EQ(send(reader.fd, lies, 3, 0), 3);
		CHECK_EQ(recorded_give(capture, 1, 1000), 0);
		CHECK_EQ(mirror_capture_flush(capture), -EPROTO);
		CHECK_EQ(mirror_capture_close(capture), 0);
		close_reader(&reader);
	}
}

/* A reader could otherwise kill the application, which looks at the memory. */
static void
nobody_else_can_cut_the_memory_or_write_to_it(void)
{
	struct mirror_capture *capture;
	struct reader reader;

	capture = open_both(&reader);
	CHECK(mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, reader.file, 0) == MAP_FAILED);
	CHECK(mprotect(reader.bytes, SIZE, PROT_READ | PROT_WRITE) != 0);
	CHECK(write(reader.file, "x", 1) < 0);
	CHECK(ftruncate(reader.file, 0) != 0);
	CHECK(ftruncate(reader.file, 2 * SIZE) != 0);
	CHECK(fallocate(reader.file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, SIZE) != 0);
	CHECK(fcntl(reader.file, F_ADD_SEALS, F_SEAL_WRITE) != 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	close_reader(&reader);
}

/* As one does that will never be done with anything. */
static void
a_reader_that_goes_is_told(void)
{
	struct mirror_capture *capture;
	struct reader reader;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		capture = open_both(&reader);
		CHECK_EQ(mirror_capture_flush(capture), 0);
		CHECK_EQ(shutdown(reader.fd, i == 0 ? SHUT_RDWR : SHUT_WR), 0);
		CHECK_EQ(recorded_give(capture, 0, 10), 0);
		CHECK_EQ(mirror_capture_flush(capture), -EPIPE);
		CHECK_EQ(mirror_capture_close(capture), 0);
		close_reader(&reader);
	}
}

/* As run does, whose writer does not know when there is room. */
static void
who_shares_with_nobody_sends_bytes(void)
{
	struct mirror_capture_config config = { .format = MIRROR_CAPTURE_PCAPNG };
	struct mirror_capture *capture;
	uint32_t kind;
	int fds[2];

	CHECK_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ask(fds[0]);
	config.fd = fds[1];
	CHECK_EQ(mirror_capture_open(&config, 0, 1, &capture), 0);
	CHECK(!mirror_capture_is_shared(capture));
	CHECK_EQ(mirror_capture_flush(capture), 0);
	CHECK_EQ(read(fds[0], &kind, sizeof(kind)), sizeof(kind));
	CHECK_EQ(kind, 0x0a0d0d0a);
	CHECK_EQ(mirror_capture_close(capture), 0);
	close(fds[0]);
}

const struct test_case test_cases[] = {
	{ "who_shares_with_nobody_sends_bytes", who_shares_with_nobody_sends_bytes },
	{ "readers_get_all_that_was_taken_in_whatever_order_they_are_done_with_it",
			readers_get_all_that_was_taken_in_whatever_order_they_are_done_with_it },
	{ "what_a_reader_holds_stays_as_it_is", what_a_reader_holds_stays_as_it_is },
	{ "a_reader_that_is_done_with_nothing_is_given_no_more",
			a_reader_that_is_done_with_nothing_is_given_no_more },
	{ "a_reader_that_lies_has_gone", a_reader_that_lies_has_gone },
	{ "nobody_else_can_cut_the_memory_or_write_to_it",
			nobody_else_can_cut_the_memory_or_write_to_it },
	{ "a_reader_that_goes_is_told", a_reader_that_goes_is_told },
	{ NULL, NULL },
};
