/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_SENTENCE_H
#define MIRROR_SENTENCE_H

/**
 * @file
 * A sentence that each thread has of its own. Not thread-local: the whole of what a library has of that must fit in what
 * the loader keeps free of the static TLS block, since callback.c has something in there.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

/** Bytes of it, the terminating 0 included. */
#define MIRROR_SENTENCE_SIZE 512

static pthread_key_t mirror_sentence_key;
static bool mirror_sentence_has_key;

static void
mirror_sentence_make_key(void)
{
	mirror_sentence_has_key = pthread_key_create(&mirror_sentence_key, free) == 0;
}

/** The calling thread's, "" at first. It lives as long as the thread. */
static inline char *
mirror_sentence(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	/* Where there is no memory, threads make do with one for all. */
	static char spare[MIRROR_SENTENCE_SIZE];
	char *text;

	pthread_once(&once, mirror_sentence_make_key);
	if (!mirror_sentence_has_key)
		return spare;
	text = pthread_getspecific(mirror_sentence_key);
	if (text != NULL)
		return text;
	text = calloc(1, MIRROR_SENTENCE_SIZE);
	if (text == NULL)
		return spare;
	if (pthread_setspecific(mirror_sentence_key, text) == 0)
		return text;
	free(text);
	return spare;
}

#endif /* MIRROR_SENTENCE_H */
