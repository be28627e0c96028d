/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What a mirror was asked for, as the plugin remembers and tells it. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "testbed.h"
#include "requests.h"

/* As info has it: in pieces, a quote as \x22, a backslash doubled. */
#define SPEC(text) "\"spec\":[\"" text "\"]"
#define QUOTE      "\\\\x22"

static void
add(const struct testbed *testbed, const char *params)
{
	char request[512];

	snprintf(request, sizeof(request), "/mirror/add,source=%u,to=port:%u,force=yes,name=m%s",
			testbed->source.id, testbed->target.id, params);
	order(request);
}

static void
check_spec(const char *spec)
{
	check_answer("/mirror/info,mirror=m", spec);
}

static void
text_is_told_as_it_was_sent(void)
{
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	add(&testbed, "");
	check_spec(SPEC("directions=both,mode=auto,name=m"));
	order("/mirror/remove,mirror=m");
	add(&testbed, ",vlans=\"100,200-200\",direction=rx,mac=\"src=00:AA:00:00:00:01\"");
	check_spec(SPEC("directions=rx,mode=auto,name=m,mac=" QUOTE "src=00:AA:00:00:00:01" QUOTE
			",vlans=" QUOTE "100,200-200" QUOTE));
	order("/mirror/remove,mirror=m");
	testbed_close(&testbed);
}

static void
an_update_changes_what_it_names(void)
{
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	add(&testbed, ",snaplen=0096,vlans=7,filter=tcp");
	order("/mirror/update,mirror=m,mode=copy,vlans=8");
	check_spec(SPEC("directions=both,mode=copy,snaplen=0096,name=m,filter=tcp,vlans=8"));
	order("/mirror/update,mirror=m,vlans=\"\",filter=\"\",origin=yes");
	check_spec(SPEC("directions=both,mode=copy,snaplen=0096,origin=yes,name=m"));
	order("/mirror/update,mirror=m,origin=no,snaplen=0");
	check_spec(SPEC("directions=both,mode=copy,snaplen=0,origin=no,name=m"));
	/* What is not named any more does not come back with the next update. */
	order("/mirror/update,mirror=m,mode=share");
	check_answer("/mirror/info,mirror=m", "\"filter_engine\":\"none\"");
	order("/mirror/update,mirror=m,name=other");
	check_answer("/mirror/info,mirror=other",
			SPEC("directions=both,mode=share,snaplen=0,origin=no,name=other"));
	order("/mirror/remove,mirror=other");
	testbed_close(&testbed);
}

static void
a_refused_update_changes_nothing(void)
{
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	add(&testbed, ",vlans=7");
	order_refused("/mirror/update,mirror=m,mode=copy,snaplen=1", "snaplen 1 ");
	order_refused("/mirror/update,mirror=m,mode=copy,vlans=4096", "vlans=4096: not within");
	order_refused("/mirror/update,mirror=m,vlans=8,color=red", "color: no such parameter");
	order_refused("/mirror/update,mirror=m,directions=rx,direction=rx",
			"direction: another name of directions");
	order_refused("/mirror/update,mirror=m,name=\"\"", "give one, or leave it out");
	check_spec(SPEC("directions=both,mode=auto,name=m,vlans=7"));
	order("/mirror/remove,mirror=m");
	testbed_close(&testbed);
}

/* Asks for as much as a request has room for: zeros that say nothing take some, too. */
static void
ask_for_much(const char *key, char request[REQUEST_SIZE])
{
	const bool is_filter = strcmp(key, "filter") == 0;
	const size_t room = REQUEST_SIZE - 32;

	snprintf(request, REQUEST_SIZE, "/mirror/update,mirror=m,%s=\"", key);
	while (strlen(request) < room)
		strcat(request, is_filter ? "ip or " : "0000000000-0000000000,");
	strcat(request, is_filter ? "arp\"" : "0\"");
}

static void
more_than_an_answer_holds_is_refused(void)
{
	static const char *const keys[] = { "filter", "vlans", "inner_vlans" };
	char before[REQUEST_ANSWER_SIZE], after[REQUEST_ANSWER_SIZE], request[REQUEST_SIZE];
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	add(&testbed,
			",mac=\"src=00:AA:00:00:00:01/ff:ff:ff:ff:ff:ff,dst=00:AA:00:00:00:01/ff:ff:ff:ff:ff:ff,"
			"both_ways=no\",sample=\"00000000000000000001,random=no\","
			"flow=\"protocol=0000000006,src_port=0000000000-0000000001,"
			"dst_port=0000000000-0000000001\"");
	for (i = 0; i < RTE_DIM(keys); i++) {
		ask_for_much(keys[i], request);
		order(request);
	}
	ask("/mirror/info,mirror=m", before);
	ask_for_much("queues", request);
	order_refused(request, "more than 4095 bytes with those that the mirror");
	ask("/mirror/info,mirror=m", after);
	CHECK(strlen(after) > 3500 && strcmp(before, after) == 0);
	order("/mirror/update,mirror=m,vlans=\"\"");
	order(request);
	order("/mirror/remove,mirror=m");
	testbed_close(&testbed);
}

/* By which functions of its own it chooses, and what else, the library does not tell. */
static void
an_applications_own_mirror_has_no_spec(void)
{
	const struct rte_mirror_range vlan = { 7, 7 };
	const struct rte_mirror_select select = { .vlans = &vlan, .nb_vlans = 1 };
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .select = &select, .snaplen = 64, .name = "own"
	};
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	check_answer("/mirror/info,mirror=own", "\"spec\":[]");
	check_answer("/mirror/info,mirror=own", "\"added\":0");
	check_answer("/mirror/info,mirror=own", "\"snaplen\":64");
	order_refused("/mirror/update,mirror=own,snaplen=96", "the application's own");
	order_refused("/mirror/add,source=0,to=ring:x,replace=own", "the application's own");
	CHECK_EQ(info_of(id).snaplen, 64);
	order("/mirror/pause,mirror=own");
	order("/mirror/resume,mirror=own");
	order("/mirror/reset,mirror=own");
	order("/mirror/remove,mirror=own");
	CHECK_EQ(rte_mirror_list(NULL, 0), 0);
	testbed_close(&testbed);
}

static void
the_kinds_of_targets_are_told(void)
{
	check_answer("/mirror/version",
			"file:FILE  a new capture file, pcapng or, by its name, pcap, written until the mirror is removed\\\\x0astream:");
	check_answer("/mirror/version", "port:NAME  an existing port");
}

const struct test_case test_cases[] = {
	{ "text_is_told_as_it_was_sent", text_is_told_as_it_was_sent },
	{ "an_update_changes_what_it_names", an_update_changes_what_it_names },
	{ "a_refused_update_changes_nothing", a_refused_update_changes_nothing },
	{ "more_than_an_answer_holds_is_refused", more_than_an_answer_holds_is_refused },
	{ "an_applications_own_mirror_has_no_spec", an_applications_own_mirror_has_no_spec },
	{ "the_kinds_of_targets_are_told", the_kinds_of_targets_are_told },
	{ NULL, NULL },
};
