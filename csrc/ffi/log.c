/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_log.h>

#include "log.h"

#define LOG_PIECES 1024

/* Any thread may log, so lock guards all of it. Pieces are numbered from 0 on; each has its slot. */
static struct {
	pthread_mutex_t lock;
	uint64_t head; /* the next to be written */
	uint64_t tail; /* the oldest */
	uint64_t lost; /* lines that were overwritten since the last reading */
	struct ffi_log_piece pieces[LOG_PIECES];
} ring = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Gets a copy; -1: none. */
static int copy = -1;

static FILE *stream;

/* Stands in for C's stdout and stderr. */
static FILE *stdio;
static FILE *stdout_before;
static FILE *stderr_before;

static void
put(uint32_t level, const char *text, size_t length)
{
	struct ffi_log_piece *piece = &ring.pieces[ring.head % LOG_PIECES];

	if (ring.head - ring.tail == LOG_PIECES) {
		ring.lost += piece->text[piece->length - 1] == '\n';
		ring.tail++;
	}
	piece->level = level;
	piece->length = length;
	memcpy(piece->text, text, length);
	ring.head++;
}

/* rte_panic() and rte_exit() begin so, and nobody will read the log after them, but a copy. */
static bool
is_last(const char *text, size_t size)
{
	static const char panic[] = "PANIC in ", end[] = "Error - exiting with code";

	return memmem(text, size, panic, sizeof(panic) - 1) != NULL ||
			memmem(text, size, end, sizeof(end) - 1) != NULL;
}

static void
store(uint32_t level, const char *text, size_t size)
{
	static bool dying;
	size_t done, length;

	pthread_mutex_lock(&ring.lock);
	dying = dying || is_last(text, size);
	if (dying && copy < 0 && write(STDERR_FILENO, text, size) < 0)
		dying = false;
	if (copy >= 0 && write(copy, text, size) < 0)
		copy = -1;
	for (done = 0; done < size; done += length) {
		const char *end = memchr(text + done, '\n', size - done);

		length = end != NULL ? (size_t)(end + 1 - (text + done)) : size - done;
		length = RTE_MIN(length, (size_t)FFI_LOG_PIECE_SIZE);
		put(level, text + done, length);
	}
	pthread_mutex_unlock(&ring.lock);
}

/* The stream is line-buffered, so this runs in the thread that logs: the level is that of its message. */
static ssize_t
write_log(void *cookie __rte_unused, const char *text, size_t size)
{
	store(rte_log_cur_msg_loglevel(), text, size);
	return size;
}

/* What is printed has no level. */
static ssize_t
write_stdio(void *cookie __rte_unused, const char *text, size_t size)
{
	store(RTE_LOG_NOTICE, text, size);
	return size;
}

static int
open_lines(FILE **lines, cookie_write_function_t *writer)
{
	cookie_io_functions_t functions = { .write = writer };

	*lines = fopencookie(NULL, "w", functions);
	if (*lines == NULL)
		return -errno;
	setvbuf(*lines, NULL, _IOLBF, BUFSIZ);
	return 0;
}

int
ffi_log_open(void)
{
	int rc;

	/* Some releases close it in rte_eal_cleanup(), and fall back to stderr. */
	if (stream != NULL && rte_log_get_stream() == stream)
		return 0;
	rc = open_lines(&stream, write_log);
	if (rc == 0)
		rte_openlog_stream(stream);
	return rc;
}

int
ffi_log_catch_stdio(void)
{
	int rc = open_lines(&stdio, write_stdio);

	if (rc != 0)
		return rc;
	stdout_before = stdout;
	stderr_before = stderr;
	stdout = stderr = stdio;
	return 0;
}

void
ffi_log_release_stdio(void)
{
	stdout = stdout_before;
	stderr = stderr_before;
	fclose(stdio);
}

void
ffi_log_copy(int fd)
{
	pthread_mutex_lock(&ring.lock);
	copy = fd;
	pthread_mutex_unlock(&ring.lock);
}

int
ffi_log_take(struct ffi_log_piece *piece, uint64_t *lost)
{
	int found;

	pthread_mutex_lock(&ring.lock);
	found = ring.head != ring.tail;
	if (found) {
		*piece = ring.pieces[ring.tail++ % LOG_PIECES];
		*lost = ring.lost;
		ring.lost = 0;
	}
	pthread_mutex_unlock(&ring.lock);
	return found;
}
