/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>

#include "../eal_gate.h"
#include "commands.h"
#include "compiled.h"
#include "mirrors.h"
#include "portinfo.h"
#include "refusal.h"
#include "targets.h"
#include "turn.h"

const struct command mirror_commands[] = {
	{ "/mirror/version", "What answers here. No parameters", false, mirror_command_version },
	{ "/mirror/ports",
			"The ids of all ports, or one port. Parameters: start=ID or port=NAME_OR_ID",
			false, mirror_command_ports },
	{ "/mirror/port/stats", "What a port's driver has counted. Parameters: port=NAME_OR_ID",
			false, mirror_command_port_stats },
	{ "/mirror/list", "The ids of all mirrors, oldest first. Parameters: start=ID", false,
			mirror_command_list },
	{ "/mirror/info", "Describes a mirror. Parameters: mirror=NAME_OR_ID", false,
			mirror_command_info },
	{ "/mirror/stats", "A mirror's counters. Parameters: mirror=NAME_OR_ID", false,
			mirror_command_stats },
	{ "/mirror/reset", "Sets a mirror's counters to 0. Parameters: mirror=NAME_OR_ID", false,
			mirror_command_reset },
	{ "/mirror/add",
			"Adds a mirror. Parameters: source=NAME_OR_ID,to=TARGET,replace=NAME_OR_ID,dry=yes, "
			"and how to mirror",
			true, mirror_command_add },
	{ "/mirror/remove", "Removes a mirror. Parameters: mirror=NAME_OR_ID or all=yes", false,
			mirror_command_remove },
	{ "/mirror/update",
			"Changes how a mirror mirrors. Parameters: mirror=NAME_OR_ID, and what changes",
			true, mirror_command_update },
	{ "/mirror/pause", "Pauses a mirror. Parameters: mirror=NAME_OR_ID", false,
			mirror_command_pause },
	{ "/mirror/resume", "Resumes a paused mirror. Parameters: mirror=NAME_OR_ID", false,
			mirror_command_resume },
	{ "/mirror/target/add", "Makes a target that stays. Parameters: to=TARGET,tx_queues=NUMBER",
			false, mirror_command_target_add },
	{ "/mirror/target/remove",
			"Removes a target that stays. Parameters: to=TARGET, and force=yes if it is a ring",
			false, mirror_command_target_remove },
	{ NULL, NULL, false, NULL },
};

const struct command *
mirror_commands_find(const char *name)
{
	const struct command *command;

	for (command = mirror_commands; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

/* What every command needs done before. */
static int
begin(void)
{
	static bool has_begun;
	int rc = 0;

	if (!has_begun) {
		mirror_eal_watch();
		rc = mirror_portinfo_watch();
		if (rc == 0)
			rc = mirror_targets_init();
		if (rc == 0)
			mirror_asked_watch();
		has_begun = rc == 0;
	}
	return rc == 0 ? mirror_asked_sweep() : rc;
}

void
mirror_commands_refuse(struct reply *reply, int error)
{
	const char *name = error == ENOTSUP ? "ENOTSUP" : strerrorname_np(error);

	mirror_reply_object(reply);
	mirror_reply_number(reply, "errno", error);
	mirror_reply_string(reply, "error", name != NULL ? name : "unknown");
	mirror_reply_text(reply, "reason", mirror_plugin_reason());
}

/* A name in a filter may take a name server's time, so that this comes before the turn. */
static int
prepare(const struct command *command, const char *text, struct pairs *params)
{
	int rc = mirror_pairs_read(params, text);
	const char *filter;

	if (rc != 0 || !command->has_spec)
		return rc;
	filter = mirror_pairs_take(params, "filter");
	if (filter != NULL && filter[0] != '\0')
		rc = mirror_compiled_make(filter, &params->filter);
	return rc;
}

/* What a command comes to: 0 or -errno, the refusal kept. */
static int
run(const struct command *command, struct pairs *params, struct reply *reply)
{
	int rc = begin();

	if (rc == 0)
		rc = command->run(params, reply);
	if (rc == 0 && reply->has_failed)
		rc = mirror_plugin_refuse(EMSGSIZE, "done, but the answer does not fit");
	return rc;
}

/* The same, with a turn and while the application has EAL. */
static int
run_in_turn(const struct command *command, struct pairs *params, struct reply *reply)
{
	int rc;

	mirror_turn_take();
	/* Not before: EAL's end does not wait for a thread that waits for a turn. */
	if (mirror_eal_enter()) {
		rc = run(command, params, reply);
		mirror_eal_leave();
	} else {
		rc = mirror_plugin_refuse(ESHUTDOWN, "the application is ending");
	}
	mirror_compiled_release(params->filter);
	mirror_turn_give();
	return rc;
}

void
mirror_commands_run(const struct command *command, const char *text, const struct peer *peer,
		struct reply *reply)
{
	struct pairs params;
	int rc = prepare(command, text, &params);

	if (peer != NULL)
		params.peer = *peer;
	if (rc == 0)
		rc = run_in_turn(command, &params, reply);
	if (rc != 0)
		mirror_commands_refuse(reply, -rc);
}
