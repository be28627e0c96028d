/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>

#include "reply.h"

static void
note(struct reply *reply, int rc)
{
	if (rc != 0)
		reply->has_failed = true;
}

void
mirror_reply_object(struct reply *reply)
{
	reply->has_failed = false;
	note(reply, reply->writer->object(reply));
}

void
mirror_reply_array(struct reply *reply)
{
	reply->has_failed = false;
	note(reply, reply->writer->array(reply));
}

void
mirror_reply_number(struct reply *reply, const char *key, uint64_t value)
{
	note(reply, reply->writer->number(reply, key, value));
}

void
mirror_reply_string(struct reply *reply, const char *key, const char *value)
{
	note(reply, reply->writer->string(reply, key, value));
}

void
mirror_reply_text(struct reply *reply, const char *key, const char *value)
{
	char escaped[REPLY_MAX_PIECES * (REPLY_PIECE_SIZE - 1) + 1];
	char pieces[REPLY_MAX_PIECES][REPLY_PIECE_SIZE];
	struct text text = mirror_text_begin(escaped, sizeof(escaped));
	unsigned int nb = 0;
	size_t at;

	mirror_text_append_escaped(&text, value);
	for (at = 0; at < text.length; at += REPLY_PIECE_SIZE - 1)
		/* Terminates what it cuts. */
		snprintf(pieces[nb++], REPLY_PIECE_SIZE, "%s", escaped + at);
	reply->has_failed |= text.is_cut;
	note(reply, reply->writer->pieces(reply, key, pieces, nb));
}

void
mirror_reply_append(struct reply *reply, uint64_t value)
{
	note(reply, reply->writer->append(reply, value));
}
