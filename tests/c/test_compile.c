/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Filters that take as long as a name server does: pcap_compile() is the program's own, and waits when it is told to. */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pcap/pcap.h>

#include "testbed.h"

/* Which expression waits. */
#define SLOW "host name.example"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool is_answered, is_inside;

static void
answer(bool answered)
{
	pthread_mutex_lock(&mutex);
	is_answered = answered;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

static void
wait_until_inside(bool inside)
{
	pthread_mutex_lock(&mutex);
	while (is_inside != inside)
		pthread_cond_wait(&changed, &mutex);
	pthread_mutex_unlock(&mutex);
}

static void
wait_for_answer(void)
{
	pthread_mutex_lock(&mutex);
	is_inside = true;
	pthread_cond_broadcast(&changed);
	while (!is_answered)
		pthread_cond_wait(&changed, &mutex);
	is_inside = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
}

/* The library finds this before libpcap's. */
int
pcap_compile(pcap_t *pcap, struct bpf_program *program, const char *expression, int optimize,
		bpf_u_int32 netmask)
{
	__typeof__(&pcap_compile) compile;

	if (strcmp(expression, SLOW) == 0) {
		wait_for_answer();
		expression = "host 192.0.2.1";
	}
	*(void **)&compile = dlsym(dlopen("libpcap.so.0.8", RTLD_NOW), "pcap_compile");
	CHECK(compile != NULL);
	return compile(pcap, program, expression, optimize, netmask);
}

static void *
compile_slowly(void *filter)
{
	return (void *)(intptr_t)rte_mirror_filter_compile(SLOW, filter);
}

static int
result_of(pthread_t thread)
{
	void *rc;

	CHECK_EQ(pthread_join(thread, &rc), 0);
	return (intptr_t)rc;
}

static void
nobody_else_waits_for_a_name(void)
{
	struct rte_mirror_filter *slow = NULL;
	struct testbed testbed;
	pthread_t thread;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	answer(false);
	CHECK_EQ(pthread_create(&thread, NULL, compile_slowly, &slow), 0);
	wait_until_inside(true);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	CHECK_EQ(stats_of(id).seen, 0);
	mirror_off(id);
	answer(true);
	CHECK_EQ(result_of(thread), 0);
	CHECK(slow != NULL);
	rte_mirror_filter_free(slow);
	testbed_close(&testbed);
}

static void
what_takes_too_long_is_refused_and_the_next_meanwhile(void)
{
	struct rte_mirror_filter *slow = NULL, *other = NULL;

	answer(false);
	CHECK_EQ(rte_mirror_filter_compile(SLOW, &slow), -ETIMEDOUT);
	CHECK(strstr(rte_mirror_last_error(), "give addresses instead of names") != NULL);
	CHECK_EQ(rte_mirror_filter_compile("tcp", &other), -EBUSY);
	CHECK(strstr(rte_mirror_last_error(),
			      "is long or waits for a name server: try again later") != NULL);
	CHECK(slow == NULL && other == NULL);
	answer(true);
	wait_until_inside(false);
	/* Until its thread has said so. */
	while (rte_mirror_filter_compile("tcp", &other) == -EBUSY)
		continue;
	CHECK(other != NULL);
	rte_mirror_filter_free(other);
}

/* Also when the caller has let go of it. */
static void
mirrors_run_a_filter_of_their_own_each_or_one_together(void)
{
	struct rte_mirror_select select = { .filter = NULL };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .select = &select };
	struct testbed testbed;
	uint32_t ids[2];

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	CHECK_EQ(rte_mirror_filter_compile("ether[0] = 1", &select.compiled), 0);
	ids[0] = mirror_with(testbed.source.id, &param);
	param.directions = RTE_MIRROR_TX;
	ids[1] = mirror_with(testbed.source.id, &param);
	rte_mirror_filter_free(select.compiled);
	CHECK_EQ(info_of(ids[0]).filter_engine, RTE_MIRROR_FILTER_JIT);
	mirror_off(ids[0]);
	CHECK_EQ(info_of(ids[1]).filter_engine, RTE_MIRROR_FILTER_JIT);
	mirror_off(ids[1]);
	testbed_close(&testbed);
}

