/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "commands.h"
#include "mirrors.h"
#include "params.h"
#include "portinfo.h"
#include "refusal.h"
#include "scalar.h"
#include "targets.h"

/* Refuses what neither the command, which knows own, nor the spec has taken. */
static int
end_with_spec(const struct pairs *params, const char *own)
{
	char known[PLUGIN_REASON_SIZE];
	struct text text = mirror_text_begin(known, sizeof(known));

	mirror_text_append(&text, "%s, ", own);
	mirror_spec_write_keys(&text);
	return mirror_params_end(params, known);
}

static int
answer_id(uint32_t id, struct reply *reply)
{
	mirror_reply_object(reply);
	mirror_reply_number(reply, "id", id);
	return 0;
}

/* What add is asked beside the spec. */
struct asked {
	struct mirrors_ports ports;
	bool dry; /* only check */
	uint32_t without[PAIRS_TEXT_SIZE / 2 + 1];
};

static int
read_ports(struct pairs *params, struct mirrors_ports *ports)
{
	const char *source;
	int rc = mirror_params_text(params, "source", &source);

	if (rc == 0)
		rc = mirror_params_text(params, "to", &ports->target);
	if (rc == 0)
		rc = mirror_params_answer(params, "force", &ports->force);
	if (rc == 0)
		rc = mirror_portinfo_find(source, &ports->source);
	if (rc == 0)
		mirror_portinfo_name(ports->source, ports->source_name);
	return rc;
}

/* Numbers with commas between; there is room for as many as a request holds. */
static int
read_without(struct pairs *params, struct asked *asked)
{
	const char *text = mirror_pairs_take(params, "without"), *at;
	uint64_t id;

	if (text == NULL)
		return 0;
	if (!asked->dry)
		return mirror_plugin_refuse(EINVAL, "parameter without: only dry=yes takes it");
	for (at = text; mirror_scalar_take_number(&at, &id); at++) {
		if (id > UINT32_MAX || (*at != ',' && *at != '\0'))
			break;
		asked->without[asked->ports.nb_without++] = (uint32_t)id;
		if (*at == '\0')
			return 0;
	}
	return mirror_plugin_refuse(
			EINVAL, "parameter without=%.32s: not ids with commas between", text);
}

static int
read_replaced(struct pairs *params, struct asked *asked)
{
	const char *name_or_id = mirror_pairs_take(params, "replace");
	uint32_t id;
	int rc;

	if (name_or_id == NULL)
		return 0;
	rc = mirror_ids_find(name_or_id, &id);
	if (rc != 0)
		return rc;
	if (mirror_asked_get(id) == NULL)
		return mirror_plugin_refuse(ENOTSUP,
				"mirror %" PRIu32 ": the application's own, so it is not replaced",
				id);
	asked->ports.replaces = true;
	asked->ports.replaced = id;
	asked->without[asked->ports.nb_without++] = id;
	return 0;
}

static int
read_adder(struct pairs *params, struct adder *adder)
{
	const char *by = mirror_pairs_take(params, "by");

	if (by != NULL && strlen(by) >= sizeof(adder->by))
		return mirror_plugin_refuse(
				EINVAL, "parameter by: more than %zu bytes", sizeof(adder->by) - 1);
	adder->at = time(NULL);
	strcpy(adder->by, by != NULL ? by : "");
	adder->peer = params->peer;
	return 0;
}

static int
read_asked(struct pairs *params, struct asked *asked)
{
	int rc = read_ports(params, &asked->ports);

	asked->ports.without = asked->without;
	if (rc == 0)
		rc = mirror_params_answer(params, "dry", &asked->dry);
	if (rc == 0)
		rc = read_without(params, asked);
	if (rc == 0)
		rc = read_adder(params, &asked->ports.adder);
	return rc == 0 ? read_replaced(params, asked) : rc;
}

static int
answer_checked(int rc, struct reply *reply)
{
	if (rc != 0)
		return rc;
	mirror_reply_object(reply);
	mirror_reply_number(reply, "checked", 1);
	return 0;
}

