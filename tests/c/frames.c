/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "frames.h"
#include "harness.h"

#define ETHERNET_SIZE 14
#define TAG_SIZE      4
#define TAG_OFFSET    12
#define UDP_SIZE      8
#define TCP_SIZE      20
#define SCTP_SIZE     12
#define VXLAN_SIZE    8
#define VXLAN_PORT    4789
#define OPTIONS_SIZE  8

#define TYPE_IPV4     0x0800
#define TYPE_IPV6     0x86dd
#define TYPE_VLAN     0x8100
#define TYPE_QINQ     0x88a8

#define SEGMENTED     (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

static void
put16(uint8_t *to, uint16_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

static uint32_t
get16(const uint8_t *from)
{
	return (uint32_t)from[0] << 8 | from[1];
}

uint16_t
frame_sum(const uint8_t *bytes, uint32_t length, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i + 1 < length; i += 2)
		sum += get16(bytes + i);
	if (length % 2 != 0)
		sum += (uint32_t)bytes[length - 1] << 8;
	while (sum > 0xffff)
		sum = (sum >> 16) + (sum & 0xffff);
	return (uint16_t)sum;
}

/* The polynomial's bits are in the order in which they are sent: lowest first. */
uint32_t
frame_crc32c(const uint8_t *bytes, uint32_t length)
{
	uint32_t crc = UINT32_MAX, i, bit;

	for (i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* Of what the L4 checksum covers besides. */
static uint16_t
sum_pseudo_header(const uint8_t *ip, uint8_t protocol, uint32_t l4_length)
{
	const bool is_v6 = ip[0] >> 4 == 6;

	return frame_sum(is_v6 ? ip + 8 : ip + 12, is_v6 ? 32 : 8, protocol + l4_length);
}

static uint32_t
l4_size(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_UDP:
		return UDP_SIZE;
	case IPPROTO_TCP:
		return TCP_SIZE;
	default:
		return SCTP_SIZE;
	}
}

/* Where in an L4 header the checksum is. */
static uint32_t
checksum_offset(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_UDP:
		return 6;
	case IPPROTO_TCP:
		return 16;
	default:
		return 8;
	}
}

static uint32_t
ip_size(bool is_v6, bool has_options)
{
	return (is_v6 ? 40 : 20) + (has_options ? OPTIONS_SIZE : 0);
}

static uint32_t
put_ethernet(uint8_t *to, bool has_tag, bool is_v6)
{
	static const uint8_t addresses[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2 };
	uint32_t offset = sizeof(addresses);

	memcpy(to, addresses, sizeof(addresses));
	if (has_tag) {
		put16(to + offset, TYPE_VLAN);
		put16(to + offset + 2, FRAME_TCI);
		offset += TAG_SIZE;
	}
	put16(to + offset, is_v6 ? TYPE_IPV6 : TYPE_IPV4);
	return offset + 2;
}

/* An IP header whose packet ends so many bytes behind it. */
static void
put_ip(uint8_t *to, bool is_v6, bool has_options, uint8_t protocol, uint32_t behind)
{
	const uint32_t size = ip_size(is_v6, has_options);
	uint32_t i;

	memset(to, 0, size);
	for (i = is_v6 ? 8 : 12; i < (is_v6 ? 40 : 20); i++)
		to[i] = (uint8_t)(i * 29);
	if (is_v6) {
		to[0] = 0x60;
		put16(to + 4, (uint16_t)(size - 40 + behind));
		to[6] = has_options ? IPPROTO_DSTOPTS : protocol;
		to[7] = 64;
		/* Next header, and one option that is 4 bytes of padding. */
		if (has_options)
			memcpy(to + 40, (uint8_t[]){ protocol, 0, 1, 4 }, 4);
		return;
	}
	to[0] = (uint8_t)(0x40 | size / 4);
	put16(to + 2, (uint16_t)(size + behind));
	to[8] = 64;
	to[9] = protocol;
	/* Options that do nothing. */
	memset(to + 20, 1, size - 20);
	put16(to + 10, (uint16_t)~frame_sum(to, size, 0));
}

static void
put_udp_ports(uint8_t *to, uint16_t port, uint32_t length)
{
	put16(to, 1234);
	put16(to + 2, port);
	put16(to + 4, (uint16_t)length);
	put16(to + 6, 0);
}

/* The checksum of what is between an L4 header and the packet's end. */
static void
put_l4_checksum(uint8_t *ip, uint8_t *l4, uint32_t length, uint8_t protocol)
{
	uint8_t *checksum = l4 + checksum_offset(protocol);
	uint16_t sum;
	uint32_t crc;

	if (protocol == IPPROTO_SCTP) {
		crc = frame_crc32c(l4, length);
		memcpy(checksum, (uint8_t[]){ crc, crc >> 8, crc >> 16, crc >> 24 }, 4);
		return;
	}
	sum = (uint16_t)~frame_sum(l4, length, sum_pseudo_header(ip, protocol, length));
	put16(checksum, sum == 0 && protocol == IPPROTO_UDP ? 0xffff : sum);
}

