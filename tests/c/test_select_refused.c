/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Selections that cannot be: refused with errno and sentence, and with nothing half-set. */

#include <errno.h>
#include <inttypes.h>

#include "refusal.h"

static void
check(const struct rte_mirror_select *select, int rc, const char *says)
{
	struct refusal refusal = { { .select = select }, rc, says };
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	check_refusals(&testbed, &refusal, 1);
	testbed_close(&testbed);
}

static void
ranges(void)
{
	const struct rte_mirror_range empty = { 2, 1 }, too_high = { 4000, 4096 }, good = { 1, 2 };
	const struct rte_mirror_range queue = { 0, 1 };

	check(&(struct rte_mirror_select){ .vlans = &empty, .nb_vlans = 1 }, -EINVAL,
			"vlans 2 to 1: the range is empty");
	check(&(struct rte_mirror_select){ .inner_vlans = &too_high, .nb_inner_vlans = 1 }, -EINVAL,
			"not within 0 to 4095");
	check(&(struct rte_mirror_select){ .vlans = &good }, -EINVAL, "no range is given");
	check(&(struct rte_mirror_select){ .nb_vlans = 1 }, -EINVAL, "NULL, but");
	check(&(struct rte_mirror_select){ .queues = &empty, .nb_queues = 1 }, -EINVAL,
			"the range is empty");
	check(&(struct rte_mirror_select){ .queues = &queue, .nb_queues = 1 }, -ERANGE,
			"queues 0 to 1 selected, but port");
}

static void
addresses(void)
{
	const struct rte_mirror_mac nothing = { .both_ways = 1 };
	const struct rte_mirror_mac maybe = { .src_mask = { { 1 } }, .both_ways = 2 };
	const struct rte_mirror_mac reserved = { .src_mask = { { 1 } }, .reserved = { 0, 1 } };

	check(&(struct rte_mirror_select){ .mac = &nothing }, -EINVAL, "both masks are 0");
	check(&(struct rte_mirror_select){ .mac = &maybe }, -EINVAL, "both_ways");
	check(&(struct rte_mirror_select){ .mac = &reserved }, -EINVAL, "reserved");
}

static void
flows(void)
{
	static const struct {
		struct rte_mirror_flow flow;
		const char *says;
	} wrong[] = {
		{ { .ip_version = 0 }, "nothing is asked for" },
		{ { .both_ways = 1 }, "nothing is asked for" },
		{ { .ip_version = 5 }, "ip_version 5" },
		{ { .protocol = 1, .dst_port = { 80, 80 } }, "protocol 1 has no ports" },
		{ { .protocol = 58, .src_port = { 0, 80 } }, "protocol 58 has no ports" },
		{ { .src_len = 8, .src = { 10 } }, "give ip_version" },
		{ { .ip_version = 4, .src_len = 33 }, "at most 32" },
		{ { .ip_version = 6, .dst_len = 129 }, "at most 128" },
		{ { .ip_version = 4, .dst_len = 8, .dst = { 10, 1 } },
				"bits behind its prefix of 8" },
		{ { .ip_version = 4, .dst_len = 32, .dst = { [4] = 1 } },
				"bits behind its prefix" },
		{ { .ip_version = 6, .src_len = 127, .src = { [15] = 1 } }, "bits behind its" },
		{ { .protocol = 6, .src_port = { 2, 1 } }, "the range is empty" },
		{ { .protocol = 6, .both_ways = 2 }, "both_ways" },
		{ { .protocol = 6, .reserved = { [6] = 1 } }, "reserved" },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(wrong); i++)
		check(&(struct rte_mirror_select){ .flow = &wrong[i].flow }, -EINVAL,
				wrong[i].says);
}

static void
sampling_and_reserved(void)
{
	struct rte_mirror_select last = { 0 };

	last.reserved[RTE_DIM(last.reserved) - 1] = 1;
	check(&(struct rte_mirror_select){ .sample_random = 1 }, -EINVAL, "sample_one_in");
	check(&(struct rte_mirror_select){ .sample_one_in = 9, .sample_random = 2 }, -EINVAL,
			"sample_random");
	check(&(struct rte_mirror_select){ .sample_one_in = 9, .sample_seed = 1 }, -EINVAL,
			"sample_seed");
	check(&(struct rte_mirror_select){ .reserved = { 1 } }, -EINVAL, "reserved");
	check(&last, -EINVAL, "reserved");
	check(&(struct rte_mirror_select){ .reserved_byte = 1 }, -EINVAL, "reserved");
}

#define TEN(text) text text text text text text text text text text

/* In libpcap's own words. */
static void
filters(void)
{
	check(&(struct rte_mirror_select){ .filter = "" }, -EINVAL, "filter is empty");
	check(&(struct rte_mirror_select){ .filter = " \t" }, -EINVAL, "filter is empty");
	check(&(struct rte_mirror_select){ .filter = "tcp prot 80" }, -EINVAL,
			"filter \"tcp prot 80\": ");
	check(&(struct rte_mirror_select){ .filter = "port 70000" }, -EINVAL, "port number 70000");
	check(&(struct rte_mirror_select){ .filter = "tcp and (udp" }, -EINVAL, "filter");
	/* On one line; what is wrong is told however long the expression is, and in whole characters. */
	check(&(struct rte_mirror_select){ .filter = "tcp\nprot" }, -EINVAL,
			"filter \"tcp prot\": ");
	check(&(struct rte_mirror_select){ .filter = TEN("tcp or udp or arp or ") "prot" }, -EINVAL,
			"udp or arp...\": ");
	check(&(struct rte_mirror_select){ .filter = "t" TEN(TEN("\u00e9")) }, -EINVAL,
			"\u00e9...\": ");
	check(&(struct rte_mirror_select){ .filter = "ip and arp" }, -EINVAL,
			"expression rejects all packets");
}

/* What libpcap compiles for its own loop and for kernels. */
static void
filters_that_cannot_be_run(void)
{
	check(&(struct rte_mirror_select){ .filter = "ip protochain 6" }, -ENOTSUP, "has loops");
	check(&(struct rte_mirror_select){ .filter = "ether[0xfffff004] = 0" }, -ENOTSUP,
			"only a kernel's interface knows");
}

const struct test_case test_cases[] = {
	{ "ranges", ranges },
	{ "addresses", addresses },
	{ "flows", flows },
	{ "sampling_and_reserved", sampling_and_reserved },
	{ "filters", filters },
	{ "filters_that_cannot_be_run", filters_that_cannot_be_run },
	{ NULL, NULL },
};
