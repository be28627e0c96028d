/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_STREAM_H
#define MIRROR_FFI_STREAM_H

/**
 * @file
 * A file descriptor as the stdio stream that libpcap reads captures from.
 */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ffi_stream {
	int fd;
	int stop_fd;     /**< readable once reading is to end, even where it waits for input */
	bool stopped;    /**< it did */
	uint64_t offset; /**< bytes read so far */
	FILE *head;      /**< gets what is read, too; NULL: no longer */
};

/** Opens a stream on stream->fd; closing it closes neither descriptor. NULL and errno on failure. */
FILE *ffi_stream_open(struct ffi_stream *stream);

#endif /* MIRROR_FFI_STREAM_H */
