/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Whether a packet is of a flow is mostly seen at fixed offsets, without its headers being read. Where its first segment is
 * short they are read: so both are compared, with packets and selections of all kinds.
 */

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>

#include "../../csrc/control/selection.h"
#include "../../csrc/datapath/datapath.h"
#include "testbed.h"

#define SEED          1
#define NB_SELECTIONS 3000
#define NB_FRAMES     32
#define FRAME_SIZE    160

struct frame {
	uint32_t length;
	uint8_t bytes[FRAME_SIZE];
};

static unsigned int
any(unsigned int nb)
{
	return (unsigned int)rand() % nb;
}

#define ONE_OF(...)                              \
	((const uint16_t[]){ __VA_ARGS__ })[any( \
			sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))]

static void
add(struct frame *frame, const void *bytes, uint32_t length)
{
	memcpy(frame->bytes + frame->length, bytes, length);
	frame->length += length;
}

static void
add_be16(struct frame *frame, uint16_t number)
{
	const rte_be16_t bytes = rte_cpu_to_be_16(number);

	add(frame, &bytes, sizeof(bytes));
}

static uint16_t
any_port(void)
{
	return ONE_OF(0, 999, 1000, 1000, 1001, 1003, 1004, 2000, 2001, 65535);
}

/* Few, so that they are often those asked for. */
static void
any_address(uint8_t address[16])
{
	memset(address, 0, 16);
	address[0] = ONE_OF(10, 10, 10, 11);
	address[3] = ONE_OF(1, 1, 1, 2);
	address[15] = ONE_OF(0, 0, 0, 1);
}

static void
add_ipv4(struct frame *frame, uint8_t protocol)
{
	const unsigned int words = any(4) == 0 ? any(16) : 5;
	uint8_t header[60] = { 0 }, address[16];

	header[0] = (uint8_t)((any(20) == 0 ? 6 : 4) << 4 | words);
	header[6] = (uint8_t)ONE_OF(0, 0, 0, 0x40, 0x20, 1);
	header[7] = (uint8_t)ONE_OF(0, 0, 0, 0, 1);
	header[8] = (uint8_t)any(256);
	header[9] = protocol;
	header[10] = (uint8_t)any(256);
	any_address(address);
	memcpy(header + 12, address, 4);
	any_address(address);
	memcpy(header + 16, address, 4);
	add(frame, header, RTE_MAX(words, 5u) * 4);
}

static void
add_ipv6(struct frame *frame, uint8_t protocol)
{
	uint8_t header[40] = { 0 }, extension[8] = { protocol };
	const bool has_extension = any(4) == 0;

	header[0] = (uint8_t)((any(20) == 0 ? 4 : 6) << 4);
	header[6] = has_extension ? (uint8_t)ONE_OF(IPPROTO_HOPOPTS, IPPROTO_FRAGMENT, IPPROTO_AH,
						    IPPROTO_DSTOPTS, 139) :
				    protocol;
	any_address(header + 8);
	any_address(header + 24);
	add(frame, header, sizeof(header));
	extension[1] = (uint8_t)ONE_OF(0, 0, 1, 255);
	extension[3] = (uint8_t)ONE_OF(0, 1, 8);
	if (has_extension)
		add(frame, extension, sizeof(extension));
}

static void
make_frame(struct frame *frame)
{
	const uint8_t protocol = (uint8_t)ONE_OF(IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP,
			IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_ICMPV6, IPPROTO_ESP, IPPROTO_HOPOPTS,
			0xff);
	const uint16_t type = ONE_OF(RTE_ETHER_TYPE_IPV4, RTE_ETHER_TYPE_IPV4, RTE_ETHER_TYPE_IPV6,
			RTE_ETHER_TYPE_IPV6, RTE_ETHER_TYPE_ARP, 0, 64);
	unsigned int nb_tags = any(3) == 0 ? any(10) : 0;

	memset(frame, 0, sizeof(*frame));
	frame->length = 2 * RTE_ETHER_ADDR_LEN;
	for (; nb_tags > 0; nb_tags--) {
		add_be16(frame, ONE_OF(RTE_ETHER_TYPE_VLAN, RTE_ETHER_TYPE_QINQ, 0x9100));
		add_be16(frame, ONE_OF(5, 6, 0xf005));
	}
	add_be16(frame, type);
	if (type == RTE_ETHER_TYPE_IPV4)
		add_ipv4(frame, protocol);
	if (type == RTE_ETHER_TYPE_IPV6)
		add_ipv6(frame, protocol);
	add_be16(frame, any_port());
	add_be16(frame, any_port());
	/* It may be padded, or end too soon. */
	frame->length = any(5) == 0 ? 1 + any(frame->length) : frame->length + any(12);
}

static struct rte_mirror_range
any_ports(void)
{
	static const struct rte_mirror_range ranges[] = { { 0, 0 }, { 0, 0 }, { 1000, 1000 },
		{ 1000, 1003 }, { 1001, 2000 }, { 0, 1023 }, { 1, 65535 }, { 0, 65535 } };

	return ranges[any(RTE_DIM(ranges))];
}

