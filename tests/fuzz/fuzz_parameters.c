/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A libFuzzer program: whatever comes as a command's parameters is read or refused; what is read is written in a text
 * that is read as the same, and both fit into an answer.
 */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../csrc/plugin/refusal.h"
#include "../../csrc/plugin/reply.h"
#include "../../csrc/plugin/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
need(int is_true)
{
	if (!is_true)
		abort();
}

/* A copy of just its size, so that a look behind its end is seen. */
static char *
copy(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	need(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

static void
answer(const char *value)
{
	char buffer[16384];
	struct reply reply = reply_for_json(text_begin(buffer, sizeof(buffer)));
	const char *c;

	reply_object(&reply);
	reply_text(&reply, "key", value);
	need(reply_end_json(&reply) == 0 && !reply.has_failed);
	for (c = buffer; *c != '\0'; c++)
		need(*c >= ' ' && *c <= '~');
}

static void
read_back(const struct spec *spec)
{
	char first[SPEC_TEXT_SIZE], second[SPEC_TEXT_SIZE];
	struct text text = text_begin(first, sizeof(first));
	struct spec again = spec_default();
	struct pairs pairs;

	spec_write(spec, &text);
	need(!text.is_cut);
	answer(first);
	need(pairs_read(&pairs, first) == 0 && spec_read(&again, &pairs) == 0);
	need(pairs_left(&pairs) == NULL);
	text = text_begin(second, sizeof(second));
	spec_write(&again, &text);
	need(strcmp(first, second) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec spec = spec_default();
	char *text = copy(data, size);
	struct pairs pairs;
	int rc = pairs_read(&pairs, text);

	free(text);
	if (rc == 0)
		rc = spec_read(&spec, &pairs);
	need(rc == 0 || rc == -EINVAL);
	if (rc == 0)
		read_back(&spec);
	else
		answer(plugin_reason());
	return 0;
}
