/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Parameters as text: what is read, what is refused and in which words, and what is remembered. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "../../csrc/plugin/refusal.h"
#include "specs.h"

static const struct spec_text given[] = {
	{ NULL, "directions=both,mode=auto" },
	{ "", "directions=both,mode=auto" },
	{ "mode=copy,directions=rx", "directions=rx,mode=copy" },
	{ "mode=\"copy\",directions=\"\\x74x\"", "directions=tx,mode=copy" },
	{ "snaplen=0000000096", "directions=both,mode=auto,snaplen=96" },
	{ "rate=000000000000000000000096", "directions=both,mode=auto,rate=96" },
	{ "rate=10k", "directions=both,mode=auto,rate=10000" },
	{ "rate=018G", "directions=both,mode=auto,rate=18000000000" },
	{ "rate=7M", "directions=both,mode=auto,rate=7000000" },
	{ "lease=90", "directions=both,mode=auto,lease=90" },
	{ "seconds=2h", "directions=both,mode=auto,seconds=7200" },
	{ "for=10m", "directions=both,mode=auto,lease=600" },
	{ "ends_with=12:345,lease=1d", "directions=both,mode=auto,lease=86400,ends_with=12:345" },
	{ "snaplen=4294967295,target_queue=65535",
			"directions=both,mode=auto,target_queue=65535,snaplen=4294967295" },
	{ "nb_target_queues=2,split_len=128,mode=split,origin=yes",
			"directions=both,mode=split,nb_target_queues=2,split_len=128,origin="
			"yes" },
	{ "origin=no", "directions=both,mode=auto" },
	{ "name=web-0.1:/+", "directions=both,mode=auto,name=web-0.1:/+" },
	{ "name=\"web\"", "directions=both,mode=auto,name=web" },
	{ "name=\"a,b=c \\x22\\x5c\\xc3\\xa9\"",
			"directions=both,mode=auto,name=\"a,b=c \\x22\\x5c\\xc3\\xa9\"" },
};

static void
the_library_is_given_what_is_read(void)
{
	check_written(given, RTE_DIM(given), "");
}

static const struct spec_text remembered[] = {
	{ NULL, "directions=both,mode=auto" },
	{ "mode=copy,direction=rx", "directions=rx,mode=copy" },
	{ "snaplen=0000000096,origin=no",
			"directions=both,mode=auto,snaplen=0000000096,origin=no" },
	{ "name=\"web\",mode=\"copy\"", "directions=both,mode=copy,name=web" },
	{ "name=\"a,b=c \\x22\\x5c\\xc3\\xa9\"",
			"directions=both,mode=auto,name=\"a,b=c \\x22\\x5c\\xc3\\xa9\"" },
	{ "vlan=\"100,200-200\",mac=\"dst=00:AA:00:00:00:01\"",
			"directions=both,mode=auto,mac=\"dst=00:AA:00:00:00:01\",vlans=\"100,200-200\"" },
	{ "flow=\"protocol=6\",filter=\"\",vlans=\"\"",
			"directions=both,mode=auto,flow=\"protocol=6\"" },
};

static void
text_is_remembered_as_it_was_sent_in_the_keys_order(void)
{
	check_remembered(remembered, RTE_DIM(remembered));
}

