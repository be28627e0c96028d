/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_READER_H
#define MIRROR_FFI_READER_H

/**
 * @file
 * Replays a capture (pcap or pcapng, whatever libpcap reads) onto a ring, by a thread of its own.
 *
 * Whole frames of any length, as chains of mbufs, which know their times and their original lengths (original.h). When the pool is empty the reader waits: on a ring that holds as
 * many packets as the pool has mbufs, and before targets that do, nothing is lost.
 */

#include <stdint.h>

#include <rte_mempool.h>

struct rte_ring;
struct ffi_reader;

/** Bytes of a reader's message, the terminating 0 included. */
#define FFI_READER_MESSAGE_SIZE 256

enum ffi_reader_state {
	FFI_READER_OPENING, /* waits for the capture's header */
	FFI_READER_OPEN,    /* link_type is known */
	FFI_READER_REFUSED, /* it has no such header */
	FFI_READER_FEEDING,
	FFI_READER_ENDED, /* at the capture's end, told to stop, or failed */
};

struct ffi_reader_status {
	enum ffi_reader_state state;
	/* 0, or -errno: -EBADMSG, it is no capture or broken; -EMSGSIZE, a frame is too much for the pool */
	int32_t error;
	uint32_t link_type; /* as capture files number it */
	uint8_t fcs_length; /* bytes of check sequence that frames end with */
	uint64_t frames;    /* put on the ring */
	uint64_t bytes;
	uint64_t offset;                       /* in the capture, where an error was met */
	char message[FFI_READER_MESSAGE_SIZE]; /* about the error */
};

/**
 * Opens a capture. Returns at once; a thread waits for its header.
 *
 * @param fd
 *   The capture: a file, or a pipe or anything else that can be polled. Duplicated.
 * @return
 *   0 or -errno.
 */
int ffi_reader_open(int fd, struct ffi_reader **reader);

/**
 * Begins to put the frames on a ring.
 *
 * @param copies
 *   How many mbufs of the pool mirrors may take for each that the reader takes: there are that many left for them.
 * @return
 *   0; -EBUSY: the reader is not in the state FFI_READER_OPEN; -ENOMEM; -errno.
 */
int ffi_reader_feed(struct ffi_reader *reader, struct rte_ring *ring, struct rte_mempool *pool,
		uint32_t copies);

void ffi_reader_status_get(const struct ffi_reader *reader, struct ffi_reader_status *status);

/** Ends the reader, whatever it is doing or waiting for. */
void ffi_reader_close(struct ffi_reader *reader);

#endif /* MIRROR_FFI_READER_H */