/* However little stack the application's threads have: libpcap parses an expression by recursion. */
static void
a_long_filter_needs_no_stack_of_the_applications(void)
{
	static const char term[] = "ether[0]=1 or ";
	const unsigned int nb = 65000 / (sizeof(term) - 1);
	char *expression = calloc(nb + 2, sizeof(term));
	struct rte_mirror_filter *filter = NULL;
	const struct rlimit little = { 128 << 10, RLIM_INFINITY };
	pthread_attr_t attr;
	unsigned int i;

	CHECK(expression != NULL);
	for (i = 0; i < nb; i++)
		strcat(expression + i * (sizeof(term) - 1), term);
	strcat(expression, "ip");
	CHECK_EQ(setrlimit(RLIMIT_STACK, &little), 0);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 128 << 10);
	CHECK_EQ(pthread_setattr_default_np(&attr), 0);
	CHECK_EQ(rte_mirror_filter_compile(expression, &filter), 0);
	rte_mirror_filter_free(filter);
	strcat(expression, " or ip or ip or ip or ip or ip or ip or ip or ip or ip or ip or ip");
	for (i = 0; strlen(expression) <= UINT16_MAX; i++)
		strcat(expression, "                                ");
	CHECK_EQ(rte_mirror_filter_compile(expression, &filter), -EINVAL);
	CHECK(strstr(rte_mirror_last_error(), "65535") != NULL);
	free(expression);
}

static void
compile_as_child(void)
{
	struct rte_mirror_filter *filter = NULL;
	unsigned int i;

	/* What hangs is killed. */
	alarm(60);
	for (i = 0; i < 4; i++) {
		CHECK_EQ(rte_mirror_filter_compile("udp", &filter), 0);
		rte_mirror_filter_free(filter);
		CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	}
	_exit(0);
}

/* One of the parent's threads waits, and the child has none of them. */
static void
a_child_of_one_that_compiles_may_compile(void)
{
	struct rte_mirror_filter *slow = NULL;
	pthread_t thread;
	pid_t child;
	int status;

	answer(false);
	CHECK_EQ(pthread_create(&thread, NULL, compile_slowly, &slow), 0);
	wait_until_inside(true);
	child = fork();
	if (child == 0)
		compile_as_child();
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK_EQ(status, 0);
	answer(true);
	CHECK_EQ(result_of(thread), 0);
	rte_mirror_filter_free(slow);
}

static void
a_filter_given_twice_or_not_at_all_is_refused(void)
{
	struct rte_mirror_select select = { .filter = "tcp" };
	struct rte_mirror_filter *filter = NULL;
	struct testbed testbed;

	CHECK_EQ(rte_mirror_filter_compile(NULL, &filter), -EINVAL);
	CHECK_EQ(rte_mirror_filter_compile("tcp", NULL), -EINVAL);
	CHECK_EQ(rte_mirror_filter_compile("tcp prot", &filter), -EINVAL);
	CHECK(filter == NULL);
	rte_mirror_filter_free(NULL);
	CHECK_EQ(rte_mirror_filter_compile("udp", &select.compiled), 0);
	testbed_open(&testbed, NULL, NULL);
	CHECK_EQ(rte_mirror_add(testbed.source.id,
				 &(struct rte_mirror_param){ .target_port = testbed.target.id,
						 .directions = RTE_MIRROR_RX,
						 .select = &select },
				 NULL),
			-EINVAL);
	CHECK(strstr(rte_mirror_last_error(), "give one") != NULL);
	rte_mirror_filter_free(select.compiled);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	/* First: a child of one that has mirrored may not. */
	{ "a_child_of_one_that_compiles_may_compile", a_child_of_one_that_compiles_may_compile },
	{ "nobody_else_waits_for_a_name", nobody_else_waits_for_a_name },
	{ "what_takes_too_long_is_refused_and_the_next_meanwhile",
			what_takes_too_long_is_refused_and_the_next_meanwhile },
	{ "mirrors_run_a_filter_of_their_own_each_or_one_together",
			mirrors_run_a_filter_of_their_own_each_or_one_together },
	{ "a_long_filter_needs_no_stack_of_the_applications",
			a_long_filter_needs_no_stack_of_the_applications },
	{ "a_filter_given_twice_or_not_at_all_is_refused",
			a_filter_given_twice_or_not_at_all_is_refused },
	{ NULL, NULL },
};