static const struct spec_text refused[] = {
	{ "snaplen", "'snaplen': not key=value" },
	{ "=3", "'=3': not key=value" },
	{ "snaplen=", "'snaplen=': not key=value" },
	{ "mode=copy,", "not key=value" },
	{ ",mode=copy", "not key=value" },
	{ "mode=copy,,origin=no", "not key=value" },
	{ "mode=copy origin=no", "not key=value" },
	{ "mode=copy\n", "\\x0a': not key=value" },
	{ "na-me=x", "not key=value" },
	{ "name=\"x", "not key=value" },
	{ "name=\"x\"y", "not key=value" },
	{ "name=x\"", "not key=value" },
	{ "name=\"\\\"", "not key=value" },
	{ "name=\"\\n\"", "not key=value" },
	{ "name=\"\\xC3\\xa9\"", "not key=value" },
	{ "name=\"\\xc\"", "not key=value" },
	{ "name=\"\\x", "not key=value" },
	{ "name=\"\xc3\xa9\"", "not key=value" },
	{ "name=\"\\x00\"", "name: its value is not UTF-8, or has a NUL" },
	{ "name=\"\\xff\"", "name: its value is not UTF-8" },
	{ "name=\"\\xc3\"", "name: its value is not UTF-8" },
	{ "name=\"\\xc0\\xaf\"", "name: its value is not UTF-8" },
	{ "name=\"\\xe0\\x9f\\xbf\"", "name: its value is not UTF-8" },
	{ "name=\"\\xed\\xa0\\x80\"", "name: its value is not UTF-8" },
	{ "name=\"\\xf4\\x90\\x80\\x80\"", "name: its value is not UTF-8" },
	{ "name=\"\"", "name=: give one, or leave it out" },
	{ "mode=copy,mode=copy", "mode: given twice" },
	{ "direction=rx,directions=tx", "direction: another name of directions: give one of them" },
	{ "vlans=1,vlan=1", "vlan: another name of vlans: give one of them" },
	{ "mode=Copy", "mode=Copy: not one of share, split, copy, auto" },
	{ "directions=none", "directions=none: not one of rx, tx, both" },
	{ "origin=1", "origin=1: neither yes nor no" },
	{ "snaplen=-1", "snaplen=-1: not a whole number" },
	{ "snaplen=+1", "snaplen=+1: not a whole number" },
	{ "snaplen=\" 1\"", "snaplen= 1: not a whole number" },
	{ "snaplen=1k", "snaplen=1k: not a whole number" },
	{ "rate=1.5M", "rate=1.5M: not a whole number, such as 1000000 or 1M" },
	{ "rate=1MM", "rate=1MM: not a whole number" },
	{ "rate=k", "rate=k: not a whole number" },
	{ "lease=10M", "lease=10M: not a whole number, such as 90, 10m or 2h" },
	{ "lease=1h30m", "lease=1h30m: not a whole number" },
	{ "lease=m", "lease=m: not a whole number" },
	{ "lease=49711d", "lease=49711d: not within 0 to 4294967295" },
	{ "lease=1m,for=1m", "for: another name of lease: give one of them" },
	{ "ends_with=12", "ends_with=12: not a process, as PID:START" },
	{ "ends_with=0:5", "not a process" },
	{ "ends_with=12:", "not a process" },
	{ "ends_with=12:3:4", "not a process" },
	{ "ends_with=2147483648:3", "not a process" },
	{ "seconds=1x", "seconds=1x: not a whole number, such as 90, 10m or 2h" },
	{ "rate=18446744073709552k", "not within 0 to 18446744073709551615" },
	{ "snaplen=0x20", "snaplen=0x20: not a whole number" },
	{ "snaplen=\"\"", "snaplen=: not a whole number" },
	{ "snaplen=99999999999", "snaplen=99999999999: not within 0 to 4294967295" },
	{ "rate=18446744073709551616",
			"rate=18446744073709551616: not within 0 to 1844674407370955" },
	{ "snaplen=4294967296", "snaplen=4294967296: not within 0 to 4294967295" },
	{ "target_queue=65536", "target_queue=65536: not within 0 to 65535" },
	{ "snap_len=96", "snap_len: left" },
};

static void
what_is_refused_says_why(void)
{
	check_refused(refused, RTE_DIM(refused));
}

static void
a_name_has_room_or_is_refused(void)
{
	char text[128] = "name=";
	struct rte_mirror_select select;
	struct spec spec;

	memset(text + strlen(text), 'n', RTE_MIRROR_NAME_SIZE - 1);
	CHECK_EQ(read_spec(text, &spec), 0);
	CHECK_EQ(strlen(mirror_spec_param(&spec, &select).name), RTE_MIRROR_NAME_SIZE - 1);
	strcat(text, "n");
	CHECK_EQ(read_spec(text, &spec), -EINVAL);
	CHECK(strstr(mirror_plugin_reason(), "longer than 63 bytes") != NULL);
}

