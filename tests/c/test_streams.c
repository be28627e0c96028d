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

#include "ondemand.h"
#include "requests.h"
#include "stream_reader.h"
#include "testbed.h"

#define NB_PACKETS 32
#define LENGTH     200
#define SOON_MS    10000

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
pass(const struct streamed *streamed)
{
	struct rte_mbuf *pkts[NB_PACKETS];

	packets_make(streamed->testbed.pool, pkts, NB_PACKETS, 1, LENGTH);
	testbed_receive(&streamed->testbed, 0, pkts, NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
}

static bool
is_stopped(void)
{
	char answer[REQUEST_ANSWER_SIZE];

	ask("/mirror/info,mirror=m", answer);
	return strstr(answer, "\"stopped\"") != NULL;
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

/* A reader would wait for the end of what never comes. */
static void
one_that_is_over_turns_readers_away(void)
{
	struct stream_reader reader, late;
	struct streamed streamed;

	streamed_open(&streamed, ",packets=10");
	stream_reader_open(&reader, streamed.target);
	stream_reader_await_begin(&reader);
	pass(&streamed);
	CHECK_WITHIN(SOON_MS, is_stopped());
	CHECK(!stream_reader_can_open(&late, streamed.target));
	stream_reader_await(&reader, 10);
	stream_reader_await_end(&reader);
	stream_reader_close(&reader);
	streamed_close(&streamed);
}

/* How many sockets a process has. */
static unsigned int
count_sockets(void)
{
	unsigned int fd, nb = 0;
	struct stat status;

	for (fd = 0; fd < 256; fd++)
		nb += fstat((int)fd, &status) == 0 && S_ISSOCK(status.st_mode);
	return nb;
}

/* Ends a child when the test does. */
static pid_t
fork_child(int *its_life, unsigned int nb_sockets)
{
	int life[2];
	pid_t child;
	char end;

	CHECK_EQ(pipe(life), 0);
	child = fork();
	if (child == 0) {
		close(life[1]);
		if (count_sockets() == nb_sockets)
			(void)!read(life[0], &end, 1);
		_exit(count_sockets() != nb_sockets);
	}
	close(life[0]);
	*its_life = life[1];
	return child;
}

static void
a_child_of_fork_keeps_no_reader_waiting(void)
{
	const unsigned int nb_sockets = count_sockets();
	struct stream_reader reader;
	struct streamed streamed;
	int its_life, status;
	pid_t child;

	streamed_open(&streamed, "");
	stream_reader_open(&reader, streamed.target);
	stream_reader_await_begin(&reader);
	/* The reader's own is this process', too. */
	child = fork_child(&its_life, nb_sockets + 1);
	streamed_close(&streamed);
	stream_reader_await_end(&reader);
	close(its_life);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	stream_reader_close(&reader);
}

const struct test_case test_cases[] = {
	{ "one_that_the_plugin_places_can_be_made_before_its_mirrors",
			one_that_the_plugin_places_can_be_made_before_its_mirrors },
	{ "one_that_is_over_turns_readers_away", one_that_is_over_turns_readers_away },
	{ "a_child_of_fork_keeps_no_reader_waiting", a_child_of_fork_keeps_no_reader_waiting },
	{ NULL, NULL },
};
