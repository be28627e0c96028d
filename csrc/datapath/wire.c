/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_sctp.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#include "datapath.h"

/*
 * What a NIC would do to a packet on its way to the wire, done in software to a copy: RTE_MBUF_F_TX_* and the lengths
 * that go with them are explained in rte_mbuf_core.h.
 */

/* Encrypts: nothing that could be done here. */
#define CANNOT_DO (RTE_MBUF_F_TX_MACSEC | RTE_MBUF_F_TX_SEC_OFFLOAD)

#define OUTER                                                                                 \
	(RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IPV6 | RTE_MBUF_F_TX_OUTER_IP_CKSUM | \
			RTE_MBUF_F_TX_OUTER_UDP_CKSUM | RTE_MBUF_F_TX_TUNNEL_MASK)

#define SEGMENTED (RTE_MBUF_F_TX_TCP_SEG | RTE_MBUF_F_TX_UDP_SEG)

/* Where the L4 checksums are, from their header's start. */
#define TCP_CKSUM offsetof(struct rte_tcp_hdr, cksum)
#define UDP_CKSUM offsetof(struct rte_udp_hdr, dgram_cksum)

/* An IP header and what it carries, within a packet's first segment. */
struct ip_header {
	struct rte_mbuf *pkt;
	void *header;
	uint32_t l4_offset; /* from the packet's start */
	uint32_t l4_length; /* of all that the IP packet carries */
	uint32_t header_length;
	bool is_v4;
	bool is_udp; /* what it carries, as far as the header itself tells */
};

/* A header at an offset; NULL: it would not be whole in the first segment. */
static void *
mirror_header_at(struct rte_mbuf *pkt, uint32_t offset, uint32_t length)
{
	if (offset + length > pkt->data_len)
		return NULL;
	return rte_pktmbuf_mtod_offset(pkt, void *, offset);
}

/* Finds what the mbuf's lengths say is an IP header. What is to be segmented gets the length that it has now. */
static bool
mirror_find_ip(struct rte_mbuf *pkt, uint32_t offset, uint32_t length, uint64_t flags,
		struct ip_header *ip)
{
	const uint8_t *first = mirror_header_at(pkt, offset, length);
	uint32_t carried, there = pkt->pkt_len - offset - length;

	if (first == NULL || length < sizeof(struct rte_ipv4_hdr))
		return false;
	/* An IPv4 header has its length in its first byte, too. */
	if (*first >> 4 == 4 && (*first & 15) * 4u != length)
		return false;
	*ip = (struct ip_header){ .pkt = pkt,
		.header = rte_pktmbuf_mtod_offset(pkt, void *, offset),
		.l4_offset = offset + length,
		.header_length = length,
		.is_v4 = *first >> 4 == 4 };
	if (ip->is_v4) {
		struct rte_ipv4_hdr *v4 = ip->header;

		if ((flags & SEGMENTED) != 0 && there + length <= UINT16_MAX)
			v4->total_length = rte_cpu_to_be_16(there + length);
		carried = rte_be_to_cpu_16(v4->total_length) - length;
		ip->is_udp = v4->next_proto_id == IPPROTO_UDP;
	} else {
		struct rte_ipv6_hdr *v6 = ip->header;
		const uint32_t extensions = length - sizeof(*v6);

		if (*first >> 4 != 6 || length < sizeof(*v6))
			return false;
		if ((flags & SEGMENTED) != 0 && there + extensions <= UINT16_MAX)
			v6->payload_len = rte_cpu_to_be_16(there + extensions);
		carried = rte_be_to_cpu_16(v6->payload_len) - extensions;
		ip->is_udp = v6->proto == IPPROTO_UDP;
	}
	/* Behind it there may be padding. The headers cannot tell more than 64 KB, and may be wrong. */
	ip->l4_length = (flags & SEGMENTED) == 0 && carried <= there ? carried : there;
	return true;
}

/* What is to be segmented gets the length that it has now in a UDP header, too, be it the inner or a tunnel's. */
static bool
mirror_put_udp_length(const struct ip_header *ip, uint64_t flags, uint64_t flag_of_udp)
{
	const rte_be16_t length = rte_cpu_to_be_16(ip->l4_length);
	void *field;

	if ((flags & SEGMENTED) == 0 || (!ip->is_udp && (flags & flag_of_udp) == 0))
		return true;
	field = mirror_header_at(ip->pkt, ip->l4_offset + offsetof(struct rte_udp_hdr, dgram_len),
			sizeof(length));
	if (field != NULL && ip->l4_length <= UINT16_MAX)
		memcpy(field, &length, sizeof(length));
	return field != NULL;
}

static uint32_t
mirror_sum_pseudo_header(const struct ip_header *ip, uint8_t protocol)
{
	const uint16_t length = ip->l4_length;
	size_t offset = offsetof(struct rte_ipv6_hdr, src_addr), nb_bytes = 32;

	if (ip->is_v4) {
		offset = offsetof(struct rte_ipv4_hdr, src_addr);
		nb_bytes = 8;
	}
	return rte_raw_cksum(RTE_PTR_ADD(ip->header, offset), nb_bytes) +
			rte_cpu_to_be_16(protocol) + rte_cpu_to_be_16(length);
}

