/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_STREAM_READER_H
#define TESTS_C_STREAM_READER_H

/**
 * @file
 * Who reads a stream at its socket.
 */

#include "recorded.h"

struct stream_reader {
	int fd;
	struct recorded come;
	struct reading reading; /**< what has come so far */
};

/** Whether somebody listens at the socket of a target, stream:PATH; connects to it then. */
bool stream_reader_can_open(struct stream_reader *reader, const char *target);
/** Connects to the socket of a target, stream:PATH, which has to succeed. */
void stream_reader_open(struct stream_reader *reader, const char *target);
/** Waits until the stream has begun, so that what is mirrored from now on comes. */
void stream_reader_await_begin(struct stream_reader *reader);
/** Waits until so many packets have come, and no more. */
void stream_reader_await(struct stream_reader *reader, unsigned int nb_packets);
/** Waits for the end of it. */
void stream_reader_await_end(struct stream_reader *reader);
void stream_reader_close(struct stream_reader *reader);

#endif /* TESTS_C_STREAM_READER_H */
