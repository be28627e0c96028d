/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets that are read at a socket: who may, when, and what is left of them. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drained.h"
#include "requests.h"
#include "stream_reader.h"
#include "testbed.h"

/* A mirror of what the source receives, to a stream. */
struct streamed {
	struct testbed testbed;
	char target[TARGET_TEXT_SIZE];
};

/* The target's text as an answer has it. */
static void
read_target(const char *answer, char target[TARGET_TEXT_SIZE])
{
	const char *begin = strstr(answer, "stream:");
	size_t length;

	CHECK(begin != NULL);
	length = strcspn(begin, "\"");
	CHECK(length < TARGET_TEXT_SIZE);
	snprintf(target, TARGET_TEXT_SIZE, "%.*s", (int)length, begin);
}

static void
ask_for_target(const char *request, char target[TARGET_TEXT_SIZE])
{
	char answer[REQUEST_ANSWER_SIZE];

	ask(request, answer);
	if (strstr(answer, "\"error\"") != NULL)
		test_fail(__FILE__, __LINE__, "%s: %s", request, answer);
	read_target(answer, target);
}

static void
streamed_open(struct streamed *streamed, const char *params)
{
	char request[256];

	CHECK_EQ(setenv("XDG_RUNTIME_DIR", getenv("RUNTIME_DIRECTORY"), 1), 0);
	testbed_open(&streamed->testbed, NULL, NULL);
	snprintf(request, sizeof(request),
			"/mirror/add,source=%u,to=stream:,name=m,directions=rx%s",
			streamed->testbed.source.id, params);
	ask_for_target(request, streamed->target);
}

static void
streamed_close(struct streamed *streamed)
{
	order("/mirror/remove,all=yes");
	testbed_close(&streamed->testbed);
}

static void
one_that_the_plugin_places_can_be_made_before_its_mirrors(void)
{
	struct streamed streamed;
	char made[TARGET_TEXT_SIZE], request[TARGET_TEXT_SIZE + 80];

	streamed_open(&streamed, "");
	ask_for_target("/mirror/target/add,to=stream:", made);
	CHECK(strcmp(made, streamed.target) != 0);
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=%s,name=other,directions=tx",
			streamed.testbed.source.id, made);
	order(request);
	order("/mirror/remove,mirror=other");
	snprintf(request, sizeof(request), "/mirror/target/add,to=%s", made);
	order(request);
	snprintf(request, sizeof(request), "/mirror/target/remove,to=%s", made);
	order(request);
	order_refused(request, "there is no target");
	streamed_close(&streamed);
}

const struct test_case test_cases[] = {
	{ "one_that_the_plugin_places_can_be_made_before_its_mirrors",
			one_that_the_plugin_places_can_be_made_before_its_mirrors },
	{ NULL, NULL },
};
