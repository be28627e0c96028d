/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>

#include "reply.h"

static int
state(const struct reply *reply)
{
	return reply->text.is_cut ? -EMSGSIZE : 0;
}

static int
begin(struct reply *reply, char opening, char closing)
{
	reply->text.length = reply->begin;
	reply->text.is_cut = false;
	reply->end = closing;
	mirror_text_append(&reply->text, "%c", opening);
	return state(reply);
}

static int
begin_object(struct reply *reply)
{
	return begin(reply, '{', '}');
}

static int
begin_array(struct reply *reply)
{
	return begin(reply, '[', ']');
}

/* A comma, but for the first thing in an object or an array. */
static void
separate(struct reply *reply)
{
	if (reply->text.length > reply->begin + 1)
		mirror_text_append(&reply->text, ",");
}

static void
append_key(struct reply *reply, const char *key)
{
	separate(reply);
	mirror_text_append_json(&reply->text, key);
	mirror_text_append(&reply->text, ":");
}

static int
append_number(struct reply *reply, uint64_t value)
{
	separate(reply);
	mirror_text_append(&reply->text, "%" PRIu64, value);
	return state(reply);
}

static int
add_number(struct reply *reply, const char *key, uint64_t value)
{
	append_key(reply, key);
	mirror_text_append(&reply->text, "%" PRIu64, value);
	return state(reply);
}

static int
add_string(struct reply *reply, const char *key, const char *value)
{
	append_key(reply, key);
	mirror_text_append_json(&reply->text, value);
	return state(reply);
}

static int
add_pieces(struct reply *reply, const char *key, char (*pieces)[REPLY_PIECE_SIZE], unsigned int nb)
{
	unsigned int i;

	append_key(reply, key);
	mirror_text_append(&reply->text, "[");
	for (i = 0; i < nb; i++) {
		if (i > 0)
			mirror_text_append(&reply->text, ",");
		mirror_text_append_json(&reply->text, pieces[i]);
	}
	mirror_text_append(&reply->text, "]");
	return state(reply);
}

static const struct reply_writer writer = {
	.object = begin_object,
	.array = begin_array,
	.number = add_number,
	.string = add_string,
	.pieces = add_pieces,
	.append = append_number,
};

struct reply
mirror_reply_for_json(struct text text)
{
	return (struct reply){ .writer = &writer, .text = text, .begin = text.length };
}

int
mirror_reply_end_json(struct reply *reply)
{
	mirror_text_append(&reply->text, "%c", reply->end);
	return state(reply);
}
