/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Captures on disks that are full at any byte. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorded.h"
#include "testbed.h"

#define SEED   4711
#define FEW    12
#define MANY   4000
#define OTHERS "others'"
#define LATE   UINT64_C(3000000000)

static const enum mirror_capture_format formats[] = { MIRROR_CAPTURE_PCAPNG, MIRROR_CAPTURE_PCAP };

/* Stands in for libc's: of a file that is full after so many bytes, with any errno, and short and interrupted writes. */
static struct {
	int fd;
	size_t left;
	int error;
	int other; /* appends something when it is full */
} full = { .fd = -1, .other = -1 };

ssize_t
write(int fd, const void *data, size_t size)
{
	ssize_t done;

	if (fd != full.fd)
		return syscall(SYS_write, fd, data, size);
	if (rand() % 4 == 0) {
		errno = EINTR;
		return -1;
	}
	if (full.left == 0) {
		if (full.other >= 0)
			CHECK_EQ(syscall(SYS_write, full.other, OTHERS, strlen(OTHERS)),
					strlen(OTHERS));
		errno = full.error;
		return -1;
	}
	size = RTE_MIN(size, 1 + (size_t)rand() % 3000);
	size = RTE_MIN(size, full.left);
	done = syscall(SYS_write, fd, data, size);
	full.left -= done;
	return done;
}

static char path[] = "/tmp/mirror-capture-XXXXXX";

static int
make_file(void)
{
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	CHECK(fd >= 0);
	return fd;
}

static void
check_file(bool is_pcap, struct reading *reading, size_t *size)
{
	struct recorded recorded;

	recorded_read_file(&recorded, path);
	recorded_check(&recorded, is_pcap, false, reading);
	*size = recorded.size;
	recorded_free(&recorded);
}

