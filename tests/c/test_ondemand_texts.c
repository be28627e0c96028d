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
	{ "", "give tap:IFACE, af_packet:IFACE, pcap:FILE, vhost:SOCKET, ring:NAME, null:NAME or port:NAME" },
	{ "tap", "give tap:IFACE" },
	{ ":x", "give tap:IFACE" },
	{ "taps:x", "give tap:IFACE" },
	{ "ta:x", "give tap:IFACE" },
	{ "memif:x", "give tap:IFACE" },
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
	{ "pcap:/tmp/a,infinite_rx=1", "control characters" },
	{ "pcap:/tmp/class=eth", "control characters" },
	{ "pcap:/tmp/[a]", "control characters" },
	{ "pcap:/tmp/a\n", "control characters" },
	{ "vhost:socket", "not absolute" },
	{ "vhost:/tmp/a,client=1", "control characters" },
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
