/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_FRAMES_H
#define TESTS_C_FRAMES_H

/**
 * @file
 * Frames as they are on the wire, and the packets that an application hands to a driver so that they look so there.
 *
 * A frame is made whole first. What the packet's flags leave to the driver is then taken out again, as DPDK asks for
 * it. Nothing in here is DPDK's or the library's arithmetic.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#define FRAME_SIZE 5000

/* What a packet's tags say. */
#define FRAME_TCI       0xa123
#define FRAME_TCI_OUTER 0x6456

enum frame_tunnel {
	FRAME_NO_TUNNEL,
	FRAME_VXLAN,
	FRAME_IPIP,
};

struct frame_shape {
	const char *name;
	uint64_t ol_flags; /* the work that is left, or was done on the way in */
	enum frame_tunnel tunnel;
	bool outer_is_v6, is_v6;
	bool has_options;   /* in the inner IP header, or behind it */
	bool has_tag;       /* in the packet's own bytes */
	bool sums_to_zero;  /* the inner L4 header and payload, so that its checksum is 0 */
	bool has_checksum;  /* the packet, whatever its flags say */
	bool lacks_lengths; /* the application leaves the IP and UDP lengths to TSO or USO, too */
	uint8_t protocol;   /* behind the inner IP header */
	uint8_t padding;    /* bytes behind the IP packet */
	uint16_t payload;   /* bytes behind the inner L4 header */
};

struct frame {
	const struct frame_shape *shape;
	uint8_t wire[FRAME_SIZE], packet[FRAME_SIZE];
	uint32_t wire_length, packet_length;
	/* Where headers begin in the packet; the outer ones' only in a tunnel. */
	uint32_t outer_ip, outer_l4, ip, l4, end;
};

void frame_make(struct frame *frame, const struct frame_shape *shape);
/** The frame's packet, in segments of so many bytes at most. */
struct rte_mbuf *frame_packet(
		const struct frame *frame, struct rte_mempool *pool, uint16_t seg_len);

/** The internet checksum's sum, folded but not inverted (RFC 1071). */
uint16_t frame_sum(const uint8_t *bytes, uint32_t length, uint32_t sum);
/** SCTP's checksum (RFC 9260). */
uint32_t frame_crc32c(const uint8_t *bytes, uint32_t length);

#endif /* TESTS_C_FRAMES_H */
