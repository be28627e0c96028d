/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What is left for a driver to do is done in copies that lie in mbufs of any size. */

#include <inttypes.h>
#include <netinet/in.h>
#include <string.h>

#include "frames.h"
#include "poison.h"
#include "late_target.h"

#define IPSUM   (RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM)
#define OUT_UDP RTE_MBUF_F_TX_OUTER_UDP_CKSUM
#define OUT4    (RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IP_CKSUM)

/* Copies each packet into mbufs with room for so many bytes. */
static void
finish_open(struct late_target *late, uint16_t room)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX, .mode = RTE_MIRROR_COPY };

	param.pool = poison_pool_create("rooms", 255, RTE_PKTMBUF_HEADROOM + room);
	late_target_open(late, &param, NULL);
	late->pool = param.pool;
}

static void
check_bytes(const struct frame *frame, const struct rte_mbuf *got, uint16_t room)
{
	static struct bytes bytes;
	uint32_t i;

	bytes_read(&bytes, got);
	CHECK_EQ(bytes.len, frame->wire_length);
	for (i = 0; i < bytes.len; i++) {
		if (bytes.data[i] != frame->wire[i])
			test_fail(__FILE__, __LINE__,
					"%s in mbufs of %u bytes: byte %u is %02x instead of %02x",
					frame->shape->name, room, i, bytes.data[i], frame->wire[i]);
	}
}

/* The frame's packet is mirrored as it is on the wire; it cannot be if its headers do not fit in the first mbuf. */
static void
check_frame(struct late_target *late, const struct frame *frame, uint16_t room, uint32_t headers)
{
	struct rte_mbuf *pkt = frame_packet(frame, late->testbed.pool, 384), *got;

	CHECK_EQ(rte_mirror_stats_reset(late->id), 0);
	late_target_pass(late, &pkt, 1);
	CHECK_EQ(stats_of(late->id).packets, room >= headers);
	CHECK_EQ(stats_of(late->id).unsupported, room < headers);
	if (room >= headers) {
		late_target_get(late, &got, 1);
		check_bytes(frame, got, room);
		rte_pktmbuf_free(got);
	}
	rte_pktmbuf_free(pkt);
}

static const struct frame_shape shapes[] = {
	{ "tcp", IPSUM | RTE_MBUF_F_TX_TCP_CKSUM, .protocol = IPPROTO_TCP, .payload = 1399 },
	{ "udp", IPSUM | RTE_MBUF_F_TX_UDP_CKSUM, .protocol = IPPROTO_UDP, .payload = 777 },
	{ "sctp", IPSUM | RTE_MBUF_F_TX_SCTP_CKSUM, .protocol = IPPROTO_SCTP, .payload = 333 },
	{ "vxlan", RTE_MBUF_F_TX_TUNNEL_VXLAN | OUT4 | OUT_UDP | IPSUM | RTE_MBUF_F_TX_TCP_CKSUM,
			.tunnel = FRAME_VXLAN, .protocol = IPPROTO_TCP, .payload = 500 },
};

/* Up to which byte of a frame something is filled in. */
static uint32_t
headers_of(const struct frame *frame)
{
	static const uint32_t lengths[] = {
		[IPPROTO_TCP] = 18, [IPPROTO_UDP] = 8, [IPPROTO_SCTP] = 12
	};

	return frame->l4 + lengths[frame->shape->protocol];
}

/* A mbuf that ends with half of a 16 bit word, and the next one that begins with the other half. */
static void
checksums_over_mbufs_of_even_and_odd_sizes(void)
{
	static const uint16_t rooms[] = { 40, 41, 50, 51, 52, 53, 54, 71, 101, 104, 105, 106, 500,
		501, 999, 2048 };
	static struct frame frame;
	struct late_target late;
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(rooms); i++) {
		finish_open(&late, rooms[i]);
		for (j = 0; j < RTE_DIM(shapes); j++) {
			frame_make(&frame, &shapes[j]);
			check_frame(&late, &frame, rooms[i], headers_of(&frame));
		}
		late_target_close(&late);
	}
}

const struct test_case test_cases[] = {
	{ "checksums_over_mbufs_of_even_and_odd_sizes",
			checksums_over_mbufs_of_even_and_odd_sizes },
	{ NULL, NULL },
};
