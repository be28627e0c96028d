/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "memory.h"
#include "meta.h"

#define SEGMENT     MIRROR_CAPTURE_MEMORY_SEGMENT
#define NB_SEGMENTS MIRROR_CAPTURE_MEMORY_SEGMENTS
#define SIZE        ((size_t)SEGMENT * NB_SEGMENTS)

#define NB_ANSWERS  64

_Static_assert(SEGMENT >= MIRROR_CAPTURE_SNAPLEN + MIRROR_CAPTURE_PACKET_OVERHEAD, "records fit");

bool
mirror_capture_memory_is_wanted(int fd)
{
	static const char name[] = MIRROR_CAPTURE_MEMORY_NAME;
	struct sockaddr_un address = { 0 };
	socklen_t size = sizeof(address);

	return getpeername(fd, (struct sockaddr *)&address, &size) == 0 &&
			address.sun_family == AF_UNIX && address.sun_path[0] == '\0' &&
			memcmp(address.sun_path + 1, name, sizeof(name) - 1) == 0;
}

/* All of it is there from now on, whatever becomes short later; a child of fork() has no use for it. */
static void *
map(int file)
{
	void *bytes;

	if (ftruncate(file, SIZE) != 0 || fallocate(file, 0, 0, SIZE) != 0)
		return MAP_FAILED;
	bytes = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
	if (bytes != MAP_FAILED)
		madvise(bytes, SIZE, MADV_DONTFORK);
	return bytes;
}

/* Nobody can cut it, or write to it but by what is mapped already. */
static int
seal(int file)
{
	return fcntl(file, F_ADD_SEALS,
			F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
}

static int
greet(int fd, int file)
{
	struct mirror_capture_memory_hello hello = {
		.magic = MIRROR_CAPTURE_MEMORY_MAGIC,
		.version = MIRROR_CAPTURE_MEMORY_VERSION,
		.segment = SEGMENT,
		.nb_segments = NB_SEGMENTS,
	};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(file))];
	} control = {
		.header = {
			.cmsg_len = CMSG_LEN(sizeof(file)),
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
		},
	};
	struct iovec data = { .iov_base = &hello, .iov_len = sizeof(hello) };
	const struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.space),
	};

	memcpy(CMSG_DATA(&control.header), &file, sizeof(file));
	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -1 : 0;
}

int
mirror_capture_memory_open(struct mirror_capture_memory *memory, int fd)
{
	const int file = memfd_create("dpdk-mirror-stream", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *bytes = MAP_FAILED;
	int rc = 0;

	if (file < 0)
		return -errno;
	bytes = map(file);
	if (bytes == MAP_FAILED || seal(file) != 0 || greet(fd, file) != 0)
		rc = -errno;
	if (rc == 0)
		*memory = (struct mirror_capture_memory){ .fd = fd, .bytes = bytes };
	else if (bytes != MAP_FAILED)
		munmap(bytes, SIZE);
	close(file);
	return rc;
}

static int
note_answer(struct mirror_capture_memory *memory, const struct mirror_capture_memory_piece *answer)
{
	const uint32_t segment = answer->offset / SEGMENT;

	if (segment >= NB_SEGMENTS || answer->length == 0 || answer->length > memory->held[segment])
		return -EPROTO;
	memory->held[segment] -= answer->length;
	return 0;
}

static int
read_answers(struct mirror_capture_memory *memory)
{
	struct mirror_capture_memory_piece answers[NB_ANSWERS];
	ssize_t size, i;
	int rc = 0;

	do {
		size = recv(memory->fd, answers, sizeof(answers), MSG_DONTWAIT);
		/* What is never to be done with anything has gone. */
		if (size == 0)
			return -EPIPE;
		if (size < 0)
			return errno == EAGAIN || errno == EINTR ? 0 : -errno;
		if (size % sizeof(answers[0]) != 0)
			return -EPROTO;
		for (i = 0; rc == 0 && i < size / (ssize_t)sizeof(answers[0]); i++)
			rc = note_answer(memory, &answers[i]);
	} while (rc == 0 && size == sizeof(answers));
	return rc;
}

int
mirror_capture_memory_tell(struct mirror_capture_memory *memory, size_t offset, size_t length)
{
	const struct mirror_capture_memory_piece piece = { offset, length };
	/* Also so that they do not pile up. */
	const int rc = read_answers(memory);

	if (rc != 0)
		return rc;
	/* So short a message is sent whole or not at all. */
	if (send(memory->fd, &piece, sizeof(piece), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	memory->held[memory->current] += length;
	return 0;
}

/* The first one that is free: as few as can be are in use, and so in the CPU's cache. */
static bool
find_segment(struct mirror_capture_memory *memory)
{
	uint32_t i;

	for (i = 0; i < NB_SEGMENTS; i++) {
		if (memory->held[i] == 0) {
			memory->current = i;
			return true;
		}
	}
	return false;
}

int
mirror_capture_memory_find_room(
		struct mirror_capture_memory *memory, size_t size, size_t *filled, size_t *end)
{
	const int rc = read_answers(memory);
	size_t room = (memory->current + 1) * (size_t)SEGMENT - *filled;

	if (rc != 0)
		return rc;
	if (memory->held[memory->current] == 0 || room < size) {
		if (!find_segment(memory)) {
			*end = *filled;
			return -EAGAIN;
		}
		*filled = memory->current * (size_t)SEGMENT;
		room = SEGMENT;
	}
	*end = *filled + room;
	return 0;
}

void
mirror_capture_memory_close(struct mirror_capture_memory *memory)
{
	munmap(memory->bytes, SIZE);
	memory->bytes = NULL;
}
