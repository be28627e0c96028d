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

/* What the library is given has what it says that it has. */
static void
select_packets(const struct spec *spec)
{
	struct rte_mirror_select select;
	const struct rte_mirror_param param = spec_param(spec, 0, &select);

	need(param.select == NULL || param.select == &select);
	need((select.vlans == NULL) == (select.nb_vlans == 0));
	need((select.inner_vlans == NULL) == (select.nb_inner_vlans == 0));
	need((select.queues == NULL) == (select.nb_queues == 0));
	need(select.filter == NULL || select.filter[0] != '\0');
	need(select.flow == NULL || select.flow->src_len == 0 || select.flow->ip_version != 0);
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
	/* What is written is never shorter than directions and mode, so it may be longer than what was read. */
	if (strlen(first) >= PAIRS_TEXT_SIZE)
		return;
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
	if (rc == 0) {
		select_packets(&spec);
		read_back(&spec);
	} else {
		answer(plugin_reason());
	}
	return 0;
}