static int
answer_added(uint32_t id, struct reply *reply)
{
	const struct asked_mirror *mirror = mirror_asked_get(id);
	struct rte_mirror_info info;
	int rc = rte_mirror_info_get(id, &info);

	if (rc != 0)
		return mirror_plugin_refuse_as_library(rc);
	mirror_reply_object(reply);
	mirror_reply_number(reply, "id", id);
	mirror_reply_text(reply, "name", info.name);
	mirror_reply_text(reply, "target", mirror_targets_text(mirror->target));
	mirror_reply_text(reply, "warning", info.warning);
	return 0;
}

int
mirror_command_add(struct pairs *params, struct reply *reply)
{
	struct spec spec;
	struct asked asked = { .dry = false };
	uint32_t id;
	int rc = read_asked(params, &asked);

	if (rc == 0)
		rc = mirror_spec_read(&spec, SPEC_DEFAULT, params);
	if (rc == 0)
		rc = end_with_spec(params, "source, to, force, replace, dry, without, by");
	if (rc == 0)
		rc = mirror_lease_check_process(&spec.ends_with);
	if (rc != 0)
		return rc;
	if (asked.dry)
		return answer_checked(mirror_asked_check(&asked.ports, &spec), reply);
	rc = mirror_asked_add(&asked.ports, &spec, &id);
	return rc == 0 ? answer_added(id, reply) : rc;
}

int
mirror_command_remove(struct pairs *params, struct reply *reply)
{
	uint32_t id, nb = 1;
	bool all;
	int rc = mirror_params_answer(params, "all", &all);

	if (rc == 0 && !all)
		rc = mirror_params_mirror(params, &id);
	if (rc == 0)
		rc = mirror_params_end(params, "mirror, or all");
	if (rc == 0)
		rc = all ? mirror_asked_remove_all(&nb) : mirror_asked_remove(id);
	if (rc != 0)
		return rc;
	mirror_reply_object(reply);
	mirror_reply_number(reply, "removed", nb);
	return 0;
}

int
mirror_command_update(struct pairs *params, struct reply *reply)
{
	struct asked_mirror *mirror;
	struct spec spec;
	bool has_new_lease;
	uint32_t id;
	int rc = mirror_params_mirror(params, &id);

	if (rc != 0)
		return rc;
	mirror = mirror_asked_get(id);
	if (mirror == NULL)
		return mirror_plugin_refuse(ENOTSUP,
				"mirror %" PRIu32
				": the application's own, so its parameters are not known here",
				id);
	/* Said again, it begins again. */
	has_new_lease = mirror_pairs_take(params, "lease") != NULL ||
			mirror_pairs_take(params, "for") != NULL;
	rc = mirror_asked_spec(mirror, params, &spec);
	if (rc == 0)
		rc = end_with_spec(params, "mirror");
	if (rc == 0 && mirror_pairs_take(params, "ends_with") != NULL)
		rc = mirror_lease_check_process(&spec.ends_with);
	if (rc == 0)
		rc = mirror_asked_update(mirror, &spec, has_new_lease);
	return rc == 0 ? answer_id(id, reply) : rc;
}

/* What takes a mirror, and answers its id. */
static int
act(struct pairs *params, struct reply *reply, int (*function)(uint32_t mirror_id))
{
	uint32_t id;
	int rc = mirror_params_mirror_alone(params, &id);

	if (rc != 0)
		return rc;
	rc = function(id);
	return rc == 0 ? answer_id(id, reply) : mirror_plugin_refuse_as_library(rc);
}

int
mirror_command_reset(struct pairs *params, struct reply *reply)
{
	return act(params, reply, rte_mirror_stats_reset);
}

int
mirror_command_pause(struct pairs *params, struct reply *reply)
{
	return act(params, reply, rte_mirror_pause);
}

int
mirror_command_resume(struct pairs *params, struct reply *reply)
{
	return act(params, reply, rte_mirror_resume);
}
