/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_REPLY_H
#define MIRROR_PLUGIN_REPLY_H

/**
 * @file
 * What a command answers: an object of numbers, short strings and texts, or an array of numbers. Written once, for
 * telemetry and for the library's own socket.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

struct rte_tel_data;

/** Bytes of the pieces that a text is cut into, the terminating 0 included: telemetry's strings hold no more. */
#define REPLY_PIECE_SIZE 128

/** How many pieces a text may have. */
#define REPLY_MAX_PIECES 64

/** How many numbers an array may have; whoever wants more asks again. */
#define REPLY_MAX_NUMBERS 256

struct reply;

/** What writes for one kind of endpoint. Each returns 0, or a negative errno. */
struct reply_writer {
	/** Begins an object, whatever has been written before. */
	int (*object)(struct reply *reply);
	/** Begins an array of numbers, whatever has been written before. */
	int (*array)(struct reply *reply);
	int (*number)(struct reply *reply, const char *key, uint64_t value);
	int (*string)(struct reply *reply, const char *key, const char *value);
	int (*pieces)(struct reply *reply, const char *key, char (*pieces)[REPLY_PIECE_SIZE],
			unsigned int nb);
	/** Appends a number to the array. */
	int (*append)(struct reply *reply, uint64_t value);
};

struct reply {
	const struct reply_writer *writer;
	bool has_failed; /**< something did not fit */
	/* telemetry's */
	struct rte_tel_data *data;
	/* JSON's */
	struct text text;
	size_t begin; /**< where the value begins */
	char end;     /**< what it ends with */
};

/** A reply that goes into telemetry's data. */
struct reply mirror_reply_for_telemetry(struct rte_tel_data *data);
/** A reply that is appended to a text, as JSON; finished by mirror_reply_end_json(). */
struct reply mirror_reply_for_json(struct text text);
/** Ends the JSON value: 0, or -EMSGSIZE, and then there is none. */
int mirror_reply_end_json(struct reply *reply);

void mirror_reply_object(struct reply *reply);
void mirror_reply_array(struct reply *reply);
void mirror_reply_number(struct reply *reply, const char *key, uint64_t value);
/** Printable ASCII of less than REPLY_PIECE_SIZE bytes. */
void mirror_reply_string(struct reply *reply, const char *key, const char *value);
/** Any text, as an array of pieces, which are escaped as MirrorSpec's are: the client joins them. */
void mirror_reply_text(struct reply *reply, const char *key, const char *value);
void mirror_reply_append(struct reply *reply, uint64_t value);

#endif /* MIRROR_PLUGIN_REPLY_H */
