/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Mirrors that end by themselves: after a time, or with a process. */

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testbed.h"
#include "requests.h"
#include "slow.h"

/* A lease of a second is over, and the machine may be busy. */
#define SOON_MS 30000

static struct testbed testbed;

static void
add(const char *target, const char *params)
{
	char request[512];

	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=%s%s%s", testbed.source.id,
			target, strstr(params, "name=") == NULL ? ",name=m" : "", params);
	order(request);
}

static bool
is_there(const char *name)
{
	uint32_t id;

	return rte_mirror_lookup(name, &id) == 0;
}

static bool
has_ports(unsigned int nb)
{
	return rte_eth_dev_count_total() == nb;
}

/* The number behind a key of what info answers; -1: there is none. */
static int64_t
told(const char *key)
{
	char answer[REQUEST_ANSWER_SIZE], name[64];
	const char *at;

	ask("/mirror/info,mirror=m", answer);
	snprintf(name, sizeof(name), "\"%s\":", key);
	at = strstr(answer, name);
	return at != NULL ? atoll(at + strlen(name)) : -1;
}

static uint16_t
target_port(void)
{
	uint32_t id;

	CHECK_EQ(rte_mirror_lookup("m", &id), 0);
	return info_of(id).target_port;
}

/* It ends with this program at the latest. */
static pid_t
start_process(void)
{
	char *const args[] = { "cat", NULL };
	posix_spawn_file_actions_t actions;
	int ends[2];
	pid_t pid;

	CHECK_EQ(pipe2(ends, O_CLOEXEC), 0);
	CHECK_EQ(posix_spawn_file_actions_init(&actions), 0);
	CHECK_EQ(posix_spawn_file_actions_adddup2(&actions, ends[0], 0), 0);
	CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0), 0);
	CHECK_EQ(posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0), 0);
	CHECK_EQ(posix_spawnp(&pid, "cat", &actions, NULL, args, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	return pid;
}

/* When a process has started, as others read it. */
static uint64_t
start_of(pid_t pid)
{
	char path[64], text[1024] = "";
	const char *at;
	FILE *file;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "r");
	CHECK(file != NULL && fgets(text, sizeof(text), file) != NULL);
	fclose(file);
	at = strrchr(text, ')');
	/* The 22nd, and the second one is in parentheses. */
	for (field = 2; field < 22; field++)
		at = strchr(at, ' ') + 1;
	return strtoull(at, NULL, 10);
}

static void
add_with(const char *target, pid_t pid)
{
	char params[128];

	snprintf(params, sizeof(params), ",ends_with=%d:%" PRIu64, (int)pid, start_of(pid));
	add(target, params);
}

static void
end_process(pid_t pid)
{
	CHECK_EQ(kill(pid, SIGKILL), 0);
	CHECK_EQ(waitpid(pid, NULL, 0), pid);
}

static void
a_mirror_ends_when_its_time_is_over(void)
{
	unsigned int nb_ports;

	testbed_open(&testbed, NULL, NULL);
	nb_ports = rte_eth_dev_count_total();
	add("null:m", ",lease=1000");
	testbed_pass(&testbed, 7, 1, 60);
	order("/mirror/update,mirror=m,lease=1");
	CHECK_WITHIN(SOON_MS, !is_there("m"));
	/* So does its target, and nobody has asked for anything. */
	CHECK_WITHIN(SOON_MS, has_ports(nb_ports));
	order_refused("/mirror/info,mirror=m",
			"(its 1 s are over), when it had seen 7 packets and mirrored 7");
	/* The name can be had again, and nothing is said of the old mirror then. */
	add("null:m", "");
	CHECK_EQ(told("ends_in_s"), -1);
	order("/mirror/remove,mirror=m");
	add("null:m", ",for=1s");
	CHECK_WITHIN(SOON_MS, !is_there("m"));
	testbed_close(&testbed);
}

