/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>

#include "commands.h"
#include "mirrors.h"
#include "params.h"
#include "portinfo.h"
#include "refusal.h"
#include "targets.h"

/* Refuses what neither the command, which knows own, nor the spec has taken. */
static int
end_with_spec(const struct pairs *params, const char *own)
{
	char known[PLUGIN_REASON_SIZE];
	struct text text = text_begin(known, sizeof(known));

	text_append(&text, "%s, ", own);
	spec_write_keys(&text);
	return params_end(params, known);
}

static int
answer_id(uint32_t id, struct reply *reply)
{
	reply_object(reply);
	reply_number(reply, "id", id);
	return 0;
}

static int
read_ports(struct pairs *params, struct mirrors_ports *ports)
{
	const char *source;
	int rc = params_text(params, "source", &source);

	if (rc == 0)
		rc = params_text(params, "to", &ports->target);
	if (rc == 0)
		rc = params_answer(params, "force", &ports->force);
	return rc == 0 ? portinfo_find(source, &ports->source) : rc;
}

int
command_add(struct pairs *params, struct reply *reply)
{
	struct spec spec = spec_default();
	const struct asked_mirror *mirror;
	struct mirrors_ports ports;
	struct rte_mirror_info info;
	int rc = read_ports(params, &ports);

	if (rc == 0)
		rc = spec_read(&spec, params);
	if (rc == 0)
		rc = end_with_spec(params, "source, to, force");
	if (rc == 0)
		rc = mirrors_add(&ports, &spec, &mirror);
	if (rc != 0)
		return rc;
	rc = rte_mirror_info_get(mirror->id, &info);
	if (rc != 0)
		return plugin_refuse_as_library(rc);
	reply_object(reply);
	reply_number(reply, "id", mirror->id);
	reply_text(reply, "name", info.name);
	reply_text(reply, "target", targets_text(mirror->target));
	reply_text(reply, "warning", info.warning);
	return 0;
}

int
command_remove(struct pairs *params, struct reply *reply)
{
	uint32_t id, nb = 1;
	bool all;
	int rc = params_answer(params, "all", &all);

	if (rc == 0 && !all)
		rc = params_mirror(params, &id);
	if (rc == 0)
		rc = params_end(params, "mirror, or all");
	if (rc == 0)
		rc = all ? mirrors_remove_all(&nb) : mirrors_remove(id);
	if (rc != 0)
		return rc;
	reply_object(reply);
	reply_number(reply, "removed", nb);
	return 0;
}

int
command_update(struct pairs *params, struct reply *reply)
{
	struct asked_mirror *mirror;
	struct spec spec;
	uint32_t id;
	int rc = params_mirror(params, &id);

	if (rc != 0)
		return rc;
	mirror = mirrors_get(id);
	if (mirror == NULL)
		return plugin_refuse(ENOTSUP,
				"mirror %" PRIu32
				": the application's own, so its parameters are not known here",
				id);
	spec = mirror->spec;
	rc = spec_read(&spec, params);
	if (rc == 0)
		rc = end_with_spec(params, "mirror");
	if (rc == 0)
		rc = mirrors_update(mirror, &spec);
	return rc == 0 ? answer_id(id, reply) : rc;
}

/* What takes a mirror, and answers its id. */
static int
act(struct pairs *params, struct reply *reply, int (*function)(uint32_t mirror_id))
{
	uint32_t id;
	int rc = params_mirror(params, &id);

	if (rc == 0)
		rc = params_end(params, "mirror");
	if (rc != 0)
		return rc;
	rc = function(id);
	return rc == 0 ? answer_id(id, reply) : plugin_refuse_as_library(rc);
}

int
command_reset(struct pairs *params, struct reply *reply)
{
	return act(params, reply, rte_mirror_stats_reset);
}

int
command_pause(struct pairs *params, struct reply *reply)
{
	return act(params, reply, rte_mirror_pause);
}

int
command_resume(struct pairs *params, struct reply *reply)
{
	return act(params, reply, rte_mirror_resume);
}