static void
a_text_has_room_or_is_refused(void)
{
	char text[PAIRS_TEXT_SIZE + 1];
	struct pairs pairs;
	unsigned int i;

	memset(text, 'v', sizeof(text));
	memcpy(text, "k=", 2);
	text[PAIRS_TEXT_SIZE] = '\0';
	CHECK_EQ(mirror_pairs_read(&pairs, text), -EINVAL);
	text[PAIRS_TEXT_SIZE - 1] = '\0';
	CHECK_EQ(mirror_pairs_read(&pairs, text), 0);
	CHECK_EQ(strlen(mirror_pairs_take(&pairs, "k")), PAIRS_TEXT_SIZE - 1 - 2);
	/* So many pairs, and one more. */
	text[0] = '\0';
	for (i = 0; i < PAIRS_MAX; i++)
		snprintf(text + strlen(text), 16, "%sk%u=", i > 0 ? "v," : "", i);
	strcat(text, "v");
	CHECK_EQ(mirror_pairs_read(&pairs, text), 0);
	CHECK_EQ(pairs.nb, PAIRS_MAX);
	strcat(text, ",more=v");
	CHECK_EQ(mirror_pairs_read(&pairs, text), -EINVAL);
}

static void
what_is_not_named_stays(void)
{
	struct rte_mirror_select select;
	struct spec spec;

	CHECK_EQ(read_spec("directions=rx,mode=copy,snaplen=96,origin=yes,name=n", &spec), 0);
	CHECK_EQ(change_spec(&spec, "snaplen=128,origin=no"), 0);
	CHECK_EQ(spec.param.directions, RTE_MIRROR_RX);
	CHECK_EQ(spec.param.mode, RTE_MIRROR_COPY);
	CHECK_EQ(spec.param.snaplen, 128);
	CHECK_EQ(spec.param.flags, 0);
	CHECK(strcmp(mirror_spec_param(&spec, &select).name, "n") == 0);
	CHECK(strcmp(spec.text, "directions=rx,mode=copy,snaplen=128,origin=no,name=n") == 0);
}

static void
a_rate_that_goes_takes_its_unit_along(void)
{
	struct spec spec;

	CHECK_EQ(read_spec("rate=8k,rate_unit=bits", &spec), 0);
	CHECK_EQ(change_spec(&spec, "rate=9k"), 0);
	CHECK_EQ(spec.param.rate_unit, RTE_MIRROR_BITS);
	CHECK_EQ(change_spec(&spec, "rate=0"), 0);
	CHECK_EQ(spec.param.rate_unit, RTE_MIRROR_PACKETS);
	CHECK(strcmp(spec.text, "directions=both,mode=auto,rate=0") == 0);
	/* For the library to refuse. */
	CHECK_EQ(change_spec(&spec, "rate_unit=bits"), 0);
	CHECK_EQ(spec.param.rate_unit, RTE_MIRROR_BITS);
}

const struct test_case test_cases[] = {
	{ "the_library_is_given_what_is_read", the_library_is_given_what_is_read },
	{ "text_is_remembered_as_it_was_sent_in_the_keys_order",
			text_is_remembered_as_it_was_sent_in_the_keys_order },
	{ "what_is_refused_says_why", what_is_refused_says_why },
	{ "a_name_has_room_or_is_refused", a_name_has_room_or_is_refused },
	{ "a_text_has_room_or_is_refused", a_text_has_room_or_is_refused },
	{ "what_is_not_named_stays", what_is_not_named_stays },
	{ "a_rate_that_goes_takes_its_unit_along", a_rate_that_goes_takes_its_unit_along },
	{ NULL, NULL },
};
