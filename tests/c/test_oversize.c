/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Packets that are longer, or shorter, than a target takes, on real interfaces: what arrives there is what packets counts. */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "bonds.h"
#include "real_target.h"
#include "wires.h"

#define SEG_LEN     300
#define NB_PKTS     24
#define TAG_SIZE    4
#define TYPE_OFFSET 12

/* Tags: in the packet, or stripped by a NIC and put back. */
enum tag { NONE, IN_PACKET, STRIPPED };

struct packet {
	uint32_t length; /* as on the wire */
	bool is_tagged;
	struct bytes bytes;
	struct rte_mbuf *pkt;
};

static struct packet packets[NB_PKTS];

static void
packet_fill(struct packet *packet, struct rte_mempool *pool, uint32_t length, enum tag tag)
{
	const uint32_t in_mbufs = tag == STRIPPED ? length - TAG_SIZE : length;
	const uint16_t nb_segs = (in_mbufs + SEG_LEN - 1) / SEG_LEN;
	const uint8_t plain[] = { 0x08, 0x00 }, tagged[] = { 0x81, 0x00, 0x00, 0x05 };

	packet->length = length;
	packet->is_tagged = tag != NONE;
	packet->pkt = packet_make(pool, nb_segs, SEG_LEN, length);
	CHECK_EQ(rte_pktmbuf_trim(packet->pkt, nb_segs * SEG_LEN - in_mbufs), 0);
	if (tag == IN_PACKET)
		packet_write(packet->pkt, TYPE_OFFSET, tagged, sizeof(tagged));
	else
		packet_write(packet->pkt, TYPE_OFFSET, plain, sizeof(plain));
	bytes_read(&packet->bytes, packet->pkt);
	if (tag != STRIPPED)
		return;
	packet->pkt->ol_flags |= RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	packet->pkt->vlan_tci = 5;
	memmove(packet->bytes.data + TYPE_OFFSET + TAG_SIZE, packet->bytes.data + TYPE_OFFSET,
			in_mbufs - TYPE_OFFSET);
	memcpy(packet->bytes.data + TYPE_OFFSET, tagged, sizeof(tagged));
}

/* Short ones and long ones, at every edge, among each other. */
static void
packets_fill(struct rte_mempool *pool, uint32_t mtu)
{
	const uint32_t lengths[] = { mtu + 14, 60, mtu + 15, mtu + 18, mtu + 19, mtu + 22, mtu + 23,
		8900 };
	unsigned int i;

	for (i = 0; i < NB_PKTS; i++)
		packet_fill(&packets[i], pool, lengths[i / 3], (enum tag)(i % 3));
}

static bool
fits(const struct end *end, const struct packet *packet, uint32_t mtu)
{
	if (strcmp(end->driver->name, "net_tap") == 0)
		return packet->length <= mtu + 22;
	return packet->length <= mtu + 14 + (packet->is_tagged ? TAG_SIZE : 0);
}

static void
check_arrived(struct end *end, const struct packet *packet, uint32_t length)
{
	uint8_t got[END_FRAME_SIZE];

	CHECK_EQ(end_receive(end, got), length);
	CHECK(memcmp(got, packet->bytes.data, length) == 0);
}

/* The source receives them, and has them no longer. */
static void
pass(const struct real_target *real, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	ring_put(real->source.rx[0], pkts, nb_pkts);
	CHECK_EQ(rte_eth_rx_burst(real->source.id, 0, pkts, nb_pkts), nb_pkts);
	packets_free(pkts, nb_pkts);
}

/* All in one burst: what does not fit takes nothing with it. */
static void
check_burst(struct real_target *real, uint32_t id, uint32_t mtu, uint32_t snaplen)
{
	struct rte_mbuf *pkts[NB_PKTS];
	unsigned int i, nb = 0;

	CHECK_EQ(rte_mirror_stats_reset(id), 0);
	packets_fill(real->pool, mtu);
	for (i = 0; i < NB_PKTS; i++)
		pkts[i] = packets[i].pkt;
	pass(real, pkts, NB_PKTS);
	for (i = 0; i < NB_PKTS; i++) {
		if (snaplen == UINT32_MAX && !fits(&real->end, &packets[i], mtu))
			continue;
		check_arrived(&real->end, &packets[i], RTE_MIN(packets[i].length, snaplen));
		nb++;
	}
	end_check_empty(&real->end);
	CHECK_EQ(stats_of(id).packets, nb);
	CHECK_EQ(stats_of(id).oversize, NB_PKTS - nb);
	CHECK(nb > 3 && (nb < NB_PKTS || snaplen != UINT32_MAX));
}

static void
set_mtu(const struct end *end, uint16_t mtu)
{
	if (strcmp(end->driver->name, "net_tap") == 0)
		CHECK_EQ(rte_eth_dev_set_mtu(end->port_id, mtu), 0);
	else
		wire_command("ip link set %s mtu %u", end->path, mtu);
}

static bool
warns_of(uint32_t id, const char *text)
{
	return strstr(info_of(id).warning, text) != NULL;
}

