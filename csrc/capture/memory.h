/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_MEMORY_H
#define MIRROR_CAPTURE_MEMORY_H

/**
 * @file
 * Memory that a stream's reader reads, so that no byte is copied into its socket and out of it.
 *
 * A reader asks for it by the name of its own end of the connection. Its first message then has the memory, sealed, to be
 * read and not to be written. Whatever comes after that through the socket are numbers: where bytes have come, and, from the
 * reader, which of them it is done with. What it says is checked, so one that lies harms nobody but itself.
 *
 * The memory is made of segments. One is filled at a time, front to back, until a record does not fit any more; then the
 * reader is told, if it has not been before. It is filled again once the reader is done with all of it. The reader may be
 * done with segments in any order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** An abstract address that begins so, behind its 0. */
#define MIRROR_CAPTURE_MEMORY_NAME     "dpdk-mirror-memory"

#define MIRROR_CAPTURE_MEMORY_SEGMENT  (1u << 19) /* longer than any record of a stream */
#define MIRROR_CAPTURE_MEMORY_SEGMENTS 4

/** The first message, with the descriptor of a file of so many bytes. No pcapng begins so. */
struct mirror_capture_memory_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t segment;
	uint32_t nb_segments;
};
#define MIRROR_CAPTURE_MEMORY_MAGIC   0x4d4d5244
#define MIRROR_CAPTURE_MEMORY_VERSION 1

/** Bytes of one segment that have come; from the reader: so many of that segment are done with, from its first on. */
struct mirror_capture_memory_piece {
	uint32_t offset; /* of the reader's: anywhere in the segment */
	uint32_t length;
};

struct mirror_capture_memory {
	int fd; /* the socket */
	uint8_t *bytes;
	uint32_t current;                              /* the segment that is filled */
	uint32_t held[MIRROR_CAPTURE_MEMORY_SEGMENTS]; /* bytes that the reader knows of, and is not done with */
};

/** Whether the reader at the other end of a socket asks for it. */
bool mirror_capture_memory_is_wanted(int fd);

/** Makes it, and gives it to the reader: 0 or -errno, and nothing has been sent. */
int mirror_capture_memory_open(struct mirror_capture_memory *memory, int fd);

/** Tells the reader that bytes have come, all in one segment: 0, -EAGAIN, or another of send(). */
int mirror_capture_memory_tell(struct mirror_capture_memory *memory, size_t offset, size_t length);

/**
 * Finds room, when the reader knows of all that has come.
 *
 * @param[in,out] filled
 *   Behind what has come; then where more may.
 * @param[out] end
 *   Up to there, before the reader is to be told.
 * @return
 *   0; -EAGAIN: the reader has to be done with more; -EPROTO: it says what cannot be; -errno of recv()
 */
int mirror_capture_memory_find_room(
		struct mirror_capture_memory *memory, size_t size, size_t *filled, size_t *end);

/** Leaves it to the reader. */
void mirror_capture_memory_close(struct mirror_capture_memory *memory);

#endif /* MIRROR_CAPTURE_MEMORY_H */