static size_t
write_whole(enum mirror_capture_format format)
{
	struct mirror_capture *capture = recorded_open(make_file(), format, NULL);
	struct reading reading;
	uint32_t i;
	size_t size;

	for (i = 0; i < FEW; i++)
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
	CHECK_EQ(mirror_capture_finish(capture, 1), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	check_file(format == MIRROR_CAPTURE_PCAP, &reading, &size);
	CHECK_EQ(reading.nb_packets, FEW);
	CHECK_EQ(unlink(path), 0);
	return size;
}

/* Full after so many bytes while half of the packets come, and for the other half; then there is room. */
static void
fill(enum mirror_capture_format format, size_t most, void (*limit)(int fd, size_t most), int error)
{
	const bool is_pcap = format == MIRROR_CAPTURE_PCAP;
	const int fd = make_file();
	struct mirror_capture *capture = recorded_open(fd, format, NULL);
	struct reading reading;
	size_t size;
	uint32_t i;
	int rc;

	limit(fd, most);
	for (i = 0; i < FEW; i++) {
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
		rc = mirror_capture_flush(capture);
		CHECK(rc == 0 || rc == error);
		check_file(is_pcap, &reading, &size);
		CHECK(size <= most);
		CHECK_EQ(mirror_capture_waiting(capture) + reading.nb_packets, i + 1);
		/* Left alone for a while, and then tried again. */
		CHECK_EQ(mirror_capture_flush(capture), rc);
		mirror_capture_tick(capture, i * LATE, 1);
	}
	limit(fd, SIZE_MAX);
	CHECK_EQ(mirror_capture_tick(capture, FEW * LATE, 1), 0);
	check_file(is_pcap, &reading, &size);
	CHECK_EQ(reading.nb_packets, FEW);
	CHECK_EQ(mirror_capture_finish(capture, 1), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	full.fd = -1;
	CHECK_EQ(unlink(path), 0);
}

static void
set_stand_in(int fd, size_t most)
{
	full.fd = fd;
	full.left = most;
}

static void
set_rlimit(int fd, size_t most)
{
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };

	(void)fd;
	limit.rlim_cur = most == SIZE_MAX ? RLIM_INFINITY : most;
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void
a_file_ends_with_a_whole_record_wherever_it_is_full(void)
{
	const unsigned int nb = RTE_DIM(formats);
	unsigned int i;
	size_t most;

	signal(SIGXFSZ, SIG_IGN);
	for (i = 0; i < nb; i++)
		for (most = write_whole(formats[i]); most-- > 0;)
			fill(formats[i], most, set_rlimit, -EFBIG);
}

static void
so_it_does_whatever_the_reason(void)
{
	static const int errors[] = { ENOSPC, EDQUOT, EFBIG, EIO };
	const unsigned int nb = RTE_DIM(formats);
	unsigned int i;
	size_t most;

	srand(SEED);
	for (i = 0; i < nb; i++) {
		for (most = write_whole(formats[i]); most-- > 0;) {
			full.error = errors[most % RTE_DIM(errors)];
			/* How much was left when it was cut back is not known, so what is written anew fails. */
			fill(formats[i], most, set_stand_in, -full.error);
		}
	}
}

/* The capture begins behind what is there, and something is behind that: it stays. */
static void
what_else_is_in_a_file_stays(void)
{
	const size_t whole = write_whole(MIRROR_CAPTURE_PCAPNG);
	struct mirror_capture *capture;
	struct recorded recorded;
	struct stat status;
	uint32_t i;
	int fd = make_file();

	CHECK_EQ(ftruncate(fd, 100 + whole + 100), 0);
	CHECK_EQ(lseek(fd, 100, SEEK_SET), 100);
	capture = recorded_open(fd, MIRROR_CAPTURE_PCAPNG, NULL);
	set_stand_in(fd, 700);
	full.error = ENOSPC;
	for (i = 0; i < FEW; i++)
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
	CHECK_EQ(mirror_capture_flush(capture), -ENOSPC);
	CHECK_EQ(fstat(fd, &status), 0);
	CHECK_EQ(status.st_size, 100 + whole + 100);
	set_stand_in(-1, 0);
	CHECK_EQ(mirror_capture_finish(capture, 1), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	recorded_read_file(&recorded, path);
	CHECK_EQ(recorded.size, 100 + whole + 100);
	memmove(recorded.data, recorded.data + 100, whole);
	recorded.size = whole;
	recorded_check(&recorded, false, false, &(struct reading){ 0 });
	recorded_free(&recorded);
	CHECK_EQ(unlink(path), 0);
}

/* Gives packets of which a file takes 700 bytes. */
static struct mirror_capture *
append_to_full(int fd, int other)
{
	struct mirror_capture *capture;
	uint32_t i;

	CHECK_EQ(fcntl(fd, F_SETFL, O_APPEND), 0);
	capture = recorded_open(fd, MIRROR_CAPTURE_PCAPNG, NULL);
	for (i = 0; i < FEW; i++)
		CHECK_EQ(recorded_give(capture, i, recorded_length(i)), 0);
	set_stand_in(fd, 700);
	full.error = ENOSPC;
	full.other = other;
	CHECK_EQ(mirror_capture_flush(capture), -ENOSPC);
	set_stand_in(-1, 0);
	full.other = -1;
	return capture;
}

/* What somebody else has appended in the meantime is not cut off: the record goes on behind it. */
static void
what_others_append_stays(void)
{
	int fd = make_file(), other = open(path, O_WRONLY | O_APPEND);
	struct mirror_capture *capture = append_to_full(fd, other);
	struct recorded recorded;
	struct reading reading;
	uint8_t *found;

	CHECK_EQ(mirror_capture_finish(capture, 1), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	recorded_read_file(&recorded, path);
	found = memmem(recorded.data, recorded.size, OTHERS, strlen(OTHERS));
	CHECK(found == recorded.data + 700);
	recorded.size -= strlen(OTHERS);
	memmove(found, found + strlen(OTHERS), recorded.size - 700);
	recorded_check(&recorded, false, false, &reading);
	CHECK_EQ(reading.nb_packets, FEW);
	recorded_free(&recorded);
	close(other);
	CHECK_EQ(unlink(path), 0);
}

/* What is appended and is the last in its file is cut off. */
static void
what_is_appended_ends_with_a_whole_record_too(void)
{
	struct mirror_capture *capture = append_to_full(make_file(), -1);
	struct reading reading;
	size_t size;

	check_file(false, &reading, &size);
	CHECK(size < 700);
	CHECK_EQ(mirror_capture_finish(capture, 1), 0);
	CHECK_EQ(mirror_capture_close(capture), 0);
	check_file(false, &reading, &size);
	CHECK_EQ(reading.nb_packets, FEW);
	CHECK_EQ(unlink(path), 0);
}

const struct test_case test_cases[] = {
	{ "a_file_ends_with_a_whole_record_wherever_it_is_full",
			a_file_ends_with_a_whole_record_wherever_it_is_full },
	{ "so_it_does_whatever_the_reason", so_it_does_whatever_the_reason },
	{ "what_else_is_in_a_file_stays", what_else_is_in_a_file_stays },
	{ "what_others_append_stays", what_others_append_stays },
	{ "what_is_appended_ends_with_a_whole_record_too",
			what_is_appended_ends_with_a_whole_record_too },
	{ NULL, NULL },
};
