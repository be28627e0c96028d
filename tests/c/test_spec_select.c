/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What packets are chosen by, as text: what is read, what is refused, what is remembered and what the library is given. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "../../csrc/plugin/refusal.h"
#include "specs.h"

static const struct spec_text given[] = {
	{ "filter=tcp", "filter=tcp" },
	{ "filter=\"host 10.0.0.1 \\xc3\\xa9\"", "filter=\"host 10.0.0.1 \\xc3\\xa9\"" },
	{ "vlans=\"0100,200-0210,7-7\"", "vlans=\"100,200-210,7\"" },
	{ "queue=65535,inner_vlan=0-4095", "inner_vlans=0-4095,queues=65535" },
	{ "mac=\"dst=02:AB:00:00:00:01/ff:ff:ff:ff:ff:ff\"", "mac=\"dst=02:ab:00:00:00:01\"" },
	{ "mac=\"both_ways=yes,dst=02:00:00:00:00:01/00:00:00:00:00:00,src="
	  "02:00:00:00:00:02/ff:00:00:00:00:00\"",
			"mac=\"src=02:00:00:00:00:02/ff:00:00:00:00:00,both_ways=yes\"" },
	{ "flow=\"both_ways=no,protocol=17,ip_version=4,dst=192.0.2.1/32\"",
			"flow=\"protocol=udp,dst=192.0.2.1\"" },
	{ "flow=\"src=2001:DB8:0::/32,protocol=254\"", "flow=\"protocol=254,src=2001:db8::/32\"" },
	{ "flow=\"dst=::/0\"", "flow=\"ip_version=6\"" },
	{ "flow=\"src_port=1024-65535,dst_port=0-0443\"",
			"flow=\"src_port=1024-65535,dst_port=0-443\"" },
	{ "flow=\"protocol=132,dst_port=80\"", "flow=\"protocol=sctp,dst_port=80\"" },
	{ "sample=01000", "sample=1000" },
	{ "sample=\"5,seed=18446744073709551615,random=yes\"",
			"sample=\"5,random=yes,seed=18446744073709551615\"" },
	{ "sample=\"5,random=no,seed=0\"", "sample=5" },
};

static const struct spec_text refused[] = {
	{ "vlans=4096", "vlans=4096: not within 0 to 4095" },
	{ "queues=0-65536", "queues=0-65536: not within 0 to 65535" },
	{ "vlans=5-3", "vlans=5-3: the range 5-3 is empty" },
	{ "vlans=\"1,\"", "vlans=1,: not numbers and ranges" },
	{ "vlans=\",1\"", "vlans=,1: not numbers and ranges" },
	{ "vlans=1-", "vlans=1-: not numbers and ranges" },
	{ "vlans=1-2-3", "vlans=1-2-3: not numbers and ranges" },
	{ "vlans=99999999999", "vlans=99999999999: not within 0 to 4095" },
	{ "mac=\"src=02:00:00:00:00\"", "mac: src=02:00:00:00:00: not an address" },
	{ "mac=\"src=02:00:00:00:00:01:02\"", "not an address" },
	{ "mac=\"src=02:00:00:00:00:01/\"", "not an address" },
	{ "mac=\"src=2:0:0:0:0:1\"", "not an address" },
	{ "mac=\"both_ways=yes\"", "mac: no bit of any address counts" },
	{ "mac=\"src=\\x22\\x22\"", "mac: src=: not an address" },
	{ "mac=\"src=02:00:00:00:00:01,src=02:00:00:00:00:01\"", "at most once" },
	{ "mac=\"source=02:00:00:00:00:01\"",
			"parameter mac: source: no such key, there are src, dst, both_ways" },
	{ "flow=\"both_ways=yes\"", "flow: nothing is asked for" },
	{ "flow=\"ip_version=5\"", "flow: ip_version=5: neither 4 nor 6" },
	{ "flow=\"src=::1,dst=1.2.3.4\"", "dst=1.2.3.4: of IPv4, but the flow is of IPv6" },
	{ "flow=\"src=10.0.0.0/33\"", "src=10.0.0.0/33: not an address or a prefix" },
	{ "flow=\"src=10.0.0.0/8/8\"", "not an address or a prefix" },
	{ "flow=\"src=10.0.0.0/\"", "not an address or a prefix" },
	{ "flow=\"src=1111:2222:3333:4444:5555:6666:7777:8888:9999:0000:1\"",
			"not an address or a prefix" },
	{ "flow=\"protocol=0\"", "protocol=0: neither a number from 1 to 255 nor one of tcp," },
	{ "flow=\"protocol=icmp,dst_port=80\"",
			"flow: protocol=icmp: has no ports: leave them out, or take tcp, udp, sctp, dccp, "
			"udplite" },
	{ "flow=\"protocol=50,src_port=0-65535\"", "flow: protocol=50: has no ports" },
	{ "flow=\"dst_port=0\"", "dst_port=0: not to be had alone: use a filter" },
	{ "flow=\"dst_port=80-\"", "dst_port=80-: not numbers and ranges" },
	{ "flow=\"dst_port=https\"", "dst_port=https: not a number or a range" },
	{ "sample=0", "sample=0: not within 1 to 4294967295" },
	{ "sample=0.1", "sample=0.1: not a whole number, such as 1000 for one packet in 1000" },
	{ "sample=4294967296", "not within 1 to 4294967295" },
	{ "sample=\"5,\"", "sample=: not key=value,... with each of random, seed" },
	{ "sample=\"5,random=1\"", "sample: random=1: neither yes nor no" },
	{ "sample=\"5,random=yes,seed=18446744073709551616\"",
			"seed=18446744073709551616: not within 0 to" },
};