static uint8_t
any_prefix(uint8_t address[16], uint8_t ip_version)
{
	const unsigned int length = ip_version == 0 ? 0 :
			ip_version == 4             ? ONE_OF(0, 7, 8, 31, 32) :
						      ONE_OF(0, 8, 32, 127, 128);
	unsigned int i;

	any_address(address);
	for (i = length; i < 128; i++)
		address[i / 8] &= (uint8_t)~(0x80 >> i % 8);
	return (uint8_t)length;
}

/* One that is accepted. */
static struct mirror_selection *
make_selection(void)
{
	static const struct rte_mirror_range vlan = { 5, 5 };
	struct rte_mirror_flow flow;
	struct rte_mirror_select select;
	const struct rte_mirror_param param = { .select = &select };
	struct mirror_selection *selection = NULL;

	do {
		flow = (struct rte_mirror_flow){ .ip_version = (uint8_t)ONE_OF(0, 4, 6) };
		flow.protocol = (uint8_t)ONE_OF(0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP,
				IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_HOPOPTS, IPPROTO_SCTP);
		flow.both_ways = (uint8_t)any(2);
		flow.src_port = any_ports();
		flow.dst_port = any_ports();
		flow.src_len = any_prefix(flow.src, flow.ip_version);
		flow.dst_len = any_prefix(flow.dst, flow.ip_version);
		select = (struct rte_mirror_select){ .flow = any(8) != 0 ? &flow : NULL };
		if (any(6) == 0)
			select.vlans = &vlan;
		if (any(6) == 0)
			select.inner_vlans = &vlan;
		select.nb_vlans = select.vlans != NULL;
		select.nb_inner_vlans = select.inner_vlans != NULL;
	} while ((select.flow == NULL && select.vlans == NULL && select.inner_vlans == NULL) ||
			mirror_selection_make(&param, &selection) != 0);
	return selection;
}

/* A packet of these bytes, the first so many of which are in its first segment; it may say that it has more. */
static struct rte_mbuf *
make_packet(struct rte_mempool *pool, const struct frame *frame, uint32_t first, bool is_cut)
{
	struct rte_mbuf *pkt = packet_make(pool, first < frame->length ? 2 : 1, FRAME_SIZE, 0);

	pkt->data_len = (uint16_t)first;
	if (pkt->next != NULL)
		pkt->next->data_len = (uint16_t)(frame->length - first);
	pkt->pkt_len = frame->length;
	packet_write(pkt, 0, frame->bytes, frame->length);
	pkt->pkt_len += is_cut;
	return pkt;
}

/* What is chosen of packets, a bit for each, and how many could not be judged. */
static uint32_t
choose(const struct mirror_selector *selector, struct rte_mbuf *const *pkts, uint64_t *unsupported)
{
	struct rte_mbuf *chosen[NB_FRAMES];
	struct mirror_counters counters = { 0 };
	uint32_t bits = 0;
	uint16_t i, j, nb;

	memcpy(chosen, pkts, sizeof(chosen));
	nb = mirror_match_headers(
			selector, RTE_MBUF_F_RX_VLAN_STRIPPED, &counters, chosen, NB_FRAMES);
	for (i = 0, j = 0; i < NB_FRAMES && j < nb; i++) {
		if (pkts[i] != chosen[j])
			continue;
		bits |= UINT32_C(1) << i;
		j++;
	}
	CHECK_EQ(j, nb);
	*unsupported = counters.stats.unsupported;
	return bits;
}

static void
what_is_seen_is_what_would_be_read(void)
{
	struct rte_mbuf *whole[NB_FRAMES], *parted[NB_FRAMES];
	uint64_t nb_whole, nb_parted, nb_unsupported = 0, nb_chosen = 0;
	struct mirror_selection *selection;
	struct testbed testbed;
	struct frame frame;
	unsigned int i, j;
	uint32_t chosen;

	testbed_open(&testbed, NULL, NULL);
	srand(SEED);
	for (i = 0; i < NB_SELECTIONS; i++) {
		selection = make_selection();
		for (j = 0; j < NB_FRAMES; j++) {
			const bool is_cut = any(4) == 0, is_stripped = any(8) == 0;

			make_frame(&frame);
			whole[j] = make_packet(testbed.pool, &frame, frame.length, is_cut);
			parted[j] = make_packet(testbed.pool, &frame,
					RTE_MIN(1 + any(20), frame.length), is_cut);
			whole[j]->vlan_tci = parted[j]->vlan_tci = ONE_OF(5, 6);
			whole[j]->ol_flags |= is_stripped ? RTE_MBUF_F_RX_VLAN_STRIPPED : 0;
			parted[j]->ol_flags |= whole[j]->ol_flags;
		}
		chosen = choose(&selection->selector, whole, &nb_whole);
		CHECK_EQ(chosen, choose(&selection->selector, parted, &nb_parted));
		CHECK_EQ(nb_whole, nb_parted);
		nb_unsupported += nb_whole;
		nb_chosen += (unsigned int)__builtin_popcount(chosen);
		packets_free(whole, NB_FRAMES);
		packets_free(parted, NB_FRAMES);
		mirror_selection_leave(selection);
	}
	/* There was something to compare. */
	CHECK(nb_unsupported > NB_SELECTIONS / 10);
	CHECK(nb_chosen > NB_SELECTIONS / 3);
	CHECK(nb_chosen < NB_SELECTIONS * NB_FRAMES / 2);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "what_is_seen_is_what_would_be_read", what_is_seen_is_what_would_be_read },
	{ 0 },
};
