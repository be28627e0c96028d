/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets by addresses, VLAN, flow and filter, as single frames show. Any frames: tests/functional/test_selection_model.py. */

#include <inttypes.h>
#include <netinet/in.h>

#include "hexframes.h"

/* With no_code.c there are two programs of this file. */
#ifdef WITHOUT_CODE
#define ENGINE RTE_MIRROR_FILTER_INTERPRETER
#else
#define ENGINE RTE_MIRROR_FILTER_JIT
#endif

#define ONE_ADDRESS { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } }
#define ADDRESS(n)                         \
	{                                  \
		{                          \
			2, 0, 0, 0, 0, (n) \
		}                          \
	}

static void
check(const struct rte_mirror_select *select, const struct hex_case *cases, unsigned int nb_cases,
		uint32_t direction)
{
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	hex_check(&testbed, select, cases, nb_cases, direction);
	testbed_close(&testbed);
}

static void
mac_compares_addresses(void)
{
	const struct rte_mirror_mac from_1 = { .src = ADDRESS(1), .src_mask = ONE_ADDRESS };
	const struct rte_mirror_mac from_1_to_2 = { .src = ADDRESS(1),
		.src_mask = ONE_ADDRESS,
		.dst = ADDRESS(2),
		.dst_mask = ONE_ADDRESS };
	/* Bits that do not count may be anything. */
	const struct rte_mirror_mac to_vendor = { .dst = { { 2, 0, 0xff, 0xff, 0xee, 0xee } },
		.dst_mask = { { 0xff, 0xff, 0xff, 0xf0 } } };
	const struct hex_case of_from_1[] = {
		{ MAC_2 MAC_1 IP4, true },
		{ MAC_3 MAC_1 "0000 00", true },
		{ MAC_1 MAC_2 IP4, false },
		{ MAC_2 MAC_1, true },
		{ MAC_2 "0200000000", false },
		{ "", false },
	};
	const struct hex_case of_from_1_to_2[] = {
		{ MAC_2 MAC_1 IP4, true },
		{ MAC_1 MAC_2 IP4, false },
		{ MAC_3 MAC_1 IP4, false },
		{ MAC_2 MAC_3 IP4, false },
	};
	const struct hex_case of_to_vendor[] = {
		{ MAC_3 MAC_1 IP4, true },
		{ MAC_2 MAC_3 IP4, false },
		{ "0200fff00003" MAC_1 IP4, true },
		{ "0200ff0f0003" MAC_1 IP4, false },
	};

	check(&(struct rte_mirror_select){ .mac = &from_1 }, of_from_1, RTE_DIM(of_from_1),
			RTE_MIRROR_RX);
	check(&(struct rte_mirror_select){ .mac = &from_1_to_2 }, of_from_1_to_2,
			RTE_DIM(of_from_1_to_2), RTE_MIRROR_TX);
	check(&(struct rte_mirror_select){ .mac = &to_vendor }, of_to_vendor, RTE_DIM(of_to_vendor),
			RTE_MIRROR_RX);
}

static void
mac_compares_both_ways(void)
{
	const struct rte_mirror_mac mac = { .src = ADDRESS(1),
		.src_mask = ONE_ADDRESS,
		.dst = ADDRESS(2),
		.dst_mask = ONE_ADDRESS,
		.both_ways = 1 };
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 IP4, true },
		{ MAC_1 MAC_2 IP4, true },
		{ MAC_1 MAC_1 IP4, false },
		{ MAC_3 MAC_1 IP4, false },
	};

	check(&(struct rte_mirror_select){ .mac = &mac }, cases, RTE_DIM(cases), RTE_MIRROR_RX);
}

/* The first VLAN tag's id is 291 (0x123) or 300 to 310. */
static const struct rte_mirror_range vlans[] = { { 291, 291 }, { 300, 310 } };

static void
vlans_are_those_of_the_first_tag(void)
{
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 VLAN("0123") IP4, true },
		{ MAC_2 MAC_1 VLAN("f123") IP4, true },
		{ MAC_2 MAC_1 QINQ("0136") VLAN("0001") IP4, true },
		{ MAC_2 MAC_1 "9100 012c " IP4, true },
		{ MAC_2 MAC_1 VLAN("0001") VLAN("0123") IP4, false },
		{ MAC_2 MAC_1 VLAN("0137") IP4, false },
		{ MAC_2 MAC_1 IP4 "0123", false },
		{ MAC_2 MAC_1 "8100 0123", true },
		{ MAC_2 MAC_1 "8100 01", false },
		{ MAC_2 MAC_1 "81", false },
	};

	check(&(struct rte_mirror_select){ .vlans = vlans, .nb_vlans = 2 }, cases, RTE_DIM(cases),
			RTE_MIRROR_RX);
}

