/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_WRITER_H
#define MIRROR_FFI_WRITER_H

/**
 * @file
 * Writes the packets on a ring to a capture, by a thread of its own.
 *
 * All of each packet, whatever its length and its number of segments, with a time in nanoseconds. Of packets that a
 * mirror says the origin of (RTE_MIRROR_F_ORIGIN) it is the time when they were mirrored, and their original length,
 * direction and queue are known; of others it is the time when they were taken off the ring. A packet that comes from a
 * reader has the time and the original length that are in its capture (original.h).
 */

#include <stdbool.h>
#include <stdint.h>

#include "../capture/meta.h"

struct rte_mirror_stats;
struct rte_ring;
struct ffi_writer;

struct ffi_writer_config {
	int fd; /* duplicated */
	enum mirror_capture_format format;
	struct mirror_capture_interface interface;
	enum mirror_capture_direction direction; /* of packets that do not say */
	bool stamp; /* a reader's packets, too, have the time when they were mirrored */
};

struct ffi_writer_status {
	uint64_t frames;
	uint64_t bytes;
	int32_t error; /* -errno of a write; what comes later is taken off the ring and dropped */
	bool ended;    /* nothing will be written any more */
};

/** 0; -ENOMEM; -errno. */
int ffi_writer_start(struct rte_ring *ring, const struct ffi_writer_config *config,
		struct ffi_writer **writer);

/** Tells the counters of the mirror that the packets come from: its losses, and statistics, go into a pcapng. */
void ffi_writer_count(struct ffi_writer *writer, const struct rte_mirror_stats *stats);

/** Has the writer end once the ring is empty. Nobody may put anything on the ring any more. */
void ffi_writer_finish(struct ffi_writer *writer);

void ffi_writer_status_get(const struct ffi_writer *writer, struct ffi_writer_status *status);

/** Ends the writer, even when it waits for somebody to read a pipe; what it has not written is lost. */
void ffi_writer_close(struct ffi_writer *writer);

#endif /* MIRROR_FFI_WRITER_H */
