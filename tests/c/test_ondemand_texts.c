/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Texts that are no target. */

#include <errno.h>
#include <stdio.h>

#include <rte_common.h>

#include "testbed.h"
#include "ondemand.h"

/* Interfaces, paths and rings that cannot be, or that would be more than a name to DPDK. */
static const struct {
	const char *text;
	const char *says;
} texts[] = {
	{ "", "give file:FILE, stream:[SOCKET], tap:IFACE, af_packet:IFACE, vhost:SOCKET, ring:NAME, null:NAME, port:NAME or pcap:FILE" },
	{ "tap", "give file:FILE" },
	{ ":x", "give file:FILE" },
	{ "taps:x", "give file:FILE" },
	{ "ta:x", "give file:FILE" },
	{ "memif:x", "give file:FILE" },
	{ "tap:", "missing" },
	{ "port:", "missing" },
	{ "tap:sixteen-bytes-xx", "at most 15 bytes" },
	{ "tap:a/b", "has no spaces" },
	{ "tap:a b", "has no spaces" },
	{ "tap:a,remote=lo", "has no spaces" },
	{ "tap:a:1", "has no spaces" },
	{ "tap:tap%d", "has no spaces" },
	{ "tap:\x1b[31m", "has no spaces" },
	{ "tap:\xc3\xa4", "has no spaces" },
	{ "tap:..", "no interface can" },
	{ "af_packet:a=b", "has no spaces" },
	{ "pcap:file", "not absolute" },
	{ "pcap:/tmp/", "a directory" },
	{ "pcap:/tmp/a\n", "control characters" },
	{ "file:a", "not absolute" },
	{ "file:/tmp/", "a directory" },
	{ "stream:a", "not absolute" },
	{ "stream:/", "a directory" },
	{ "vhost:socket", "not absolute" },
	{ "vhost:/tmp/a,client=1", "any of ,=[]" },
	{ "vhost:/tmp/class=eth", "any of ,=[]" },
	{ "vhost:/tmp/[a]", "any of ,=[]" },
	{ "vhost:/tmp/a\n", "control characters" },
	{ "ring:eighteen-bytes-xxx", "at most 17 bytes" },
	{ "ring:a:0", "letters, digits" },
	{ "ring:a b", "letters, digits" },
	{ "ring:\xc3\xa4", "letters, digits" },
};

static void
texts_that_are_no_target(void)
{
	char text[1024];
	unsigned int i;

	for (i = 0; i < RTE_DIM(texts); i++)
		target_check_refused(texts[i].text, EINVAL, texts[i].says);
	snprintf(text, sizeof(text), "vhost:/tmp/%0108d", 0);
	target_check_refused(text, EINVAL, "at most 107 bytes");
	snprintf(text, sizeof(text), "pcap:/tmp/%0800d", 0);
	target_check_refused(text, EINVAL, "768 bytes");
}

const struct test_case test_cases[] = {
	{ "texts_that_are_no_target", texts_that_are_no_target },
	{ NULL, NULL },
};
