/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A libFuzzer program: whatever comes as a command's parameters is read or refused; what is read is remembered in a text
 * that is read as the same, and fits into an answer.
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
	struct reply reply = mirror_reply_for_json(mirror_text_begin(buffer, sizeof(buffer)));
	const char *c;

	mirror_reply_object(&reply);
	mirror_reply_text(&reply, "key", value);
	need(mirror_reply_end_json(&reply) == 0 && !reply.has_failed);
	for (c = buffer; *c != '\0'; c++)
		need(*c >= ' ' && *c <= '~');
}

/* What the library is given has what it says that it has. */
static void
select_packets(const struct spec *spec)
{
	struct rte_mirror_select select;
	const struct rte_mirror_param param = mirror_spec_param(spec, &select);

	need(param.select == NULL || param.select == &select);
	need((select.vlans == NULL) == (select.nb_vlans == 0));
	need((select.inner_vlans == NULL) == (select.nb_inner_vlans == 0));
	need((select.queues == NULL) == (select.nb_queues == 0));
	need(select.filter == NULL || select.filter[0] != '\0');
	need(select.flow == NULL || select.flow->src_len == 0 || select.flow->ip_version != 0);
}

/* What points elsewhere is compared by what it points to, with the rest of the spec. */
static void
read_back(const struct spec *spec)
{
	struct pairs none = { .nb = 0 };
	struct spec again;

	answer(spec->text);
	need(mirror_spec_read(&again, spec->text, &none) == 0);
	need(strcmp(again.text, spec->text) == 0);
	need(strcmp(again.name, spec->name) == 0 &&
			strcmp(again.select.filter, spec->select.filter) == 0);
	need(again.param.mode == spec->param.mode && again.param.flags == spec->param.flags);
	need(memcmp(&again.select.mac, &spec->select.mac, sizeof(again.select.mac)) == 0);
	need(memcmp(&again.select.flow, &spec->select.flow, sizeof(again.select.flow)) == 0);
	need(memcmp(&again.select.vlans, &spec->select.vlans, sizeof(again.select.vlans)) == 0);
	need(again.select.has_mac == spec->select.has_mac &&
			again.select.has_flow == spec->select.has_flow);
	need(again.select.sample.one_in == spec->select.sample.one_in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spec spec;
	char *text = copy(data, size);
	struct pairs pairs;
	int rc = mirror_pairs_read(&pairs, text);

	free(text);
	if (rc == 0)
		rc = mirror_spec_read(&spec, SPEC_DEFAULT, &pairs);
	need(rc == 0 || rc == -EINVAL);
	if (rc == 0) {
		select_packets(&spec);
		read_back(&spec);
	} else {
		answer(mirror_plugin_reason());
	}
	return 0;
}
