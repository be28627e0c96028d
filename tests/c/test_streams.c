/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets that are read at a socket: who may, when, and what is left of them. */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
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

static void
check_refused(const struct streamed *streamed, const char *path, const char *says)
{
	char request[512];
	unsigned int dry;

	for (dry = 0; dry < 2; dry++) {
		snprintf(request, sizeof(request),
				"/mirror/add,source=%u,to=stream:%s,directions=tx%s",
				streamed->testbed.source.id, path, dry ? ",dry=yes" : "");
		order_refused(request, says);
	}
}

static void
what_would_be_refused_is_refused_beforehand(void)
{
	char path[TARGET_TEXT_SIZE], longer[TARGET_TEXT_SIZE];
	struct streamed streamed;
	int fd;

	streamed_open(&streamed, "");
	check_refused(&streamed, "/nowhere/socket", "No such file");
	check_refused(&streamed, "/tmp/socket", "belongs to the user");
	check_refused(&streamed, "socket", "not absolute");
	snprintf(path, sizeof(path), "%s/socket", getenv("RUNTIME_DIRECTORY"));
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK(fd >= 0);
	close(fd);
	check_refused(&streamed, path, "no socket");
	CHECK_EQ(unlink(path), 0);
	snprintf(longer, sizeof(longer), "%s/%0100d", getenv("RUNTIME_DIRECTORY"), 0);
	check_refused(&streamed, longer, "at most 103 bytes");
	streamed_close(&streamed);
}

static void
a_question_leaves_nothing(void)
{
	char folder[TARGET_TEXT_SIZE], request[80];
	struct testbed testbed;

	snprintf(folder, sizeof(folder), "%s/empty", getenv("RUNTIME_DIRECTORY"));
	CHECK_EQ(mkdir(folder, 0700), 0);
	CHECK_EQ(setenv("XDG_RUNTIME_DIR", folder, 1), 0);
	testbed_open(&testbed, NULL, NULL);
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=stream:,dry=yes",
			testbed.source.id);
	order(request);
	/* It is empty still. */
	CHECK_EQ(rmdir(folder), 0);
	testbed_close(&testbed);
}

/* A socket whose process has gone. */
static void
leave_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	CHECK_EQ(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	close(fd);
}

static void
what_dead_processes_leave_goes_and_nothing_else(void)
{
	char dead[sizeof(((struct sockaddr_un *)NULL)->sun_path)], file[sizeof(dead)];
	char second[TARGET_TEXT_SIZE], request[TARGET_TEXT_SIZE + 80];
	struct streamed streamed;
	const char *slash;
	struct stat status;

	streamed_open(&streamed, "");
	slash = strrchr(streamed.target, '/');
	snprintf(dead, sizeof(dead), "%.*s/dead.sock", (int)(slash - strchr(streamed.target, '/')),
			strchr(streamed.target, '/'));
	snprintf(file, sizeof(file), "%.*s/file.sock", (int)(slash - strchr(streamed.target, '/')),
			strchr(streamed.target, '/'));
	leave_socket(dead);
	CHECK(close(open(file, O_WRONLY | O_CREAT, 0600)) == 0);
	ask_for_target("/mirror/target/add,to=stream:", second);
	CHECK(lstat(dead, &status) != 0);
	CHECK_EQ(unlink(file), 0);
	CHECK_EQ(lstat(strchr(streamed.target, '/'), &status), 0);
	snprintf(request, sizeof(request), "/mirror/target/remove,to=%s", second);
	order(request);
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
	testbed_pass(&streamed.testbed, NB_PACKETS, 1, LENGTH);
	CHECK_WITHIN(SOON_MS, is_stopped());
	CHECK(!stream_reader_can_open(&late, streamed.target));
	stream_reader_await(&reader, 10);
	stream_reader_await_end(&reader);
	stream_reader_close(&reader);
	streamed_close(&streamed);
}

/* Whoever was to read has not come. */
static void
its_time_goes_by_without_a_reader(void)
{
	struct stream_reader late;
	struct streamed streamed;

	streamed_open(&streamed, ",seconds=1");
	CHECK_WITHIN(SOON_MS, is_stopped());
	check_answer("/mirror/info,mirror=m", "its 1 s are over");
	CHECK(!stream_reader_can_open(&late, streamed.target));
	streamed_close(&streamed);
}

static bool
is_there(const char *name)
{
	uint32_t id;

	return rte_mirror_lookup(name, &id) == 0;
}

static bool
is_free(const char *target)
{
	struct stat status;

	return lstat(strchr(target, '/'), &status) != 0;
}

