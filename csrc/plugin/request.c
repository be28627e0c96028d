/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>

#include "commands.h"
#include "refusal.h"
#include "request.h"

/* "/" answers with the commands there are. */
static void
list_commands(struct text *text)
{
	const struct command *command;

	mirror_text_append(text, "[\"/\"");
	for (command = mirror_commands; command->name != NULL; command++)
		mirror_text_append(text, ",\"%s\"", command->name);
	mirror_text_append(text, "]");
}

/* Answers what a command's name, and what follows it, come to: a JSON value. */
static void
answer_command(const char *name, const char *params, const struct peer *peer, int error,
		struct text *text)
{
	const struct command *command = mirror_commands_find(name);
	struct reply reply;

	if (error == 0 && strcmp(name, "/") == 0) {
		list_commands(text);
		return;
	}
	if (error == 0 && command == NULL) {
		mirror_text_append(text, "null");
		return;
	}
	reply = mirror_reply_for_json(*text);
	if (error != 0)
		mirror_commands_refuse(&reply, error);
	else
		mirror_commands_run(command, params, peer, &reply);
	mirror_reply_end_json(&reply);
	*text = reply.text;
}

/* Whether a request can be read: 0 or an errno. */
static int
check_request(const char *request, size_t length)
{
	if (length >= REQUEST_SIZE)
		return -mirror_plugin_refuse(EMSGSIZE,
				"the request has %zu bytes, and no more than %d are read", length,
				REQUEST_SIZE - 1);
	if (memchr(request, '\0', length) != NULL)
		return -mirror_plugin_refuse(EINVAL, "the request has a NUL");
	return 0;
}

void
mirror_request_answer(
		const char *request, size_t length, const struct peer *peer, struct text *answer)
{
	const int error = check_request(request, length);
	char text[REQUEST_SIZE], *params;
	const size_t size = answer->size;

	length = RTE_MIN(length, sizeof(text) - 1);
	memcpy(text, request, length);
	text[length] = '\0';
	params = strchr(text, ',');
	if (params != NULL)
		*params++ = '\0';
	/* Room for what closes it. */
	answer->size--;
	mirror_text_append(answer, "{");
	mirror_text_append_json(answer, text);
	mirror_text_append(answer, ":");
	answer_command(text, params, peer, error, answer);
	answer->size = size;
	mirror_text_append(answer, "}");
}
