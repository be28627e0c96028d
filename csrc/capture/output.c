/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "format.h"
#include "output.h"
#include "pcap.h"

/* Tells the reader all that it does not know. */
static int
tell_reader(struct mirror_capture_output *output)
{
	int rc = 0;

	if (mirror_capture_output_waits(output))
		rc = mirror_capture_memory_tell(
				&output->memory, output->written, output->filled - output->written);
	if (rc == 0)
		output->record = output->written = output->filled;
	return rc;
}

static int
find_room(struct mirror_capture_output *output, size_t size)
{
	int rc = tell_reader(output);

	if (rc != 0)
		return rc;
	rc = mirror_capture_memory_find_room(&output->memory, size, &output->filled, &output->size);
	output->record = output->written = output->filled;
	return rc;
}

int
mirror_capture_output_open(struct mirror_capture_output *output, int fd,
		enum mirror_capture_format format, size_t size)
{
	const int flags = fcntl(fd, F_GETFL);
	struct stat status;

	if (flags < 0 || fstat(fd, &status) != 0)
		return -errno;
	*output = (struct mirror_capture_output){
		.fd = fd,
		.format = format,
		.is_file = S_ISREG(status.st_mode),
		.is_socket = S_ISSOCK(status.st_mode),
		.is_appending = (flags & O_APPEND) != 0,
		.buffer = malloc(size),
		.size = size,
	};
	return output->buffer != NULL ? 0 : -ENOMEM;
}

void
mirror_capture_output_share(struct mirror_capture_output *output)
{
	if (!output->is_socket || !mirror_capture_memory_is_wanted(output->fd) ||
			mirror_capture_memory_open(&output->memory, output->fd) != 0)
		return;
	free(output->buffer);
	output->buffer = output->memory.bytes;
	output->is_shared = true;
}

/* Bytes of the record that is the first in the buffer. */
static size_t
first_size(const struct mirror_capture_output *output)
{
	if (!output->has_begun && output->format == MIRROR_CAPTURE_PCAP)
		return MIRROR_CAPTURE_PCAP_START_SIZE;
	return mirror_capture_record_size(output->format, output->buffer + output->record);
}

/* So many bytes more are written. */
static void
advance(struct mirror_capture_output *output, size_t size)
{
	output->written += size;
	while (mirror_capture_output_waits(output)) {
		const size_t first = first_size(output);

		if (output->record + first > output->written)
			return;
		output->record += first;
		output->has_begun = true;
	}
	output->has_begun = true;
	output->record = output->written = output->filled = 0;
}

/* As much as can be written without waiting, but into a file. */
static ssize_t
write_some(const struct mirror_capture_output *output)
{
	struct pollfd fd = { .fd = output->fd, .events = POLLOUT };
	const uint8_t *data = output->buffer + output->written;
	size_t size = output->filled - output->written;

	if (output->is_file)
		return write(output->fd, data, size);
	if (output->is_socket)
		return send(output->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	/* A pipe that can be written to takes so much without making wait; what is broken tells by write(). */
	if (poll(&fd, 1, 0) == 0) {
		errno = EAGAIN;
		return -1;
	}
	return write(output->fd, data, size < PIPE_BUF ? size : PIPE_BUF);
}

/* Has the file end before the record of which a part was written, if nothing of others' is behind it. */
static void
cut_back(struct mirror_capture_output *output)
{
	const off_t at = lseek(output->fd, 0, SEEK_CUR);
	const off_t whole = at - (off_t)(output->written - output->record);
	struct stat status;
	bool is_last;

	if (at < 0 || whole == at || fstat(output->fd, &status) != 0)
		return;
	is_last = status.st_size == at;
	if (!is_last && output->is_appending)
		return;
	if (is_last && ftruncate(output->fd, whole) != 0)
		return;
	if (lseek(output->fd, whole, SEEK_SET) == whole)
		output->written = output->record;
}

int
mirror_capture_output_flush(struct mirror_capture_output *output)
{
	int error;

	if (output->is_shared)
		return tell_reader(output);
	while (mirror_capture_output_waits(output)) {
		const ssize_t size = write_some(output);

		if (size > 0) {
			advance(output, size);
			continue;
		}
		error = size == 0 ? EIO : errno;
		if (error == EINTR)
			continue;
		if (output->is_file)
			cut_back(output);
		return -error;
	}
	return 0;
}

/* What is written makes room. */
static void
move_up(struct mirror_capture_output *output)
{
	const size_t first = output->record;

	memmove(output->buffer, output->buffer + first, output->filled - first);
	output->record -= first;
	output->written -= first;
	output->filled -= first;
}

int
mirror_capture_output_make_room(struct mirror_capture_output *output, size_t size)
{
	uint8_t *larger;
	int rc;

	if (size <= mirror_capture_output_room(output))
		return 0;
	if (output->is_shared)
		return find_room(output, size);
	rc = mirror_capture_output_flush(output);
	move_up(output);
	if (size <= mirror_capture_output_room(output))
		return 0;
	if (rc != 0)
		return rc;
	larger = realloc(output->buffer, size);
	if (larger == NULL)
		return -ENOMEM;
	output->buffer = larger;
	output->size = size;
	return 0;
}

uint64_t
mirror_capture_output_waiting(const struct mirror_capture_output *output)
{
	struct mirror_capture_output rest = *output;
	uint64_t nb = 0;

	while (rest.record < rest.filled) {
		if (rest.has_begun || rest.format != MIRROR_CAPTURE_PCAP)
			nb += mirror_capture_is_packet(rest.format, rest.buffer + rest.record);
		rest.record += first_size(&rest);
		rest.has_begun = true;
	}
	return nb;
}

void
mirror_capture_output_free(struct mirror_capture_output *output)
{
	if (output->is_shared)
		mirror_capture_memory_close(&output->memory);
	else
		free(output->buffer);
	output->buffer = NULL;
}