static void
inner_vlans_are_those_of_the_second_tag(void)
{
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 VLAN("0001") VLAN("0123") IP4, true },
		{ MAC_2 MAC_1 VLAN("0123") VLAN("0001") IP4, false },
		{ MAC_2 MAC_1 VLAN("0123") IP4, false },
		{ MAC_2 MAC_1 IP4, false },
	};

	check(&(struct rte_mirror_select){ .inner_vlans = vlans, .nb_inner_vlans = 2 }, cases,
			RTE_DIM(cases), RTE_MIRROR_TX);
}

/* Tags that the NIC has stripped; only rx has such. */
static const struct hex_case stripped[] = {
	{ MAC_2 MAC_1 IP4, true, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 0x5123 },
	{ MAC_2 MAC_1 IP4, false, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 0x124 },
	{ MAC_2 MAC_1 VLAN("0123") IP4, false, RTE_MBUF_F_RX_VLAN_STRIPPED, 0x124 },
	{ MAC_2 MAC_1 VLAN("0124") IP4, true, RTE_MBUF_F_RX_VLAN_STRIPPED, 0x123 },
	{ MAC_2 MAC_1 IP4, true, RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED, 0x124,
			0x123 },
	/* Only seen, not stripped: what the packet says counts. */
	{ MAC_2 MAC_1 VLAN("0123") IP4, true, RTE_MBUF_F_RX_VLAN, 0x124 },
	{ MAC_2 MAC_1 IP4, false, RTE_MBUF_F_RX_VLAN, 0x123 },
};

/* Tags that the NIC is to insert. */
static const struct hex_case inserted[] = {
	{ MAC_2 MAC_1 IP4, true, RTE_MBUF_F_TX_VLAN, 0x123 },
	{ MAC_2 MAC_1 IP4, false, RTE_MBUF_F_TX_VLAN, 0x124 },
	{ MAC_2 MAC_1 VLAN("0123") IP4, false, RTE_MBUF_F_TX_VLAN, 0x124 },
	{ MAC_2 MAC_1 IP4, true, RTE_MBUF_F_TX_QINQ, 0x124, 0x123 },
	{ MAC_2 MAC_1 IP4, false, RTE_MBUF_F_TX_QINQ, 0x123, 0x124 },
	/* What was stripped when it was received is history. */
	{ MAC_2 MAC_1 IP4, false, RTE_MBUF_F_RX_VLAN_STRIPPED, 0x123 },
};

static void
vlans_may_be_outside_the_packet(void)
{
	const struct rte_mirror_select select = { .vlans = vlans, .nb_vlans = 2 };

	check(&select, stripped, RTE_DIM(stripped), RTE_MIRROR_RX);
	check(&select, inserted, RTE_DIM(inserted), RTE_MIRROR_TX);
}

static void
a_filter_sees_tags_that_are_outside_the_packet(void)
{
	const struct rte_mirror_select select = { .filter = "vlan 291" };
	const struct hex_case behind[] = {
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, true, RTE_MBUF_F_RX_VLAN_STRIPPED,
				0x123 },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", UDP) PORTS, false, RTE_MBUF_F_RX_VLAN_STRIPPED,
				0x123 },
		{ MAC_2 MAC_1 VLAN("0123") IP4 V4("5", "0000", TCP) PORTS, true },
	};

	check(&select, stripped, RTE_DIM(stripped), RTE_MIRROR_RX);
	check(&select, inserted, RTE_DIM(inserted), RTE_MIRROR_TX);
	check(&(struct rte_mirror_select){ .filter = "vlan 291 and tcp port 443" }, behind,
			RTE_DIM(behind), RTE_MIRROR_RX);
	/* 38 bytes in memory, 42 on the wire. */
	check(&(struct rte_mirror_select){ .filter = "len = 42" }, behind, 1, RTE_MIRROR_RX);
}

/* Which of three frames it chooses. */
static const struct filter_case {
	const char *filter;
	bool chosen[3];
} filter_cases[] = {
	{ "tcp[1] = 1", { false, true, false } },
	{ "tcp[0:2] = 0x0401", { false, true, false } },
	{ "tcp[0:4] = 0x040001bb", { true, false, false } },
	{ "tcp[1] & 1 != 0", { false, true, false } },
	{ "tcp[0:2] & 0x7f != 0", { false, true, false } },
	{ "ether[0:4] & 1 != 0", { false, false, true } },
	{ "ether[ether[5]] = 0xff", { false, false, true } },
	/* Nothing is behind a packet's end, however far. */
	{ "ether[ether[20:4]] >= 0 or tcp[1] = 1", { false, false, false } },
	{ "ether[0x7fffffff] >= 0", { false, false, false } },
	/* Jumps that are as long as a signed byte's end. */
	{ "tcp or vlan 100 or tcp port 80", { true, true, false } },
	{ "udp port 53 or ip6 and port 443", { false, false, false } },
	/* By 32 and more. */
	{ "tcp and 1 << (tcp[0] * 8) = 0", { true, true, false } },
	{ "tcp and 0xffffffff >> (tcp[0] * 9) = 0", { true, true, false } },
	/* By 0. */
	{ "len / (tcp[1] & 2) = 0 or len % tcp[1] = 0", { false, false, false } },
};

