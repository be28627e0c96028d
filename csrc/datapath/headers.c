/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include <rte_ether.h>
#include <rte_ip.h>

#include "../filter/read.h"
#include "datapath.h"

/* What comes from outside may have any number of them; nobody sends more. */
#define MAX_TAGS       8
#define MAX_EXTENSIONS 8

/* A packet that is being read, from the outside in. */
struct reading {
	const struct rte_mbuf *pkt;
	uint32_t offset; /* of what comes next */
	struct mirror_headers *headers;
};

/* Bytes of the packet from what comes next on, wherever they lie; NULL: it ends before. */
static const void *
mirror_peek(const struct reading *reading, uint32_t length, void *buffer)
{
	const void *bytes = mirror_read(reading->pkt, reading->offset, length, buffer);

	if (unlikely(bytes == NULL))
		reading->headers->has_ended = true;
	return bytes;
}

static uint16_t
mirror_be16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void
mirror_add_tag(struct mirror_headers *headers, uint16_t tci)
{
	if (headers->nb_tags < RTE_DIM(headers->vlans))
		headers->vlans[headers->nb_tags] = tci & 0xfff;
	headers->nb_tags++;
}

/* Reads the types up to the first that is no tag's, which it returns; 0: the packet ends before. */
static uint16_t
mirror_read_tags(struct reading *reading)
{
	uint8_t buffer[sizeof(uint16_t) + sizeof(struct rte_vlan_hdr)];
	const uint8_t *bytes = mirror_peek(reading, sizeof(uint16_t), buffer);
	unsigned int i;

	for (i = 0; i < MAX_TAGS && bytes != NULL && mirror_is_tag(mirror_be16(bytes)); i++) {
		bytes = mirror_peek(reading, 2 * sizeof(uint16_t), buffer);
		if (bytes == NULL)
			return 0;
		mirror_add_tag(reading->headers, mirror_be16(bytes + sizeof(uint16_t)));
		reading->offset += sizeof(struct rte_vlan_hdr);
		bytes = mirror_peek(reading, sizeof(uint16_t), buffer);
	}
	reading->offset += sizeof(uint16_t);
	return bytes != NULL ? mirror_be16(bytes) : 0;
}

static void
mirror_read_ports(struct reading *reading)
{
	struct mirror_headers *headers = reading->headers;
	uint8_t buffer[4];
	const uint8_t *bytes;

	switch (headers->protocol) {
	case IPPROTO_TCP:
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		bytes = mirror_peek(reading, sizeof(buffer), buffer);
		if (bytes == NULL)
			return;
		headers->has_ports = true;
		headers->l4_offset = reading->offset;
		headers->src_port = mirror_be16(bytes);
		headers->dst_port = mirror_be16(bytes + 2);
		break;
	default:
		break;
	}
}

/* Whether an IPv4 packet is a fragment that does not begin with a header of the next protocol. */
static bool
mirror_is_later_fragment(const uint8_t *ip)
{
	const uint16_t field = mirror_be16(ip + offsetof(struct rte_ipv4_hdr, fragment_offset));

	return (field & RTE_IPV4_HDR_OFFSET_MASK) != 0;
}

static void
mirror_read_ipv4(struct reading *reading)
{
	struct mirror_headers *headers = reading->headers;
	uint8_t buffer[sizeof(struct rte_ipv4_hdr)];
	const uint8_t *ip = mirror_peek(reading, sizeof(buffer), buffer);
	uint32_t length;

	if (ip == NULL || ip[0] >> 4 != 4)
		return;
	headers->ip_version = 4;
	headers->ip_offset = reading->offset;
	headers->protocol = ip[offsetof(struct rte_ipv4_hdr, next_proto_id)];
	memcpy(headers->src, ip + offsetof(struct rte_ipv4_hdr, src_addr), 4);
	memcpy(headers->dst, ip + offsetof(struct rte_ipv4_hdr, dst_addr), 4);
	length = (ip[0] & 15) * 4u;
	if (length < sizeof(buffer) || mirror_is_later_fragment(ip))
		return;
	reading->offset += length;
	mirror_read_ports(reading);
}

/* Bytes of an extension header (RFC 8200, 4; RFC 4302, 2.2); 0: the protocol is none. */
static uint32_t
mirror_extension_length(int protocol, uint8_t units)
{
	switch (protocol) {
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
	case IPPROTO_MH:
	case 139: /* HIP */
	case 140: /* Shim6 */
		return (units + 1) * 8u;
	case IPPROTO_FRAGMENT:
		return 8;
	case IPPROTO_AH:
		return (units + 2) * 4u;
	default:
		return 0;
	}
}

/* Reads the extension headers, up to a protocol that is none. Whether what that has follows in this packet. */
static bool
mirror_read_extensions(struct reading *reading)
{
	int *protocol = &reading->headers->protocol;
	uint8_t buffer[8];
	unsigned int i;

	for (i = 0; i < MAX_EXTENSIONS && mirror_extension_length(*protocol, 0) != 0; i++) {
		const uint8_t *bytes = mirror_peek(reading, sizeof(buffer), buffer);
		const bool is_fragment = *protocol == IPPROTO_FRAGMENT;

		if (bytes == NULL) {
			*protocol = -1;
			return false;
		}
		reading->offset += mirror_extension_length(*protocol, bytes[1]);
		*protocol = bytes[0];
		/* What follows in a later fragment is the middle of something. */
		if (is_fragment && (mirror_be16(bytes + 2) & ~7) != 0)
			return false;
	}
	return mirror_extension_length(*protocol, 0) == 0;
}

static void
mirror_read_ipv6(struct reading *reading)
{
	struct mirror_headers *headers = reading->headers;
	uint8_t buffer[sizeof(struct rte_ipv6_hdr)];
	const uint8_t *ip = mirror_peek(reading, sizeof(buffer), buffer);

	if (ip == NULL || ip[0] >> 4 != 6)
		return;
	headers->ip_version = 6;
	headers->ip_offset = reading->offset;
	headers->protocol = ip[offsetof(struct rte_ipv6_hdr, proto)];
	memcpy(headers->src, ip + offsetof(struct rte_ipv6_hdr, src_addr), sizeof(headers->src));
	memcpy(headers->dst, ip + offsetof(struct rte_ipv6_hdr, dst_addr), sizeof(headers->dst));
	reading->offset += sizeof(buffer);
	if (mirror_read_extensions(reading))
		mirror_read_ports(reading);
}

void
mirror_headers_read(const struct rte_mbuf *pkt, uint64_t flags, struct mirror_headers *headers)
{
	struct reading reading = {
		.pkt = pkt, .offset = 2 * RTE_ETHER_ADDR_LEN, .headers = headers
	};
	struct mirror_tag tags[2];
	unsigned int nb_tags = mirror_tags(pkt, flags, tags), i;

	memset(headers, 0, sizeof(*headers));
	headers->protocol = -1;
	for (i = 0; i < nb_tags; i++)
		mirror_add_tag(headers, tags[i].tci);
	switch (mirror_read_tags(&reading)) {
	case RTE_ETHER_TYPE_IPV4:
		mirror_read_ipv4(&reading);
		break;
	case RTE_ETHER_TYPE_IPV6:
		mirror_read_ipv6(&reading);
		break;
	default:
		break;
	}
}