static void
lay_out(struct frame *frame)
{
	const struct frame_shape *shape = frame->shape;
	uint32_t offset = ETHERNET_SIZE + (shape->has_tag ? TAG_SIZE : 0);

	if (shape->tunnel != FRAME_NO_TUNNEL) {
		frame->outer_ip = offset;
		frame->outer_l4 = offset += ip_size(shape->outer_is_v6, false);
	}
	if (shape->tunnel == FRAME_VXLAN)
		offset += UDP_SIZE + VXLAN_SIZE + ETHERNET_SIZE;
	frame->ip = offset;
	frame->l4 = frame->ip + ip_size(shape->is_v6, shape->has_options);
	frame->end = frame->l4 + l4_size(shape->protocol) + shape->payload;
	frame->packet_length = frame->end + shape->padding;
	CHECK(frame->packet_length + 2 * TAG_SIZE <= FRAME_SIZE);
}

static void
put_inner(struct frame *frame, uint8_t *bytes)
{
	const struct frame_shape *shape = frame->shape;
	const uint32_t length = frame->end - frame->l4;
	uint8_t *ip = bytes + frame->ip, *l4 = bytes + frame->l4;
	uint32_t i;

	for (i = frame->l4; i < frame->packet_length; i++)
		bytes[i] = (uint8_t)(i * 37 + i / 256);
	put_ip(ip, shape->is_v6, shape->has_options, shape->protocol, length);
	if (shape->protocol == IPPROTO_UDP)
		put_udp_ports(l4, 1235, length);
	if (shape->protocol == IPPROTO_TCP)
		l4[12] = TCP_SIZE / 4 << 4;
	memset(l4 + checksum_offset(shape->protocol), 0, shape->protocol == IPPROTO_SCTP ? 4 : 2);
	if (shape->sums_to_zero) {
		put16(bytes + frame->end - 2, 0);
		put16(bytes + frame->end - 2,
				(uint16_t)~frame_sum(l4, length,
						sum_pseudo_header(ip, shape->protocol, length)));
	}
	put_l4_checksum(ip, l4, length, shape->protocol);
}

/* What is around a tunnel's packet; comes last, since it may have a checksum of it all. */
static void
put_outer(struct frame *frame, uint8_t *bytes)
{
	static const uint8_t vxlan[VXLAN_SIZE] = { 0x08, 0, 0, 0, 0, 0, 42, 0 };
	const struct frame_shape *shape = frame->shape;
	const uint32_t length = frame->end - frame->outer_l4;
	uint8_t *udp = bytes + frame->outer_l4;

	if (shape->tunnel == FRAME_IPIP) {
		put_ip(bytes + frame->outer_ip, shape->outer_is_v6, false,
				shape->is_v6 ? IPPROTO_IPV6 : IPPROTO_IPIP, length);
		return;
	}
	put_ip(bytes + frame->outer_ip, shape->outer_is_v6, false, IPPROTO_UDP, length);
	put_udp_ports(udp, VXLAN_PORT, length);
	memcpy(udp + UDP_SIZE, vxlan, sizeof(vxlan));
	put_ethernet(udp + UDP_SIZE + VXLAN_SIZE, false, shape->is_v6);
	if ((shape->ol_flags & RTE_MBUF_F_TX_OUTER_UDP_CKSUM) != 0)
		put_l4_checksum(bytes + frame->outer_ip, udp, length, IPPROTO_UDP);
}

static void
insert_tag(struct frame *frame, uint16_t type, uint16_t tci)
{
	uint8_t *at = frame->wire + TAG_OFFSET;

	memmove(at + TAG_SIZE, at, frame->wire_length - TAG_OFFSET);
	put16(at, type);
	put16(at + 2, tci);
	frame->wire_length += TAG_SIZE;
}

/* Takes a checksum out, and leaves what a NIC wants to find there: the pseudo-header's sum. */
static void
unsum(uint8_t *ip, uint8_t *l4, uint8_t protocol, uint32_t length, bool is_segmented)
{
	if (protocol == IPPROTO_SCTP)
		memset(l4 + checksum_offset(protocol), 0, 4);
	else
		put16(l4 + checksum_offset(protocol),
				sum_pseudo_header(ip, protocol, is_segmented ? 0 : length));
}

