/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets that do not look yet, or any more, as they do on the wire: what the target gets of them does. */

#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "frames.h"
#include "real_target.h"

#define V4      RTE_MBUF_F_TX_IPV4
#define V6      RTE_MBUF_F_TX_IPV6
#define IPSUM   (V4 | RTE_MBUF_F_TX_IP_CKSUM)
#define TCP     RTE_MBUF_F_TX_TCP_CKSUM
#define UDP     RTE_MBUF_F_TX_UDP_CKSUM
#define SCTP    RTE_MBUF_F_TX_SCTP_CKSUM
#define TSO     RTE_MBUF_F_TX_TCP_SEG
#define VXLAN   RTE_MBUF_F_TX_TUNNEL_VXLAN
#define IPIP    RTE_MBUF_F_TX_TUNNEL_IPIP
#define OUT4    (RTE_MBUF_F_TX_OUTER_IPV4 | RTE_MBUF_F_TX_OUTER_IP_CKSUM)
#define OUT6    RTE_MBUF_F_TX_OUTER_IPV6
#define OUT_UDP RTE_MBUF_F_TX_OUTER_UDP_CKSUM
#define VLAN    RTE_MBUF_F_TX_VLAN
#define QINQ    RTE_MBUF_F_TX_QINQ

static const struct frame_shape on_tx[] = {
	{ "plain", 0, .protocol = IPPROTO_UDP, .payload = 100 },
	{ "vlan", VLAN, .protocol = IPPROTO_UDP, .payload = 18 },
	{ "qinq", QINQ, .protocol = IPPROTO_UDP, .payload = 18 },
	{ "qinq and vlan", QINQ | VLAN, .is_v6 = true, .protocol = IPPROTO_UDP, .payload = 18 },
	{ "vlan around a tag", VLAN, .has_tag = true, .protocol = IPPROTO_UDP, .payload = 18 },
	{ "ip", IPSUM, .protocol = IPPROTO_TCP, .payload = 64 },
	{ "ip options", IPSUM | TCP, .has_options = true, .protocol = IPPROTO_TCP, .payload = 64 },
	{ "tcp", IPSUM | TCP, .protocol = IPPROTO_TCP, .payload = 1 },
	{ "tcp, ip done", V4 | TCP, .protocol = IPPROTO_TCP, .payload = 301 },
	{ "tcp6", V6 | TCP, .is_v6 = true, .protocol = IPPROTO_TCP, .payload = 999 },
	{ "udp", IPSUM | UDP, .protocol = IPPROTO_UDP, .payload = 333 },
	{ "udp empty", IPSUM | UDP, .protocol = IPPROTO_UDP, .padding = 18 },
	{ "udp that sums to 0", IPSUM | UDP, .sums_to_zero = true, .protocol = IPPROTO_UDP,
			.payload = 50 },
	{ "tcp that sums to 0", IPSUM | TCP, .sums_to_zero = true, .protocol = IPPROTO_TCP,
			.payload = 50 },
	{ "udp6", V6 | UDP, .is_v6 = true, .protocol = IPPROTO_UDP, .payload = 1200 },
	{ "udp6 behind options", V6 | UDP, .is_v6 = true, .has_options = true,
			.protocol = IPPROTO_UDP, .payload = 77 },
	{ "sctp", IPSUM | SCTP, .protocol = IPPROTO_SCTP, .payload = 400 },
	{ "sctp6", V6 | SCTP, .is_v6 = true, .protocol = IPPROTO_SCTP, .payload = 401 },
	{ "padded", IPSUM | TCP, .protocol = IPPROTO_TCP, .padding = 6 },
	{ "padded sctp", IPSUM | SCTP, .protocol = IPPROTO_SCTP, .payload = 4, .padding = 10 },
	{ "in a tagged frame", IPSUM | UDP, .has_tag = true, .protocol = IPPROTO_UDP,
			.payload = 200 },
	{ "vlan and tcp", VLAN | IPSUM | TCP, .protocol = IPPROTO_TCP, .payload = 640 },
	{ "qinq and udp6", QINQ | V6 | UDP, .is_v6 = true, .protocol = IPPROTO_UDP,
			.payload = 640 },
	{ "tso", TSO | IPSUM, .protocol = IPPROTO_TCP, .payload = 1400 },
	{ "tso6", TSO | V6, .is_v6 = true, .protocol = IPPROTO_TCP, .payload = 1399 },
	{ "tso and vlan", TSO | IPSUM | TCP | VLAN, .protocol = IPPROTO_TCP, .payload = 1200 },
	{ "tso without lengths", TSO | IPSUM, .lacks_lengths = true, .protocol = IPPROTO_TCP,
			.payload = 1000 },
	{ "tso of many segments", TSO | IPSUM, .protocol = IPPROTO_TCP, .payload = 4400 },
	{ "vxlan", VXLAN | OUT4 | IPSUM | TCP, .tunnel = FRAME_VXLAN, .protocol = IPPROTO_TCP,
			.payload = 500 },
	{ "vxlan with udp sum", VXLAN | OUT4 | OUT_UDP | IPSUM | TCP, .tunnel = FRAME_VXLAN,
			.protocol = IPPROTO_TCP, .payload = 500 },
	{ "vxlan6", VXLAN | OUT6 | OUT_UDP | V6 | UDP, .tunnel = FRAME_VXLAN, .outer_is_v6 = true,
			.is_v6 = true, .protocol = IPPROTO_UDP, .payload = 501 },
	{ "vxlan6 around ip4", VXLAN | OUT6 | OUT_UDP | IPSUM | SCTP, .tunnel = FRAME_VXLAN,
			.outer_is_v6 = true, .protocol = IPPROTO_SCTP, .payload = 80 },
	{ "vxlan outside only", OUT4 | OUT_UDP, .tunnel = FRAME_VXLAN, .protocol = IPPROTO_UDP,
			.payload = 90 },
	{ "vxlan tso", VXLAN | OUT4 | OUT_UDP | TSO | IPSUM, .tunnel = FRAME_VXLAN,
			.protocol = IPPROTO_TCP, .payload = 1300 },
	{ "ufo", RTE_MBUF_F_TX_UDP_SEG | IPSUM | UDP, .protocol = IPPROTO_UDP, .payload = 1333 },
	{ "ufo without lengths", RTE_MBUF_F_TX_UDP_SEG | V6, .is_v6 = true, .lacks_lengths = true,
			.protocol = IPPROTO_UDP, .payload = 1333 },
	{ "vxlan tso without lengths", VXLAN | OUT4 | TSO | IPSUM, .lacks_lengths = true,
			.tunnel = FRAME_VXLAN, .protocol = IPPROTO_TCP, .payload = 1300 },
	{ "ipip ufo without lengths", IPIP | OUT4 | RTE_MBUF_F_TX_UDP_SEG | IPSUM,
			.lacks_lengths = true, .tunnel = FRAME_IPIP, .protocol = IPPROTO_UDP,
			.payload = 1300 },
	{ "vxlan vlan", VXLAN | OUT4 | IPSUM | UDP | VLAN, .tunnel = FRAME_VXLAN,
			.protocol = IPPROTO_UDP, .payload = 100 },
	{ "ipip", IPIP | OUT4 | IPSUM | UDP, .tunnel = FRAME_IPIP, .protocol = IPPROTO_UDP,
			.payload = 100 },
	{ "ip6ip", IPIP | OUT6 | IPSUM | TCP, .tunnel = FRAME_IPIP, .outer_is_v6 = true,
			.protocol = IPPROTO_TCP, .payload = 100 },
};