static void
the_library_is_given_what_is_read(void)
{
	check_written(given, RTE_DIM(given), "directions=both,mode=auto,");
}

static void
what_selects_nothing_sensible_says_why(void)
{
	check_refused(refused, RTE_DIM(refused));
}

static const char everything_selected[] =
		"filter=tcp,mac=\"src=02:00:00:00:00:01\",vlans=\"1,3-5\",inner_vlans=7,flow=\"src="
		"10.0.0.0/8,dst_port=443\",sample=\"9,random=yes,seed=8\",queues=2";

static void
the_library_is_given_what_is_selected(void)
{
	struct rte_mirror_select select;
	struct spec spec;

	CHECK_EQ(read_spec("mode=copy", &spec), 0);
	CHECK(mirror_spec_param(&spec, &select).select == NULL);
	CHECK_EQ(read_spec(everything_selected, &spec), 0);
	CHECK(mirror_spec_param(&spec, &select).select == &select);
	CHECK(strcmp(select.filter, "tcp") == 0);
	CHECK_EQ(select.mac->src.addr_bytes[5], 1);
	CHECK_EQ(select.mac->src_mask.addr_bytes[5], 0xff);
	CHECK_EQ(select.mac->dst_mask.addr_bytes[0], 0);
	CHECK_EQ(select.nb_vlans, 2);
	CHECK_EQ(select.vlans[1].min, 3);
	CHECK_EQ(select.vlans[1].max, 5);
	CHECK_EQ(select.nb_inner_vlans, 1);
	CHECK_EQ(select.inner_vlans[0].max, 7);
	CHECK_EQ(select.flow->ip_version, 4);
	CHECK_EQ(select.flow->src[0], 10);
	CHECK_EQ(select.flow->src_len, 8);
	CHECK_EQ(select.flow->dst_port.min, 443);
	CHECK_EQ(select.sample_one_in, 9);
	CHECK_EQ(select.sample_random, 1);
	CHECK_EQ(select.sample_seed, 8);
	CHECK_EQ(select.queues[0].min, 2);
	CHECK_EQ(select.nb_queues, 1);
}