static void
a_mirror_that_is_paused_ends_too(void)
{
	testbed_open(&testbed, NULL, NULL);
	add("ring:m", ",for=1h");
	order("/mirror/pause,mirror=m");
	order("/mirror/update,mirror=m,for=1s");
	CHECK_WITHIN(SOON_MS, !is_there("m"));
	order("/mirror/target/remove,to=ring:m,force=yes");
	testbed_close(&testbed);
}

static void
a_mirror_ends_with_a_process(void)
{
	pid_t first = start_process(), second = start_process();

	testbed_open(&testbed, NULL, NULL);
	add_with("null:m", first);
	CHECK_EQ(told("ends_with"), first);
	order("/mirror/update,mirror=m,name=first");
	add_with("null:second", second);
	end_process(second);
	CHECK_WITHIN(SOON_MS, !is_there("m"));
	order_refused("/mirror/info,mirror=m", ", which it was to end with, has ended)");
	/* Nobody has waited for the other one yet. */
	CHECK(is_there("first"));
	CHECK_EQ(kill(first, SIGKILL), 0);
	CHECK_WITHIN(SOON_MS, !is_there("first"));
	CHECK_EQ(waitpid(first, NULL, 0), first);
	testbed_close(&testbed);
}

/* By its number alone it could be any. */
static void
another_process_of_that_number_is_none(void)
{
	pid_t pid = start_process();
	char request[256];

	testbed_open(&testbed, NULL, NULL);
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=null:m,ends_with=%d:%" PRIu64,
			testbed.source.id, (int)pid, start_of(pid) + 1);
	order_refused(request, "the application sees none of that number and start");
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=null:m,ends_with=%d:%" PRIu64,
			testbed.source.id, (int)pid, start_of(pid));
	end_process(pid);
	order_refused(request, "give a time, by lease");
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	testbed_close(&testbed);
}

static void
only_an_update_that_says_so_prolongs_a_lease(void)
{
	testbed_open(&testbed, NULL, NULL);
	add("null:m", ",lease=1h");
	CHECK(told("ends_in_s") > 3000 && told("ends_in_s") <= 3600);
	order("/mirror/update,mirror=m,lease=1000");
	CHECK(told("ends_in_s") > 500 && told("ends_in_s") <= 1000);
	order("/mirror/update,mirror=m,snaplen=64");
	CHECK(told("ends_in_s") > 500 && told("ends_in_s") <= 1000);
	order("/mirror/update,mirror=m,for=0");
	CHECK_EQ(told("ends_in_s"), -1);
	/* Refused, it changes nothing. */
	order_refused("/mirror/update,mirror=m,lease=1,snaplen=1", "snaplen 1 ");
	CHECK_EQ(told("ends_in_s"), -1);
	order("/mirror/update,mirror=m,lease=1");
	CHECK_WITHIN(SOON_MS, !is_there("m"));
	testbed_close(&testbed);
}

/* The same number of seconds again is from now on. */
static void
a_lease_that_is_said_again_begins_again(void)
{
	testbed_open(&testbed, NULL, NULL);
	add("null:m", ",lease=1000");
	CHECK_WITHIN(SOON_MS, told("ends_in_s") < 998);
	order("/mirror/update,mirror=m,snaplen=64");
	CHECK(told("ends_in_s") < 998);
	order("/mirror/update,mirror=m,lease=1000");
	CHECK(told("ends_in_s") >= 998);
	order("/mirror/remove,mirror=m");
	testbed_close(&testbed);
}

static void
an_update_takes_a_process_back(void)
{
	pid_t pid = start_process();

	testbed_open(&testbed, NULL, NULL);
	add_with("null:m", pid);
	order("/mirror/update,mirror=m,ends_with=\"\"");
	CHECK_EQ(told("ends_with"), -1);
	end_process(pid);
	/* One that ends meanwhile shows that there was time. */
	order("/mirror/update,mirror=m,name=stays");
	add("null:other", ",lease=1");
	CHECK_WITHIN(SOON_MS, !is_there("m"));
	order("/mirror/remove,mirror=stays");
	testbed_close(&testbed);
}