#define RX_VLAN (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED)
#define RX_LEFT RTE_MBUF_F_RX_L4_CKSUM_NONE
#define RX_QINQ (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED)

static const struct frame_shape on_rx[] = {
	{ "vlan stripped", RX_VLAN, .protocol = IPPROTO_UDP, .payload = 90 },
	{ "both stripped", RX_QINQ | RX_VLAN, .is_v6 = true, .protocol = IPPROTO_TCP,
			.payload = 500 },
	{ "outer stripped", RX_QINQ, .has_tag = true, .protocol = IPPROTO_UDP, .payload = 1000 },
	{ "vlan stripped of qinq", RX_VLAN, .has_tag = true, .protocol = IPPROTO_UDP,
			.payload = 1 },
	{ "tcp left", RX_LEFT, .protocol = IPPROTO_TCP, .payload = 301 },
	{ "tcp6 left behind options", RX_LEFT, .is_v6 = true, .has_options = true,
			.protocol = IPPROTO_TCP, .payload = 1400 },
	{ "tcp left behind a tag", RX_LEFT, .has_tag = true, .has_options = true,
			.protocol = IPPROTO_TCP, .payload = 64 },
	{ "tcp left, vlan stripped", RX_LEFT | RX_VLAN, .protocol = IPPROTO_TCP, .payload = 5 },
	{ "tcp left that sums to 0", RX_LEFT, .sums_to_zero = true, .protocol = IPPROTO_TCP,
			.payload = 50 },
	{ "tcp received large", RX_LEFT | RTE_MBUF_F_RX_LRO, .protocol = IPPROTO_TCP,
			.payload = 4400 },
	{ "udp left", RX_LEFT, .protocol = IPPROTO_UDP, .payload = 333 },
	{ "udp left, padded", RX_LEFT, .protocol = IPPROTO_UDP, .payload = 1, .padding = 17 },
	{ "udp left that sums to 0", RX_LEFT, .sums_to_zero = true, .protocol = IPPROTO_UDP,
			.payload = 50 },
	{ "udp6 left", RX_LEFT, .is_v6 = true, .protocol = IPPROTO_UDP, .payload = 1200 },
	{ "sctp left", RX_LEFT, .protocol = IPPROTO_SCTP, .payload = 400 },
	{ "tcp that nobody looked at", RX_LEFT, .has_checksum = true, .protocol = IPPROTO_TCP,
			.payload = 99 },
	{ "sctp that nobody looked at", RX_LEFT, .has_checksum = true, .protocol = IPPROTO_SCTP,
			.payload = 99 },
};