/* Whatever runs it, and however it reads the packet. */
static void
a_filter_finds_bits_and_bytes(void)
{
	struct hex_case cases[] = {
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, false },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) "0401 01bb", false },
		{ "02ff0001"
		  "0001" MAC_1 IP4 V4("5", "0000", UDP) PORTS,
				false },
	};
	struct testbed testbed;
	unsigned int i, j;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < RTE_DIM(filter_cases); i++) {
		const struct rte_mirror_select select = { .filter = filter_cases[i].filter };
		const struct rte_mirror_param param = { .target_port = testbed.target.id,
			.directions = RTE_MIRROR_RX,
			.select = &select };
		const uint32_t id = mirror_with(testbed.source.id, &param);

		CHECK_EQ(info_of(id).filter_engine, ENGINE);
		mirror_off(id);
		for (j = 0; j < RTE_DIM(cases); j++)
			cases[j].chosen = filter_cases[i].chosen[j];
		hex_check(&testbed, &select, cases, RTE_DIM(cases), RTE_MIRROR_RX);
	}
	testbed_close(&testbed);
}

static const struct rte_mirror_flow https = { .ip_version = 4,
	.protocol = IPPROTO_TCP,
	.src = { 10 },
	.src_len = 8,
	.dst = { 192, 0, 2, 9 },
	.dst_len = 32,
	.dst_port = { 443, 443 } };

static void
a_flow_is_found_behind_tags_and_options(void)
{
	const struct rte_mirror_select select = { .flow = &https };
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, true },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", UDP) PORTS, false },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) "0400 01bc", false },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) "0400 01", false },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP), false },
		{ MAC_2 MAC_1 IP4 V4("6", "0000", TCP) "01010101 " PORTS, true },
		{ MAC_2 MAC_1 IP4 V4("6", "0000", TCP) PORTS "00000000", false },
		/* A header that is shorter than the shortest. */
		{ MAC_2 MAC_1 IP4 V4("4", "0000", TCP) PORTS PORTS, false },
		/* The first fragment has ports, later ones have none. */
		{ MAC_2 MAC_1 IP4 V4("5", "2000", TCP) PORTS, true },
		{ MAC_2 MAC_1 IP4 V4("5", "2001", TCP) PORTS, false },
		{ MAC_2 MAC_1 VLAN("0123") IP4 V4("5", "4000", TCP) PORTS, true },
		{ MAC_2 MAC_1 QINQ("0123") VLAN("0001") IP4 V4("5", "0000", TCP) PORTS, true },
		{ MAC_2 MAC_1 "0801 " V4("5", "0000", TCP) PORTS, false },
	};

	check(&select, cases, RTE_DIM(cases), RTE_MIRROR_RX);
}

static void
a_flow_may_be_looked_for_both_ways(void)
{
	struct rte_mirror_flow flow = https;
	const struct rte_mirror_select select = { .flow = &flow };
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, true },
		{ MAC_2 MAC_1 IP4 "45000054 00000000 40060000 c0000209 0a010203 01bb 0400", true },
		{ MAC_2 MAC_1 IP4 "45000054 00000000 40060000 c0000209 0a010203 0400 01bb", false },
	};

	flow.both_ways = 1;
	check(&select, cases, RTE_DIM(cases), RTE_MIRROR_RX);
}

static void
an_ipv6_flow_is_found_behind_extension_headers(void)
{
	const struct rte_mirror_flow flow = { .ip_version = 6,
		.protocol = IPPROTO_UDP,
		.src = { 0x20, 1, 0xd, 0xb8 },
		.src_len = 33,
		.dst_port = { 400, 443 } };
	const struct rte_mirror_select select = { .flow = &flow };
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 IP6 V6(UDP) PORTS, true },
		{ MAC_2 MAC_1 IP6 V6(TCP) PORTS, false },
		/* Hop-by-hop options of 8 bytes, then destination options of 16. */
		{ MAC_2 MAC_1 IP6 V6("00") "3c00000000000000"
					   "1101000000000000 0000000000000000" PORTS,
				true },
		/* A first fragment, and a later one. */
		{ MAC_2 MAC_1 IP6 V6("2c") "1100000100000000" PORTS, true },
		{ MAC_2 MAC_1 IP6 V6("2c") "1100000900000000" PORTS, false },
		/* An authentication header of 12 bytes. */
		{ MAC_2 MAC_1 IP6 V6("33") "1101000000000000 00000000" PORTS, true },
		{ MAC_2 MAC_1 IP6 V6("00") "1100000000", false },
		{ MAC_2 MAC_1 IP4 V6(UDP) PORTS, false },
	};

	check(&select, cases, RTE_DIM(cases), RTE_MIRROR_TX);
}

