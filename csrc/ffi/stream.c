/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "stream.h"

#define PCAP_HEADER_SIZE    24
#define PCAP_SNAPLEN_OFFSET 16
#define PCAP_SNAPLEN_SIZE   4

/* How every pcapng file begins, whatever its byte order. */
static const char pcapng_magic[] = { 0x0a, 0x0d, 0x0d, 0x0a };

/* What is there, at least a byte; 0 at the end or when told to stop. */
static ssize_t
read_some(struct ffi_stream *stream, char *buffer, size_t size)
{
	struct pollfd fds[] = {
		{ .fd = stream->fd, .events = POLLIN },
		{ .fd = stream->stop_fd, .events = POLLIN },
	};
	ssize_t nb;

	do {
		if (poll(fds, 2, -1) < 0)
			return -1;
		if (fds[1].revents != 0) {
			stream->stopped = true;
			return 0;
		}
		nb = read(stream->fd, buffer, size);
	} while (nb < 0 && errno == EAGAIN);
	if (nb > 0) {
		stream->offset += nb;
		if (stream->head != NULL)
			fwrite(buffer, 1, nb, stream->head);
	}
	return nb;
}

/*
 * libpcap cuts frames that are longer than what the header of their file promises, and writers exist that promise too
 * little. 0 is its word for no limit.
 */
static void
lift_snaplen(char *header)
{
	if (memcmp(header, pcapng_magic, sizeof(pcapng_magic)) != 0)
		memset(header + PCAP_SNAPLEN_OFFSET, 0, PCAP_SNAPLEN_SIZE);
}

static ssize_t
stream_read(void *cookie, char *buffer, size_t size)
{
	struct ffi_stream *stream = cookie;
	size_t have = 0;
	ssize_t nb;

	if (stream->offset > 0 || size < PCAP_HEADER_SIZE)
		return read_some(stream, buffer, size);
	/* A pipe may give the header in pieces. */
	while (have < PCAP_HEADER_SIZE) {
		nb = read_some(stream, buffer + have, size - have);
		if (nb < 0)
			return nb;
		if (nb == 0)
			return have;
		have += nb;
	}
	lift_snaplen(buffer);
	return have;
}

/* For ftell() alone. */
static int
stream_seek(void *cookie, off64_t *offset, int whence)
{
	struct ffi_stream *stream = cookie;

	if (whence != SEEK_CUR || *offset != 0) {
		errno = ESPIPE;
		return -1;
	}
	*offset = stream->offset;
	return 0;
}

FILE *
ffi_stream_open(struct ffi_stream *stream)
{
	static const cookie_io_functions_t functions = { .read = stream_read, .seek = stream_seek };

	return fopencookie(stream, "r", functions);
}