#define SHAPES_MAX RTE_DIM(on_tx)

/* As many of the target's drivers' own offloads as there are: none of them may get anything to do. */
#define ALL_OFFLOADS                                                                   \
	(RTE_ETH_TX_OFFLOAD_MULTI_SEGS | RTE_ETH_TX_OFFLOAD_VLAN_INSERT |              \
			RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM | \
			RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_TCP_TSO)

struct burst {
	struct frame frames[SHAPES_MAX];
	struct rte_mbuf *pkts[SHAPES_MAX];
	uint16_t nb;
	uint64_t bytes;
};

/* Those of the shapes that the target's driver takes. */
static void
burst_make(struct burst *burst, const struct real_target *real, const struct frame_shape *shapes,
		uint16_t nb_shapes, uint16_t seg_len)
{
	const uint32_t longest = real->end.driver->frame_max;
	struct frame *frame;
	uint16_t i;

	burst->nb = 0;
	burst->bytes = 0;
	for (i = 0; i < nb_shapes; i++) {
		frame = &burst->frames[burst->nb];
		frame_make(frame, &shapes[i]);
		if (longest != 0 && frame->wire_length > longest)
			continue;
		burst->pkts[burst->nb++] = frame_packet(frame, real->pool, seg_len);
		burst->bytes += frame->wire_length;
	}
}

static void
check_frame(const struct frame *frame, const uint8_t *got, uint32_t length)
{
	uint32_t i;

	for (i = 0; i < length && i < frame->wire_length; i++) {
		if (got[i] != frame->wire[i])
			test_fail(__FILE__, __LINE__, "%s: byte %u is %02x instead of %02x",
					frame->shape->name, i, got[i], frame->wire[i]);
	}
	if (length != frame->wire_length)
		test_fail(__FILE__, __LINE__, "%s: %u bytes instead of %u", frame->shape->name,
				length, frame->wire_length);
}