/* Each key by itself; an empty value takes away what was there. */
static void
what_is_selected_can_be_taken_back(void)
{
	static const char *const keys[] = { "filter", "mac", "vlans", "inner_vlans", "flow",
		"sample", "queues" };
	struct rte_mirror_select select;
	struct spec spec;
	char empty[32];
	unsigned int i;

	CHECK_EQ(read_spec(everything_selected, &spec), 0);
	for (i = 0; i < RTE_DIM(keys); i++) {
		CHECK(mirror_spec_param(&spec, &select).select != NULL);
		snprintf(empty, sizeof(empty), "%s=\"\"", keys[i]);
		CHECK_EQ(change_spec(&spec, empty), 0);
	}
	CHECK(mirror_spec_param(&spec, &select).select == NULL);
	CHECK(strcmp(spec.text, SPEC_DEFAULT) == 0);
}

/* What a request has room for, with a parameter of it. */
#define VALUE_SIZE 1000

/* A part so many times, as the value of a key. */
static int
change_to_many(struct spec *spec, const char *key, const char *part, unsigned int times)
{
	char text[VALUE_SIZE];

	snprintf(text, sizeof(text), "%s=\"", key);
	while (times-- > 0)
		strcat(text, part);
	if (text[strlen(text) - 1] == ',')
		text[strlen(text) - 1] = '\0';
	strcat(text, "\"");
	return change_spec(spec, text);
}

static void
read_much(struct spec *spec)
{
	CHECK_EQ(read_spec("directions=both,mode=share,target_queue=65535,nb_target_queues=65535,"
			   "snaplen=4294967295,split_len=4294967295,origin=yes,"
			   "mac=\"src=02:00:00:00:00:01/ff:ff:ff:ff:ff:fe,"
			   "dst=02:00:00:00:00:01/ff:ff:ff:ff:ff:fe,both_ways=yes\","
			   "flow=\"protocol=udplite,src=1111:2222:3333:4444:5555:6666:7777:8888/127,"
			   "dst=1111:2222:3333:4444:5555:6666:7777:8888/127,src_port=10000-65535,"
			   "dst_port=10000-65535,both_ways=yes\","
			   "sample=\"4294967295,random=yes,seed=18446744073709551615\"",
				 spec),
			0);
	CHECK_EQ(change_to_many(spec, "filter", "\\xc3\\xa9", 120), 0);
}

/* What may come in several updates, each as long as it can be. */
static void
the_longest_spec_has_room(void)
{
	struct spec spec;

	read_much(&spec);
	CHECK_EQ(change_to_many(&spec, "name", "\\xc3\\xa9", 31), 0);
	CHECK_EQ(change_to_many(&spec, "vlans", "4094-4095,", 64), 0);
	CHECK_EQ(change_to_many(&spec, "inner_vlans", "4094-4095,", 64), 0);
	CHECK_EQ(change_to_many(&spec, "queues", "65534-65535,", 64), 0);
	CHECK(strlen(spec.text) > 3000);
}

/* Zeros that say nothing take room, too. */
static void
a_longer_one_is_refused(void)
{
	struct spec spec;
	char before[SPEC_TEXT_SIZE];

	read_much(&spec);
	CHECK_EQ(change_to_many(&spec, "vlans", "0000004094-0000004095,", 44), 0);
	CHECK_EQ(change_to_many(&spec, "inner_vlans", "0000004094-0000004095,", 44), 0);
	strcpy(before, spec.text);
	CHECK_EQ(change_to_many(&spec, "queues", "0000065534-0000065535,", 44), -EINVAL);
	CHECK(strstr(mirror_plugin_reason(), "more than 4095 bytes with those") != NULL);
	CHECK(strcmp(spec.text, before) == 0);
}

const struct test_case test_cases[] = {
	{ "the_library_is_given_what_is_read", the_library_is_given_what_is_read },
	{ "what_selects_nothing_sensible_says_why", what_selects_nothing_sensible_says_why },
	{ "the_library_is_given_what_is_selected", the_library_is_given_what_is_selected },
	{ "what_is_selected_can_be_taken_back", what_is_selected_can_be_taken_back },
	{ "the_longest_spec_has_room", the_longest_spec_has_room },
	{ "a_longer_one_is_refused", a_longer_one_is_refused },
	{ NULL, NULL },
};