/* What is to be segmented has no lengths yet, inside a tunnel or out. */
static void
leave_lengths(struct frame *frame, uint8_t *bytes)
{
	const struct frame_shape *shape = frame->shape;

	put16(bytes + frame->ip + (shape->is_v6 ? 4 : 2), 0);
	if (shape->protocol == IPPROTO_UDP)
		put16(bytes + frame->l4 + 4, 0);
	if (shape->tunnel != FRAME_NO_TUNNEL)
		put16(bytes + frame->outer_ip + (shape->outer_is_v6 ? 4 : 2), 0);
	if (shape->tunnel == FRAME_VXLAN)
		put16(bytes + frame->outer_l4 + 4, 0);
}

static bool
leaves_checksum(const struct frame_shape *shape)
{
	const uint64_t rx = shape->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;

	if (shape->has_checksum)
		return false;
	return (shape->ol_flags & (RTE_MBUF_F_TX_L4_MASK | SEGMENTED)) != 0 ||
			rx == RTE_MBUF_F_RX_L4_CKSUM_NONE;
}

static void
leave_work(struct frame *frame)
{
	const uint64_t flags = frame->shape->ol_flags;
	uint8_t *bytes = frame->packet, *ip = bytes + frame->ip;

	if ((flags & RTE_MBUF_F_TX_IP_CKSUM) != 0)
		put16(ip + 10, 0);
	if (leaves_checksum(frame->shape))
		unsum(ip, bytes + frame->l4, frame->shape->protocol, frame->end - frame->l4,
				(flags & SEGMENTED) != 0);
	if (frame->shape->lacks_lengths)
		leave_lengths(frame, bytes);
	if ((flags & RTE_MBUF_F_TX_OUTER_IP_CKSUM) != 0)
		put16(bytes + frame->outer_ip + 10, 0);
	if ((flags & RTE_MBUF_F_TX_OUTER_UDP_CKSUM) != 0)
		unsum(bytes + frame->outer_ip, bytes + frame->outer_l4, IPPROTO_UDP,
				frame->end - frame->outer_l4, false);
}

void
frame_make(struct frame *frame, const struct frame_shape *shape)
{
	const uint64_t flags = shape->ol_flags;

	*frame = (struct frame){ .shape = shape };
	lay_out(frame);
	put_ethernet(frame->wire, shape->has_tag,
			shape->tunnel != FRAME_NO_TUNNEL ? shape->outer_is_v6 : shape->is_v6);
	put_inner(frame, frame->wire);
	if (shape->tunnel != FRAME_NO_TUNNEL)
		put_outer(frame, frame->wire);
	memcpy(frame->packet, frame->wire, frame->packet_length);
	leave_work(frame);
	frame->wire_length = frame->packet_length;
	if ((flags & (RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ | RTE_MBUF_F_RX_VLAN_STRIPPED)) != 0)
		insert_tag(frame, TYPE_VLAN, FRAME_TCI);
	if ((flags & (RTE_MBUF_F_TX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED)) != 0)
		insert_tag(frame, TYPE_QINQ, FRAME_TCI_OUTER);
}

static void
set_lengths(const struct frame *frame, struct rte_mbuf *pkt)
{
	const struct frame_shape *shape = frame->shape;

	pkt->ol_flags |= shape->ol_flags;
	pkt->vlan_tci = FRAME_TCI;
	pkt->vlan_tci_outer = FRAME_TCI_OUTER;
	/* A packet that comes in says nothing of these. */
	if ((shape->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK) == 0)
		return;
	pkt->l2_len = frame->ip;
	pkt->l3_len = frame->l4 - frame->ip;
	pkt->l4_len = l4_size(shape->protocol);
	pkt->tso_segsz = 500;
	if (shape->tunnel == FRAME_NO_TUNNEL)
		return;
	pkt->outer_l2_len = frame->outer_ip;
	pkt->outer_l3_len = frame->outer_l4 - frame->outer_ip;
	pkt->l2_len = frame->ip - frame->outer_l4;
}

struct rte_mbuf *
frame_packet(const struct frame *frame, struct rte_mempool *pool, uint16_t seg_len)
{
	struct rte_mbuf *head = NULL, *seg;
	uint32_t offset;
	uint16_t nb;

	for (offset = 0; offset < frame->packet_length; offset += nb) {
		nb = (uint16_t)RTE_MIN((uint32_t)seg_len, frame->packet_length - offset);
		seg = rte_pktmbuf_alloc(pool);
		CHECK(seg != NULL);
		memcpy(rte_pktmbuf_append(seg, nb), frame->packet + offset, nb);
		if (head == NULL)
			head = seg;
		else
			CHECK_EQ(rte_pktmbuf_chain(head, seg), 0);
	}
	set_lengths(frame, head);
	return head;
}