/* The application's packets pass as they are, and the far end gets what they would be on the wire. */
static void
check_burst(struct real_target *real, uint32_t id, uint32_t direction, struct burst *burst)
{
	struct snapshot *before = snapshot_take(burst->pkts, burst->nb);
	uint8_t got[END_FRAME_SIZE];
	uint16_t i;

	CHECK_EQ(rte_mirror_stats_reset(id), 0);
	real_target_forget(real);
	if (direction == RTE_MIRROR_RX) {
		ring_put(real->source.rx[0], burst->pkts, burst->nb);
		CHECK_EQ(rte_eth_rx_burst(real->source.id, 0, burst->pkts, burst->nb), burst->nb);
		ring_put(real->source.tx[0], burst->pkts, burst->nb);
	} else {
		CHECK_EQ(rte_eth_tx_burst(real->source.id, 0, burst->pkts, burst->nb), burst->nb);
	}
	snapshot_check(before, burst->pkts, burst->nb);
	CHECK_EQ(stats_of(id).packets, burst->nb);
	CHECK_EQ(stats_of(id).bytes, burst->bytes);
	for (i = 0; i < burst->nb && !real->end.driver->is_blind; i++)
		check_frame(&burst->frames[i], got, end_receive(&real->end, got));
	packets_check_refcnt(burst->pkts, burst->nb, 1);
	ring_check(real->source.tx[0], burst->pkts, burst->nb);
}

/* In one mode, and with packets in one segment or many. */
static void
check_mode(struct real_target *real, struct burst *burst, enum rte_mirror_mode mode)
{
	static const uint16_t seg_lens[] = { 384, 97, 29 };
	uint32_t id;
	unsigned int i;

	id = real_target_mirror(real, RTE_MIRROR_TX | RTE_MIRROR_RX, mode);
	for (i = 0; i < RTE_DIM(seg_lens); i++) {
		burst_make(burst, real, on_tx, RTE_DIM(on_tx), seg_lens[i]);
		check_burst(real, id, RTE_MIRROR_TX, burst);
		/* No driver had anything to do. */
		CHECK_EQ(real->flags_seen & RTE_MBUF_F_TX_OFFLOAD_MASK, 0);
		burst_make(burst, real, on_rx, RTE_DIM(on_rx), seg_lens[i]);
		check_burst(real, id, RTE_MIRROR_RX, burst);
		CHECK_EQ(real->nb_shared, 0);
	}
	mirror_off(id);
}

static void
check_driver(const struct end_driver *driver)
{
	static struct burst burst;
	struct real_target real;

	real_target_open(&real, driver, ALL_OFFLOADS);
	check_mode(&real, &burst, RTE_MIRROR_SHARE);
	check_mode(&real, &burst, RTE_MIRROR_SPLIT);
	check_mode(&real, &burst, RTE_MIRROR_COPY);
	real_target_close(&real);
	real_target_open(&real, driver, 0);
	check_mode(&real, &burst, RTE_MIRROR_SHARE);
	CHECK_EQ(real.segs_max, 1);
	check_mode(&real, &burst, RTE_MIRROR_COPY);
	CHECK_EQ(real.segs_max, 1);
	real_target_close(&real);
}

static void
every_driver_gets_packets_as_they_are_on_the_wire(void)
{
	const struct end_driver *driver = NULL;

	while ((driver = real_target_next_driver(driver, false)) != NULL)
		check_driver(driver);
	while ((driver = real_target_next_driver(driver, true)) != NULL)
		check_driver(driver);
}

/* What an application may get wrong, made of a packet that asks for a TCP checksum. */
struct mistake {
	const char *name;
	uint64_t ol_flags;
	uint16_t l2_len, l3_len, outer_l3_len, length; /* 0: right */
};

static const struct mistake mistakes[] = {
	{ "encryption", RTE_MBUF_F_TX_SEC_OFFLOAD },
	{ "encryption in layer 2", RTE_MBUF_F_TX_MACSEC },
	{ "no layer 2", IPSUM | TCP, .l2_len = 2 },
	{ "layer 2 of all there is", IPSUM | TCP, .l2_len = 127, .length = 127 },
	{ "layer 2 beyond the packet", IPSUM | TCP, .l2_len = 127, .length = 100 },
	{ "half an ip header", IPSUM | TCP, .l3_len = 12 },
	{ "an ip header with options that it has not", IPSUM | TCP, .l3_len = 24 },
	{ "an ip header beyond the packet", IPSUM, .l3_len = 500 },
	{ "half a tcp header", IPSUM | TCP, .length = 14 + 20 + 10 },
	{ "half an ip header there", IPSUM, .length = 14 + 10 },
	{ "no outer ip header", OUT4 | OUT_UDP, .outer_l3_len = 8 },
	{ "too short to be tagged", VLAN, .length = 8 },
};