static void
a_flow_may_be_only_a_protocol_or_ports(void)
{
	const struct rte_mirror_flow icmp = { .protocol = IPPROTO_ICMP };
	const struct rte_mirror_flow ports = { .src_port = { 1024, 65535 } };
	const struct rte_mirror_flow v6 = { .ip_version = 6 };
	const struct hex_case of_icmp[] = {
		{ MAC_2 MAC_1 IP4 V4("5", "0000", "01"), true },
		/* A later fragment says what it is of. */
		{ MAC_2 MAC_1 IP4 V4("5", "0001", "01"), true },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, false },
	};
	const struct hex_case of_ports[] = {
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, true },
		{ MAC_2 MAC_1 IP6 V6("84") PORTS, true },
		{ MAC_2 MAC_1 IP6 V6("21") "03ff 0400", false },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", "01") PORTS, false },
	};
	const struct hex_case of_v6[] = {
		{ MAC_2 MAC_1 IP6 V6("00"), true },
		{ MAC_2 MAC_1 IP4 V4("5", "0000", TCP) PORTS, false },
		{ MAC_2 MAC_1 IP6 "6000", false },
	};

	check(&(struct rte_mirror_select){ .flow = &icmp }, of_icmp, RTE_DIM(of_icmp),
			RTE_MIRROR_RX);
	check(&(struct rte_mirror_select){ .flow = &ports }, of_ports, RTE_DIM(of_ports),
			RTE_MIRROR_RX);
	check(&(struct rte_mirror_select){ .flow = &v6 }, of_v6, RTE_DIM(of_v6), RTE_MIRROR_RX);
}

static void
tests_are_combined_with_and(void)
{
	const struct rte_mirror_mac mac = { .src = ADDRESS(1), .src_mask = ONE_ADDRESS };
	const struct rte_mirror_select select = {
		.mac = &mac, .vlans = vlans, .nb_vlans = 2, .flow = &https, .filter = "less 42"
	};
	const struct hex_case cases[] = {
		{ MAC_2 MAC_1 VLAN("0123") IP4 V4("5", "0000", TCP) PORTS, true },
		{ MAC_1 MAC_2 VLAN("0123") IP4 V4("5", "0000", TCP) PORTS, false },
		{ MAC_2 MAC_1 VLAN("0124") IP4 V4("5", "0000", TCP) PORTS, false },
		{ MAC_2 MAC_1 VLAN("0123") IP4 V4("5", "0000", UDP) PORTS, false },
		{ MAC_2 MAC_1 VLAN("0123") IP4 V4("5", "0000", TCP) PORTS "00", false },
	};

	check(&select, cases, RTE_DIM(cases), RTE_MIRROR_RX);
}

const struct test_case test_cases[] = {
	{ "mac_compares_addresses", mac_compares_addresses },
	{ "mac_compares_both_ways", mac_compares_both_ways },
	{ "vlans_are_those_of_the_first_tag", vlans_are_those_of_the_first_tag },
	{ "inner_vlans_are_those_of_the_second_tag", inner_vlans_are_those_of_the_second_tag },
	{ "vlans_may_be_outside_the_packet", vlans_may_be_outside_the_packet },
	{ "a_filter_sees_tags_that_are_outside_the_packet",
			a_filter_sees_tags_that_are_outside_the_packet },
	{ "a_filter_finds_bits_and_bytes", a_filter_finds_bits_and_bytes },
	{ "a_flow_is_found_behind_tags_and_options", a_flow_is_found_behind_tags_and_options },
	{ "a_flow_may_be_looked_for_both_ways", a_flow_may_be_looked_for_both_ways },
	{ "an_ipv6_flow_is_found_behind_extension_headers",
			an_ipv6_flow_is_found_behind_extension_headers },
	{ "a_flow_may_be_only_a_protocol_or_ports", a_flow_may_be_only_a_protocol_or_ports },
	{ "tests_are_combined_with_and", tests_are_combined_with_and },
	{ NULL, NULL },
};