static void
check_long(struct real_target *real, enum rte_mirror_mode mode)
{
	const char *longest = strcmp(real->end.driver->name, "net_tap") == 0 ? "1022" : "1014";
	struct rte_mirror_param param = { .target_port = real->end.port_id,
		.directions = RTE_MIRROR_RX,
		.mode = mode,
		.pool = real->own_pool };
	uint32_t id;

	set_mtu(&real->end, 1500);
	id = mirror_with(real->source.id, &param);
	CHECK_EQ(info_of(id).warning[0], '\0');
	check_burst(real, id, 1500, UINT32_MAX);
	/* Noticed while it is at work. */
	set_mtu(&real->end, 1000);
	CHECK_WITHIN(30000, warns_of(id, longest));
	check_burst(real, id, 1000, UINT32_MAX);
	param.snaplen = 1000;
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	CHECK_EQ(info_of(id).warning[0], '\0');
	check_burst(real, id, 1000, 1000);
	set_mtu(&real->end, 1500);
	param.snaplen = 0;
	CHECK_EQ(rte_mirror_update(id, &param), 0);
	check_burst(real, id, 1500, UINT32_MAX);
	mirror_off(id);
}

/* In each mode, and for each a target that is new. */
static void
check_modes(void (*check)(struct real_target *real, enum rte_mirror_mode mode))
{
	const struct end_driver *driver;
	unsigned int mode;
	struct real_target real;

	for (driver = end_drivers; driver->name != NULL; driver++) {
		if (!driver->is_kernels || end_missing(driver) != NULL)
			continue;
		for (mode = RTE_MIRROR_SHARE; mode <= RTE_MIRROR_COPY; mode++) {
			real_target_open(&real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
			check(&real, (enum rte_mirror_mode)mode);
			real_target_close(&real);
		}
	}
}

static void
what_a_target_does_not_take_is_counted_as_oversize(void)
{
	check_modes(check_long);
}

static void
check_short(struct real_target *real, enum rte_mirror_mode mode)
{
	const uint16_t lengths[] = { 60, 13, 0, 14, 1, 60 };
	const uint32_t id = real_target_mirror(real, RTE_MIRROR_RX, mode);
	struct rte_mbuf *pkts[RTE_DIM(lengths)];
	uint8_t got[END_FRAME_SIZE];
	unsigned int i;

	for (i = 0; i < RTE_DIM(lengths); i++) {
		pkts[i] = packet_make(real->pool, 1, 60, i);
		CHECK_EQ(rte_pktmbuf_trim(pkts[i], 60 - lengths[i]), 0);
	}
	pass(real, pkts, RTE_DIM(lengths));
	CHECK_EQ(end_receive(&real->end, got), 60);
	CHECK_EQ(end_receive(&real->end, got), 14);
	CHECK_EQ(end_receive(&real->end, got), 60);
	CHECK_EQ(stats_of(id).packets, 3);
	CHECK_EQ(stats_of(id).unsupported, 3);
	mirror_off(id);
}

/* No interface of the kernel's takes it: net_tap refuses it with all that are behind, net_af_packet says that it has sent it. */
static void
what_ends_within_its_ethernet_header_is_unsupported(void)
{
	check_modes(check_short);
}

static bool
real_target_open_on(struct real_target *real, const char *driver_name)
{
	const struct end_driver *driver = end_drivers;

	while (driver->name != NULL &&
			(!driver->is_kernels || strcmp(driver->name, driver_name) != 0))
		driver++;
	if (driver->name == NULL || end_missing(driver) != NULL)
		return false;
	real_target_open(real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
	return true;
}

/* What an interface would take may still be more than net_af_packet's ring has room for: 2048 bytes, less 32. */
static void
a_ring_of_short_frames_bounds_a_long_mtu(void)
{
	const uint32_t lengths[] = { 2016, 2017, 8900, 60 };
	struct rte_mbuf *pkts[RTE_DIM(lengths)];
	struct real_target real;
	unsigned int i;
	uint32_t id;

	if (!real_target_open_on(&real, "net_af_packet"))
		return;
	id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_SHARE);
	for (i = 0; i < RTE_DIM(lengths); i++) {
		packet_fill(&packets[i], real.pool, lengths[i], NONE);
		pkts[i] = packets[i].pkt;
	}
	pass(&real, pkts, RTE_DIM(lengths));
	check_arrived(&real.end, &packets[0], 2016);
	check_arrived(&real.end, &packets[3], 60);
	CHECK_EQ(stats_of(id).packets, 2);
	CHECK_EQ(stats_of(id).oversize, 2);
	mirror_off(id);
	real_target_close(&real);
}

/* net_pcap has a buffer of 16128 bytes for what is not in one piece, and says that it has sent what is longer. */
static void
a_buffer_of_the_driver_bounds_a_long_mtu(void)
{
	struct rte_mbuf *pkts[2];
	uint8_t got[END_FRAME_SIZE];
	struct real_target real;
	unsigned int mode, i;
	uint32_t id;

	if (!real_target_open_on(&real, "net_pcap"))
		return;
	wire_command("ip link set end1 mtu 30000");
	wire_command("ip link set %s mtu 30000", real.end.path);
	for (mode = RTE_MIRROR_SHARE; mode <= RTE_MIRROR_COPY; mode++) {
		id = real_target_mirror(&real, RTE_MIRROR_RX, (enum rte_mirror_mode)mode);
		for (i = 0; i < 2; i++) {
			/* Of 16128 bytes, and of one more. */
			pkts[i] = packet_make(real.pool, 54, SEG_LEN, i);
			CHECK_EQ(rte_pktmbuf_trim(pkts[i], 54 * SEG_LEN - 16128 - i), 0);
		}
		pass(&real, pkts, 2);
		CHECK_EQ(end_receive(&real.end, got), 16128);
		CHECK_EQ(stats_of(id).packets, 1);
		CHECK_EQ(stats_of(id).oversize, 1);
		mirror_off(id);
	}
	real_target_close(&real);
}

static void
check_segments(struct real_target *real, uint16_t target_port)
{
	const struct rte_mirror_param param = { .target_port = target_port,
		.directions = RTE_MIRROR_RX };
	const uint16_t nb_segs[] = { 1, 1025, 1 };
	struct rte_mbuf *pkts[RTE_DIM(nb_segs)];
	uint8_t got[END_FRAME_SIZE];
	unsigned int i;
	uint32_t id = mirror_with(real->source.id, &param);

	for (i = 0; i < RTE_DIM(nb_segs); i++)
		pkts[i] = packet_make(real->pool, nb_segs[i], nb_segs[i] > 1 ? 1 : 60, i);
	pass(real, pkts, RTE_DIM(nb_segs));
	for (i = 0; i < RTE_DIM(nb_segs); i++)
		CHECK_EQ(end_receive(&real->end, got), nb_segs[i] > 1 ? nb_segs[i] : 60);
	CHECK_EQ(stats_of(id).packets, RTE_DIM(nb_segs));
	mirror_off(id);
}

static uint16_t
bond_over(struct real_target *real)
{
	uint16_t bond = bonding_open("net_bonding0", real->end.name);
	uint8_t got[END_FRAME_SIZE];

	/* It takes its member in, and has the offloads of that then. */
	vdev_configure(bond, &(struct port_options){ 1, 1, 0 });
	CHECK_EQ(rte_eth_dev_stop(bond), 0);
	vdev_configure(bond, &port_default);
	bond_wait(bond, real->pool);
	CHECK_EQ(end_receive(&real->end, got), 60);
	return bond;
}

static void
close_bond_over(struct real_target *real, uint16_t bond)
{
	CHECK_EQ(rte_eth_dev_stop(bond), 0);
	/* First: from 24.11 on net_tap crashes when it loses its queues and stays, as a bond has it do that lets it go. */
	real_target_close(real);
	vdev_close(bond, "net_bonding0");
}

/* net_tap sends as many pieces as writev() takes, refuses more, and says of neither; nor does what is in front of it. */
static void
more_segments_than_the_driver_takes_are_copied(void)
{
	struct real_target real;
	uint16_t bond;

	if (!real_target_open_on(&real, "net_tap"))
		return;
	check_segments(&real, real.end.port_id);
	bond = bond_over(&real);
	check_segments(&real, bond);
	close_bond_over(&real, bond);
}

/* Whose driver says nothing of that. */
static void
a_bond_takes_what_its_member_does(void)
{
	const char *const names[] = { "net_tap", "net_af_packet" };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct real_target real;
	unsigned int i;
	uint32_t id;

	for (i = 0; i < RTE_DIM(names); i++) {
		if (!real_target_open_on(&real, names[i]))
			continue;
		param.target_port = bond_over(&real);
		param.pool = real.own_pool;
		id = mirror_with(real.source.id, &param);
		set_mtu(&real.end, 1500);
		check_burst(&real, id, 1500, UINT32_MAX);
		mirror_off(id);
		close_bond_over(&real, param.target_port);
	}
}

const struct test_case test_cases[] = {
	{ "what_a_target_does_not_take_is_counted_as_oversize",
			what_a_target_does_not_take_is_counted_as_oversize },
	{ "what_ends_within_its_ethernet_header_is_unsupported",
			what_ends_within_its_ethernet_header_is_unsupported },
	{ "a_ring_of_short_frames_bounds_a_long_mtu", a_ring_of_short_frames_bounds_a_long_mtu },
	{ "a_buffer_of_the_driver_bounds_a_long_mtu", a_buffer_of_the_driver_bounds_a_long_mtu },
	{ "more_segments_than_the_driver_takes_are_copied",
			more_segments_than_the_driver_takes_are_copied },
	{ "a_bond_takes_what_its_member_does", a_bond_takes_what_its_member_does },
	{ "every_driver_was_there", every_driver_was_there },
	{ NULL, NULL },
};