static void
make_mistake(struct rte_mbuf *pkt, const struct mistake *mistake)
{
	pkt->ol_flags = mistake->ol_flags;
	if (mistake->l2_len != 0)
		pkt->l2_len = mistake->l2_len;
	if (mistake->l3_len != 0)
		pkt->l3_len = mistake->l3_len;
	pkt->outer_l3_len = mistake->outer_l3_len;
	if (mistake->length != 0)
		CHECK_EQ(rte_pktmbuf_trim(pkt, (uint16_t)(pkt->pkt_len - mistake->length)), 0);
}

/* Whatever a packet asks for, the application has it as it was, and the mirror has the packets around it. */
static void
check_mistake(struct real_target *real, uint32_t id, const struct mistake *mistake)
{
	static const struct frame_shape shape = { "tcp", IPSUM | TCP, .protocol = IPPROTO_TCP,
		.payload = 200 };
	static struct burst burst;
	uint8_t got[END_FRAME_SIZE];
	struct snapshot *before;
	struct frame *frame = &burst.frames[0];
	uint16_t i;

	printf("  %s\n", mistake->name);
	frame_make(frame, &shape);
	for (i = 0; i < 3; i++)
		burst.pkts[i] = frame_packet(frame, real->pool, 384);
	make_mistake(burst.pkts[1], mistake);
	before = snapshot_take(burst.pkts, 3);
	CHECK_EQ(rte_mirror_stats_reset(id), 0);
	CHECK_EQ(rte_eth_tx_burst(real->source.id, 0, burst.pkts, 3), 3);
	snapshot_check(before, burst.pkts, 3);
	CHECK_EQ(stats_of(id).packets, 2);
	CHECK_EQ(stats_of(id).unsupported, 1);
	for (i = 0; i < 2; i++)
		check_frame(frame, got, end_receive(&real->end, got));
	ring_check(real->source.tx[0], burst.pkts, 3);
}

static void
what_cannot_be_put_on_a_wire_is_counted_as_unsupported(void)
{
	const struct end_driver *driver = real_target_next_driver(NULL, true);
	struct real_target real;
	unsigned int i;
	uint32_t id;

	real_target_open(&real, driver, ALL_OFFLOADS);
	id = real_target_mirror(&real, RTE_MIRROR_TX, RTE_MIRROR_SHARE);
	for (i = 0; i < RTE_DIM(mistakes); i++)
		check_mistake(&real, id, &mistakes[i]);
	mirror_off(id);
	real_target_close(&real);
}

/* An example of an IP header that is all over the web, and the check value of the CRC's catalogue. */
static void
this_programs_own_checksums_are_right(void)
{
	static const uint8_t header[] = { 0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40,
		0x11, 0x00, 0x00, 0xc0, 0xa8, 0x00, 0x01, 0xc0, 0xa8, 0x00, 0xc7 };

	CHECK_EQ((uint16_t)~frame_sum(header, sizeof(header), 0), 0xb861);
	CHECK_EQ(frame_crc32c((const uint8_t *)"123456789", 9), 0xe3069283);
}

const struct test_case test_cases[] = {
	{ "this_programs_own_checksums_are_right", this_programs_own_checksums_are_right },
	{ "every_driver_gets_packets_as_they_are_on_the_wire",
			every_driver_gets_packets_as_they_are_on_the_wire },
	{ "what_cannot_be_put_on_a_wire_is_counted_as_unsupported",
			what_cannot_be_put_on_a_wire_is_counted_as_unsupported },
	{ "every_driver_was_there", every_driver_was_there },
	{ NULL, NULL },
};