static void
mirror_put_ip_checksum(const struct ip_header *ip)
{
	struct rte_ipv4_hdr *v4 = ip->header;

	if (!ip->is_v4)
		return;
	v4->hdr_checksum = 0;
	v4->hdr_checksum = (uint16_t)~rte_raw_cksum(v4, ip->header_length);
}

/*
 * The sum of so many bytes of a packet, from one in its first segment on. rte_raw_cksum_mbuf() loses carries where a
 * segment begins with the second half of a 16 bit word.
 */
static uint32_t
mirror_sum_bytes(const struct rte_mbuf *seg, uint32_t offset, uint32_t length)
{
	uint32_t sum = 0, done, nb;
	uint16_t part;

	for (done = 0; done < length; done += nb, seg = seg->next, offset = 0) {
		nb = RTE_MIN(length - done, seg->data_len - offset);
		part = rte_raw_cksum(rte_pktmbuf_mtod_offset(seg, void *, offset), nb);
		sum += (done & 1) != 0 ? rte_bswap16(part) : part;
	}
	return sum;
}

static uint16_t
mirror_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)((sum & 0xffff) + (sum >> 16));
}

/* Fills in a checksum that lies so many bytes into the L4 header. */
static bool
mirror_put_l4_checksum(const struct ip_header *ip, uint8_t protocol, uint32_t offset)
{
	uint16_t checksum = 0;
	void *field = mirror_header_at(ip->pkt, ip->l4_offset + offset, sizeof(checksum));
	uint32_t sum;

	if (field == NULL || offset + sizeof(checksum) > ip->l4_length)
		return false;
	memcpy(field, &checksum, sizeof(checksum));
	sum = mirror_sum_bytes(ip->pkt, ip->l4_offset, ip->l4_length);
	checksum = ~mirror_fold(mirror_fold(sum) + mirror_sum_pseudo_header(ip, protocol));
	/* In UDP 0 says that there is none. */
	if (checksum == 0 && protocol == IPPROTO_UDP)
		checksum = 0xffff;
	memcpy(field, &checksum, sizeof(checksum));
	return true;
}

/* CRC32c (RFC 9260, appendix A), four bits at a time. */
static uint32_t
mirror_crc32c(uint32_t crc, const uint8_t *data, uint32_t length)
{
	static const uint32_t table[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6,
		0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };

	for (; length > 0; length--) {
		crc ^= *data++;
		crc = table[crc & 15] ^ (crc >> 4);
		crc = table[crc & 15] ^ (crc >> 4);
	}
	return crc;
}

static bool
mirror_put_sctp_checksum(const struct ip_header *ip)
{
	struct rte_sctp_hdr *sctp = mirror_header_at(ip->pkt, ip->l4_offset, sizeof(*sctp));
	uint32_t crc = UINT32_MAX, offset = ip->l4_offset, left = ip->l4_length, nb;
	const struct rte_mbuf *seg;

	if (sctp == NULL || ip->l4_length < sizeof(*sctp))
		return false;
	sctp->cksum = 0;
	for (seg = ip->pkt; left > 0; seg = seg->next) {
		nb = RTE_MIN(left, seg->data_len - offset);
		crc = mirror_crc32c(crc, rte_pktmbuf_mtod_offset(seg, uint8_t *, offset), nb);
		left -= nb;
		offset = 0;
	}
	sctp->cksum = rte_cpu_to_le_32(~crc);
	return true;
}

/* Whether a checksum is that of the pseudo-header alone, with the length of what follows or, as for TSO, without. */
static bool
mirror_is_checksum_left(const struct ip_header *ip, uint8_t protocol, uint32_t offset)
{
	const void *field = mirror_header_at(ip->pkt, ip->l4_offset + offset, sizeof(uint16_t));
	const uint32_t sum = mirror_sum_pseudo_header(ip, protocol);
	uint16_t checksum;

	if (field == NULL)
		return false;
	memcpy(&checksum, field, sizeof(checksum));
	return checksum == mirror_fold(sum) ||
			checksum == mirror_fold(sum - rte_cpu_to_be_16(ip->l4_length));
}

/*
 * Finishes what a virtual machine has left to its card, and the switch to the next one. Drivers say the same of other
 * packets, too (of UDP without a checksum, of what they have not looked at): these stay as they are.
 */
static void
mirror_put_rx_checksum(struct rte_mbuf *own)
{
	struct mirror_headers headers;
	struct ip_header ip;
	const struct rte_sctp_hdr *sctp;

	mirror_headers_read(own, 0, &headers);
	if (!headers.has_ports ||
			!mirror_find_ip(own, headers.ip_offset,
					headers.l4_offset - headers.ip_offset, 0, &ip))
		return;
	switch (headers.protocol) {
	case IPPROTO_TCP:
		if (mirror_is_checksum_left(&ip, IPPROTO_TCP, TCP_CKSUM))
			mirror_put_l4_checksum(&ip, IPPROTO_TCP, TCP_CKSUM);
		break;
	case IPPROTO_UDP:
		if (mirror_is_checksum_left(&ip, IPPROTO_UDP, UDP_CKSUM))
			mirror_put_l4_checksum(&ip, IPPROTO_UDP, UDP_CKSUM);
		break;
	case IPPROTO_SCTP:
		sctp = mirror_header_at(own, ip.l4_offset, sizeof(*sctp));
		if (sctp != NULL && sctp->cksum == 0)
			mirror_put_sctp_checksum(&ip);
		break;
	default:
		break;
	}
}

