/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_OUTPUT_H
#define MIRROR_CAPTURE_OUTPUT_H

/**
 * @file
 * Records on their way into a file, a pipe or a socket, which takes as much as it likes.
 *
 * What is not taken waits in a buffer, so nothing is lost until that is full, and is written first when there is room
 * again: a stream that stops within a record goes on there. A file never ends within one: where a disk is full
 * after half of it, the half is cut off, and the record is written anew later.
 *
 * A socket's reader may have memory instead (memory.h), which then is the buffer: what the reader has been told of is
 * written.
 *
 * Only a file makes anyone wait, whatever O_NONBLOCK says. Block SIGPIPE and SIGXFSZ.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "meta.h"

struct mirror_capture_output {
	int fd;
	enum mirror_capture_format format;
	bool is_file;
	bool is_socket;
	bool is_shared;    /* the buffer is the reader's, too */
	bool is_appending; /* to a file that others may append to, too */
	bool has_begun;    /* the first record has been written, which of a pcap is its header */
	uint8_t *buffer;
	size_t size;
	/* Of the buffer: records from the first that is not written whole, what is not written, and the end of it. */
	size_t record;
	size_t written;
	size_t filled;
	uint64_t total; /* bytes that came, up to filled */
	struct mirror_capture_memory memory;
};

/** 0; -ENOMEM; -errno of what is no descriptor. Closing the descriptor is up to the caller. */
int mirror_capture_output_open(struct mirror_capture_output *output, int fd,
		enum mirror_capture_format format, size_t size);

/** Gives a socket's reader memory, if it asks for that and there is some. To be called first. */
void mirror_capture_output_share(struct mirror_capture_output *output);

/**
 * Sees to it that there is room for a record: writes what waits, and, when nothing does any more, has a larger buffer.
 *
 * @return
 *   0; -EAGAIN: the stream takes no more now; -ENOMEM; -errno of write(). Except for what there was no room for, all is as
 *   before.
 */
int mirror_capture_output_make_room(struct mirror_capture_output *output, size_t size);

static inline uint8_t *
mirror_capture_output_end(const struct mirror_capture_output *output)
{
	return output->buffer + output->filled;
}

static inline size_t
mirror_capture_output_room(const struct mirror_capture_output *output)
{
	return output->size - output->filled;
}

/** A record of that size is there, at mirror_capture_output_end(). */
static inline void
mirror_capture_output_add(struct mirror_capture_output *output, size_t size)
{
	output->filled += size;
	output->total += size;
}

/** Whether something waits to be written. */
static inline bool
mirror_capture_output_waits(const struct mirror_capture_output *output)
{
	return output->written < output->filled;
}

/** How many bytes have been written in whole records. */
static inline uint64_t
mirror_capture_output_whole(const struct mirror_capture_output *output)
{
	return output->total - (output->filled - output->record);
}

/** Writes what waits. 0: nothing does any more; otherwise as mirror_capture_output_make_room(). */
int mirror_capture_output_flush(struct mirror_capture_output *output);

/** How many packets have not been written whole. */
uint64_t mirror_capture_output_waiting(const struct mirror_capture_output *output);

/** Frees the buffer, and drops what waits in it. */
void mirror_capture_output_free(struct mirror_capture_output *output);

#endif /* MIRROR_CAPTURE_OUTPUT_H */
