/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* A mirror goes for another, and what other commands do to the new one while a driver ends the old one's target. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testbed.h"
#include "ondemand.h"
#include "requests.h"
#include "slow.h"

static struct {
	char replace[256];
	unsigned int nb_made, nb_freed; /* filters */
	bool is_full;                   /* the next mirror cannot be added */
} now;

/* The linker has the library call these, and us what it would call. */
#define WRAP(function)                                 \
	extern __typeof__(function) __real_##function; \
	extern __typeof__(function) __wrap_##function;

WRAP(rte_mirror_filter_compile)
WRAP(rte_mirror_filter_free)
WRAP(rte_mirror_add)

int
__wrap_rte_mirror_filter_compile(const char *expression, struct rte_mirror_filter **filter)
{
	__atomic_fetch_add(&now.nb_made, 1, __ATOMIC_RELAXED);
	return __real_rte_mirror_filter_compile(expression, filter);
}

/* Where filters go once too often, nothing else may show it. */
void
__wrap_rte_mirror_filter_free(struct rte_mirror_filter *filter)
{
	__atomic_fetch_add(&now.nb_freed, 1, __ATOMIC_RELAXED);
	__real_rte_mirror_filter_free(filter);
}

int
__wrap_rte_mirror_add(uint16_t source_port, const struct rte_mirror_param *param, uint32_t *id)
{
	if (!now.is_full)
		return __real_rte_mirror_add(source_port, param, id);
	now.is_full = false;
	return -ENOMEM;
}

static int
replace(void *arg)
{
	char answer[REQUEST_ANSWER_SIZE];

	(void)arg;
	/* When it is answered the mirror may have gone again. */
	ask(now.replace, answer);
	return 0;
}

/* Mirrors to one target, replaces that by another, and while the driver of the first is at work, asks for something. */
static void
replace_while(const char *meanwhile)
{
	const unsigned int nb_made = now.nb_made, nb_freed = now.nb_freed;
	char request[512];
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	snprintf(request, sizeof(request),
			"/mirror/add,source=%u,to=null:old,name=m,filter=\"udp\"",
			testbed.source.id);
	order(request);
	slow_begin(mirror_targets_port(mirror_targets_find("null:old")));
	snprintf(now.replace, sizeof(now.replace),
			"/mirror/add,source=%u,to=ring:new,replace=m,name=m,filter=\"tcp\"",
			testbed.source.id);
	test_launch(0, replace, NULL);
	slow_wait();
	order(meanwhile);
	slow_end();
	test_join(0);
	order("/mirror/remove,all=yes");
	order("/mirror/target/remove,to=ring:new,force=yes");
	CHECK_EQ(now.nb_freed - nb_freed, now.nb_made - nb_made);
	testbed_close(&testbed);
}

static void
the_new_mirror_may_be_removed(void)
{
	replace_while("/mirror/remove,mirror=m");
}

static void
the_new_mirror_may_get_another_filter(void)
{
	replace_while("/mirror/update,mirror=m,filter=\"icmp\"");
}

static void
the_new_mirror_may_lose_its_filter(void)
{
	replace_while("/mirror/update,mirror=m,filter=\"\"");
}

/* With all that it was asked for, by the name that it had. */
static void
an_old_mirror_whose_successor_cannot_come_is_what_it_was(void)
{
	char request[512], answer[REQUEST_ANSWER_SIZE];
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	snprintf(request, sizeof(request),
			"/mirror/add,source=%u,to=port:%u,force=yes,filter=\"udp port 7\",vlans=7-7",
			testbed.source.id, testbed.target.id);
	order(request);
	ask("/mirror/list", answer);
	snprintf(now.replace, sizeof(now.replace), "mirror%d", atoi(strchr(answer, '[') + 1));
	snprintf(request, sizeof(request), "/mirror/pause,mirror=%s", now.replace);
	order(request);
	snprintf(request, sizeof(request),
			"/mirror/add,source=%u,to=port:%u,force=yes,replace=%s,name=new",
			testbed.source.id, testbed.target2.id, now.replace);
	now.is_full = true;
	order_refused(request, "ENOMEM");
	snprintf(request, sizeof(request), "/mirror/info,mirror=%s", now.replace);
	check_answer(request, "\"state\":\"paused\"");
	check_answer(request, "filter=\\\\x22udp port 7\\\\x22,vlans=7-7\"]");
	/* The name stays, too, though nobody has asked for it. */
	snprintf(request, sizeof(request), "/mirror/update,mirror=%s,snaplen=64", now.replace);
	order(request);
	snprintf(request, sizeof(request), "/mirror/remove,mirror=%s", now.replace);
	order(request);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "the_new_mirror_may_be_removed", the_new_mirror_may_be_removed },
	{ "the_new_mirror_may_get_another_filter", the_new_mirror_may_get_another_filter },
	{ "the_new_mirror_may_lose_its_filter", the_new_mirror_may_lose_its_filter },
	{ "an_old_mirror_whose_successor_cannot_come_is_what_it_was",
			an_old_mirror_whose_successor_cannot_come_is_what_it_was },
	{ NULL, NULL },
};