/* What is answered to who asks for a mirror that has ended: in parts, as long sentences are. */
static void
check_ended(const char *name, const char *says)
{
	char request[64], answer[REQUEST_ANSWER_SIZE], *seam;

	snprintf(request, sizeof(request), "/mirror/info,mirror=%s", name);
	ask(request, answer);
	while ((seam = strstr(answer, "\",\"")) != NULL)
		memmove(seam, seam + 3, strlen(seam + 3) + 1);
	if (strstr(answer, "it ended") == NULL || strstr(answer, says) == NULL)
		test_fail(__FILE__, __LINE__, "%s does not say \"%s\": %s", request, says, answer);
}

/* In the data path, paused and one of two, with its target and its socket: a path can be had again at once. */
static void
what_ends_with_its_reader_goes_with_it(void)
{
	char request[TARGET_TEXT_SIZE + 80];
	struct stream_reader reader;
	struct streamed streamed;

	streamed_open(&streamed, ",linger=no");
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=%s,name=other,directions=tx",
			streamed.testbed.source.id, streamed.target);
	order(request);
	order("/mirror/pause,mirror=other");
	stream_reader_open(&reader, streamed.target);
	stream_reader_await_begin(&reader);
	testbed_pass(&streamed.testbed, NB_PACKETS, 1, LENGTH);
	stream_reader_await(&reader, NB_PACKETS);
	stream_reader_close(&reader);
	CHECK_WITHIN(SOON_MS, !is_there("m") && !is_there("other"));
	check_ended("m", "its reader has gone), when it had seen 32 packets and mirrored 32:");
	check_ended("other", "its reader has gone), when it had seen 0 packets");
	CHECK(is_free(streamed.target));
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=%s,name=m",
			streamed.testbed.source.id, streamed.target);
	order(request);
	streamed_close(&streamed);
}

/* Which limit it was stays to be told, though its reader goes after that. */
static void
what_ends_by_its_limit_stays_until_it_is_removed(void)
{
	struct stream_reader reader;
	struct streamed streamed;
	char request[128];

	streamed_open(&streamed, ",linger=no,packets=10");
	stream_reader_open(&reader, streamed.target);
	stream_reader_await_begin(&reader);
	testbed_pass(&streamed.testbed, NB_PACKETS, 1, LENGTH);
	CHECK_WITHIN(SOON_MS, is_stopped());
	stream_reader_close(&reader);
	/* Another one goes, so that it is known that it has been looked. */
	snprintf(request, sizeof(request),
			"/mirror/add,source=%u,to=null:x,name=leased,directions=tx,lease=1",
			streamed.testbed.source.id);
	order(request);
	CHECK_WITHIN(30000, !is_there("leased"));
	CHECK(is_stopped());
	check_answer("/mirror/info,mirror=m", "has its 10 packets");
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
fork_child(int *pipe_end, unsigned int nb_sockets)
{
	int fds[2];
	pid_t child;
	char end;

	CHECK_EQ(pipe(fds), 0);
	child = fork();
	if (child == 0) {
		close(fds[1]);
		if (count_sockets() == nb_sockets)
			(void)!read(fds[0], &end, 1);
		_exit(count_sockets() != nb_sockets);
	}
	close(fds[0]);
	*pipe_end = fds[1];
	return child;
}

static void
a_child_of_fork_keeps_no_reader_waiting(void)
{
	const unsigned int nb_sockets = count_sockets();
	struct stream_reader reader;
	struct streamed streamed;
	int pipe_end, status;
	pid_t child;

	streamed_open(&streamed, "");
	stream_reader_open(&reader, streamed.target);
	stream_reader_await_begin(&reader);
	/* The reader's own is this process', too. */
	child = fork_child(&pipe_end, nb_sockets + 1);
	streamed_close(&streamed);
	stream_reader_await_end(&reader);
	close(pipe_end);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	stream_reader_close(&reader);
}

const struct test_case test_cases[] = {
	{ "one_that_the_plugin_places_can_be_made_before_its_mirrors",
			one_that_the_plugin_places_can_be_made_before_its_mirrors },
	{ "what_would_be_refused_is_refused_beforehand",
			what_would_be_refused_is_refused_beforehand },
	{ "a_question_leaves_nothing", a_question_leaves_nothing },
	{ "what_dead_processes_leave_goes_and_nothing_else",
			what_dead_processes_leave_goes_and_nothing_else },
	{ "one_that_is_over_turns_readers_away", one_that_is_over_turns_readers_away },
	{ "its_time_goes_by_without_a_reader", its_time_goes_by_without_a_reader },
	{ "what_ends_with_its_reader_goes_with_it", what_ends_with_its_reader_goes_with_it },
	{ "what_ends_by_its_limit_stays_until_it_is_removed",
			what_ends_by_its_limit_stays_until_it_is_removed },
	{ "a_child_of_fork_keeps_no_reader_waiting", a_child_of_fork_keeps_no_reader_waiting },
	{ NULL, NULL },
};
