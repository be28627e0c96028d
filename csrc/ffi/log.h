/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_LOG_H
#define MIRROR_FFI_LOG_H

/**
 * @file
 * DPDK's log, kept in memory until somebody reads it. When there is no more room the oldest goes. A file may get a
 * copy, for whoever reads it when this process is no more.
 */

#include <stdint.h>

/** Most bytes of a piece of the log. */
#define FFI_LOG_PIECE_SIZE 248

/** A piece of the log: a line, or a part of a long one. */
struct ffi_log_piece {
	uint32_t level; /* RTE_LOG_EMERG to RTE_LOG_DEBUG */
	uint32_t length;
	char text[FFI_LOG_PIECE_SIZE]; /* ends in a newline where a line does */
};

/** Makes DPDK log here; again after DPDK has closed its log. 0 or -errno. */
int ffi_log_open(void);

/** Also takes what C code prints to stdout and stderr, until ffi_log_release_stdio(). 0 or -errno. */
int ffi_log_catch_stdio(void);

/** Gives C code its stdout and stderr back. */
void ffi_log_release_stdio(void);

/** Writes a copy of the log to a file, too, as it comes; -1 ends that. */
void ffi_log_copy(int fd);

/**
 * Takes the oldest piece.
 *
 * @param[out] lost
 *   How many lines went before it for want of room.
 * @return
 *   1, or 0 when there is none.
 */
int ffi_log_take(struct ffi_log_piece *piece, uint64_t *lost);

#endif /* MIRROR_FFI_LOG_H */