static bool
mirror_put_inner_checksums(struct rte_mbuf *own, uint32_t offset, uint32_t length, uint64_t flags)
{
	struct ip_header ip;

	if ((flags & (RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_TX_L4_MASK | SEGMENTED)) == 0)
		return true;
	if (!mirror_find_ip(own, offset, length, flags, &ip) ||
			!mirror_put_udp_length(&ip, flags, RTE_MBUF_F_TX_UDP_SEG))
		return false;
	if ((flags & (RTE_MBUF_F_TX_IP_CKSUM | SEGMENTED)) != 0)
		mirror_put_ip_checksum(&ip);
	if ((flags & RTE_MBUF_F_TX_TCP_SEG) != 0)
		return mirror_put_l4_checksum(&ip, IPPROTO_TCP, TCP_CKSUM);
	if ((flags & RTE_MBUF_F_TX_UDP_SEG) != 0)
		flags = RTE_MBUF_F_TX_UDP_CKSUM;
	switch (flags & RTE_MBUF_F_TX_L4_MASK) {
	case RTE_MBUF_F_TX_TCP_CKSUM:
		return mirror_put_l4_checksum(&ip, IPPROTO_TCP, TCP_CKSUM);
	case RTE_MBUF_F_TX_UDP_CKSUM:
		return mirror_put_l4_checksum(&ip, IPPROTO_UDP, UDP_CKSUM);
	case RTE_MBUF_F_TX_SCTP_CKSUM:
		return mirror_put_sctp_checksum(&ip);
	default:
		return true;
	}
}

/* Comes after the inner ones, which the outer UDP checksum covers. */
static bool
mirror_put_outer_checksums(struct rte_mbuf *own, const struct rte_mbuf *pkt, uint64_t flags)
{
	const uint64_t checksums = RTE_MBUF_F_TX_OUTER_IP_CKSUM | RTE_MBUF_F_TX_OUTER_UDP_CKSUM;
	struct ip_header ip;

	if ((flags & (checksums | SEGMENTED)) == 0)
		return true;
	if (!mirror_find_ip(own, pkt->outer_l2_len, pkt->outer_l3_len, flags, &ip) ||
			!mirror_put_udp_length(&ip, flags, RTE_MBUF_F_TX_OUTER_UDP_CKSUM))
		return false;
	if ((flags & RTE_MBUF_F_TX_OUTER_UDP_CKSUM) != 0 &&
			!mirror_put_l4_checksum(&ip, IPPROTO_UDP, UDP_CKSUM))
		return false;
	if ((flags & (RTE_MBUF_F_TX_OUTER_IP_CKSUM | SEGMENTED)) != 0)
		mirror_put_ip_checksum(&ip);
	return true;
}

static bool
mirror_put_tag(struct rte_mbuf *own, const struct mirror_tag *tag)
{
	struct {
		uint8_t addresses[2 * RTE_ETHER_ADDR_LEN];
		rte_be16_t tpid;
		rte_be16_t tci;
	} *header;
	const void *old = rte_pktmbuf_mtod(own, void *);

	if (own->data_len < sizeof(header->addresses))
		return false;
	header = (void *)rte_pktmbuf_prepend(own, sizeof(header->tpid) + sizeof(header->tci));
	if (header == NULL)
		return false;
	memmove(header, old, sizeof(header->addresses));
	header->tpid = rte_cpu_to_be_16(tag->tpid);
	header->tci = rte_cpu_to_be_16(tag->tci);
	return true;
}

/* The inner first: it ends up behind. */
static bool
mirror_put_tags(struct rte_mbuf *own, const struct rte_mbuf *pkt, uint64_t flags)
{
	struct mirror_tag tags[2];
	unsigned int nb = mirror_tags(pkt, flags, tags);

	while (nb-- > 0) {
		if (!mirror_put_tag(own, &tags[nb]))
			return false;
	}
	return true;
}

bool
mirror_put_on_wire(struct rte_mbuf *own, const struct rte_mbuf *pkt, uint64_t flags)
{
	uint32_t offset = pkt->l2_len;

	if ((flags & CANNOT_DO) != 0)
		return false;
	/* In a tunnel l2_len counts from the outer IP header's end. */
	if ((flags & OUTER) != 0)
		offset += pkt->outer_l2_len + pkt->outer_l3_len;
	if ((flags & RTE_MBUF_F_RX_L4_CKSUM_BAD) != 0)
		mirror_put_rx_checksum(own);
	return mirror_put_inner_checksums(own, offset, pkt->l3_len, flags) &&
			((flags & OUTER) == 0 || mirror_put_outer_checksums(own, pkt, flags)) &&
			mirror_put_tags(own, pkt, flags);
}
