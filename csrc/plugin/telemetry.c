/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdbool.h>

#include <rte_telemetry.h>

#include "../compat.h"
#include "commands.h"
#include "endpoints.h"

/* Runs on a thread of telemetry's, one for each client. */
static int
answer(const char *name, const char *params, struct rte_tel_data *data)
{
	const struct command *command = mirror_commands_find(name);
	struct reply reply = mirror_reply_for_telemetry(data);

	if (command == NULL)
		return -1;
	mirror_commands_run(command, params, NULL, &reply);
	return 0;
}

/* An application need not have telemetry. */
static bool
is_there(void)
{
#define IS_THERE(name) &&name != NULL
	return true MIRROR_TELEMETRY_SYMBOLS(IS_THERE);
#undef IS_THERE
}

bool
mirror_telemetry_open(void)
{
	const struct command *command;

	if (!is_there())
		return false;
	for (command = mirror_commands; command->name != NULL; command++)
		rte_telemetry_register_cmd(command->name, answer, command->help);
	return true;
}