/* Others go on, and who asks for the mirror meanwhile learns why. */
static void
a_target_may_take_its_time_to_end(void)
{
	testbed_open(&testbed, NULL, NULL);
	add("null:m", "");
	slow_begin(target_port());
	order("/mirror/update,mirror=m,lease=1");
	slow_wait();
	order_refused("/mirror/info,mirror=m", "its 1 s are over");
	add("ring:other", ",lease=1");
	slow_end();
	CHECK_WITHIN(SOON_MS, rte_mirror_list(NULL, 0) == 0);
	order("/mirror/target/remove,to=ring:other,force=yes");
	testbed_close(&testbed);
}

/* Of one that the application itself has removed, the target ends then. */
static void
a_mirror_that_the_application_has_removed_is_no_hindrance(void)
{
	unsigned int nb_ports;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	nb_ports = rte_eth_dev_count_total();
	add("null:m", "");
	CHECK_EQ(rte_mirror_lookup("m", &id), 0);
	/* The watcher needs one to look. */
	add("ring:stays", ",name=stays,directions=tx");
	order("/mirror/update,mirror=m,lease=1");
	/* Its lease may be over already. */
	(void)rte_mirror_remove(id);
	CHECK_WITHIN(SOON_MS, has_ports(nb_ports + 1));
	order("/mirror/remove,mirror=stays");
	order("/mirror/target/remove,to=ring:stays,force=yes");
	testbed_close(&testbed);
}

static void
it_is_told_who_has_added_a_mirror_and_when(void)
{
	char answer[REQUEST_ANSWER_SIZE], own[32];
	const struct peer peer = { .is_known = true, .uid = 12, .pid = 34 };
	struct text text = mirror_text_begin(answer, sizeof(answer));
	char request[256];
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	add("null:m", ",by=\"me@here, process 7\"");
	check_answer("/mirror/info,mirror=m", "\"added_by\":[\"me@here, process 7\"]");
	check_answer("/mirror/info,mirror=m", "\"added_at\":\"20");
	CHECK_EQ(told("added_uid"), -1);
	order("/mirror/remove,mirror=m");
	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=null:m,name=m",
			testbed.source.id);
	mirror_request_answer(request, strlen(request), &peer, &text);
	CHECK_EQ(told("added_uid"), 12);
	CHECK_EQ(told("added_pid"), 34);
	check_answer("/mirror/info,mirror=m", "\"added_by\":[]");
	order("/mirror/remove,mirror=m");
	/* What the application adds is nobody's. */
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	snprintf(own, sizeof(own), "/mirror/info,mirror=%" PRIu32, id);
	ask(own, answer);
	CHECK(strstr(answer, "added_at") == NULL);
	mirror_off(id);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "a_mirror_ends_when_its_time_is_over", a_mirror_ends_when_its_time_is_over },
	{ "a_mirror_that_is_paused_ends_too", a_mirror_that_is_paused_ends_too },
	{ "a_mirror_ends_with_a_process", a_mirror_ends_with_a_process },
	{ "another_process_of_that_number_is_none", another_process_of_that_number_is_none },
	{ "only_an_update_that_says_so_prolongs_a_lease",
			only_an_update_that_says_so_prolongs_a_lease },
	{ "a_lease_that_is_said_again_begins_again", a_lease_that_is_said_again_begins_again },
	{ "an_update_takes_a_process_back", an_update_takes_a_process_back },
	{ "a_target_may_take_its_time_to_end", a_target_may_take_its_time_to_end },
	{ "a_mirror_that_the_application_has_removed_is_no_hindrance",
			a_mirror_that_the_application_has_removed_is_no_hindrance },
	{ "it_is_told_who_has_added_a_mirror_and_when",
			it_is_told_who_has_added_a_mirror_and_when },
	{ NULL, NULL },
};
