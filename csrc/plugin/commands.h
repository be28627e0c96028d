/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_COMMANDS_H
#define MIRROR_PLUGIN_COMMANDS_H

/**
 * @file
 * The commands, whatever endpoint they come in at. They run one at a time, but for what turn.h says.
 *
 * A command that is refused answers {"errno", "error", "reason"}.
 */

#include "pairs.h"
#include "reply.h"

struct command {
	const char *name; /**< /mirror/NAME */
	const char *help; /**< one sentence, and the parameters */
	bool has_spec;    /**< how to mirror is among its parameters */
	/** 0, the answer in reply, or a negative errno, the refusal kept. */
	int (*run)(struct pairs *params, struct reply *reply);
};

/** Ends with an empty one. */
extern const struct command mirror_commands[];

/** The command with that name, or NULL. */
const struct command *mirror_commands_find(const char *name);
/** Runs a command; its parameters are as they came, NULL: none. */
void mirror_commands_run(const struct command *command, const char *params, struct reply *reply);
/** Answers a refusal: error is what refused, and the sentence has been kept. */
void mirror_commands_refuse(struct reply *reply, int error);

/* command_*.c */

int mirror_command_version(struct pairs *params, struct reply *reply);
int mirror_command_ports(struct pairs *params, struct reply *reply);
int mirror_command_port_stats(struct pairs *params, struct reply *reply);
int mirror_command_list(struct pairs *params, struct reply *reply);
int mirror_command_info(struct pairs *params, struct reply *reply);
int mirror_command_stats(struct pairs *params, struct reply *reply);
int mirror_command_reset(struct pairs *params, struct reply *reply);
int mirror_command_add(struct pairs *params, struct reply *reply);
int mirror_command_remove(struct pairs *params, struct reply *reply);
int mirror_command_update(struct pairs *params, struct reply *reply);
int mirror_command_pause(struct pairs *params, struct reply *reply);
int mirror_command_resume(struct pairs *params, struct reply *reply);
int mirror_command_target_add(struct pairs *params, struct reply *reply);
int mirror_command_target_remove(struct pairs *params, struct reply *reply);

#endif /* MIRROR_PLUGIN_COMMANDS_H */
