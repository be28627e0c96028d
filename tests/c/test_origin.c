/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Where a packet says that it comes from, and what else its mbuf has beside its bytes. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_mbuf_dyn.h>

#include "poison.h"
#include "late_target.h"

#define FIELD "rte_mirror_dynfield_origin"

static struct bytes before[NB_LAYOUTS];

static const enum rte_mirror_mode own_modes[] = { RTE_MIRROR_SPLIT, RTE_MIRROR_COPY,
	RTE_MIRROR_AUTO };

static void
check_says_nothing(const struct rte_mbuf *pkt)
{
	struct rte_mirror_origin origin = { .tsc = 77 };

	CHECK_EQ(rte_mirror_origin_get(pkt, &origin), -ENOENT);
	CHECK_EQ(origin.tsc, 77);
}

/* The first of this program's cases: so far nobody has asked for origins. */
static void
no_packet_tells_its_origin_unless_somebody_asks(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct late_target late;
	unsigned int i, j;

	CHECK(rte_mbuf_dynfield_lookup(FIELD, NULL) < 0);
	for (i = 0; i < RTE_DIM(own_modes); i++) {
		param.mode = own_modes[i];
		late_target_open(&late, &param, NULL);
		originals_make(&late.originals, ORIGINAL_MIXED, pkts);
		/* Whatever an application has its fields and flags for. */
		for (j = 0; j < NB_LAYOUTS; j++)
			memset(pkts[j]->dynfield1, 0xff, sizeof(pkts[j]->dynfield1));
		late_target_pass(&late, pkts, NB_LAYOUTS);
		late_target_get(&late, got, NB_LAYOUTS);
		for (j = 0; j < NB_LAYOUTS; j++) {
			check_says_nothing(pkts[j]);
			check_says_nothing(got[j]);
		}
		packets_free(pkts, NB_LAYOUTS);
		packets_free(got, NB_LAYOUTS);
		late_target_close(&late);
	}
}

struct way {
	uint16_t queue;
	bool is_tx;
};

/* Passes a packet of 5 times 50 bytes that way. */
static struct rte_mbuf *
pass(struct testbed *testbed, struct way way)
{
	struct rte_mbuf *pkt = packet_make(testbed->pool, 5, 50, 0);

	if (way.is_tx) {
		CHECK_EQ(rte_eth_tx_burst(testbed->source.id, way.queue, &pkt, 1), 1);
		CHECK_EQ(ring_get(testbed->source.tx[way.queue], &pkt, 1), 1);
	} else {
		ring_put(testbed->source.rx[way.queue], &pkt, 1);
		CHECK_EQ(rte_eth_rx_burst(testbed->source.id, way.queue, &pkt, 1), 1);
	}
	return pkt;
}

static void
check_origin(struct testbed *testbed, struct way way)
{
	const uint64_t earliest = rte_rdtsc();
	struct rte_mbuf *pkt = pass(testbed, way), *got;
	const uint64_t latest = rte_rdtsc();
	struct rte_mirror_origin origin;

	CHECK_EQ(ring_get(testbed->target.tx[0], &got, 1), 1);
	CHECK_EQ(rte_mirror_origin_get(got, &origin), 0);
	CHECK_EQ(origin.port_id, testbed->source.id);
	CHECK_EQ(origin.queue_id, way.queue);
	CHECK_EQ(origin.is_tx, way.is_tx);
	CHECK_EQ(origin.pkt_len, 250);
	CHECK(earliest <= origin.tsc && origin.tsc <= latest);
	check_says_nothing(pkt);
	rte_pktmbuf_free(pkt);
	rte_pktmbuf_free(got);
}

/* Its length is the original's, however little of it was taken. */
static void
packets_tell_their_origin_when_asked_to(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX,
		.flags = RTE_MIRROR_F_ORIGIN };
	struct testbed testbed;
	unsigned int i;
	struct way way;
	uint32_t id;

	testbed_open(&testbed, &four, NULL);
	param.target_port = testbed.target.id;
	for (i = 0; i < 2 * RTE_DIM(own_modes); i++) {
		param.mode = own_modes[i / 2];
		param.snaplen = i % 2 * 60;
		id = mirror_with(testbed.source.id, &param);
		CHECK_EQ(info_of(id).flags, RTE_MIRROR_F_ORIGIN);
		CHECK(rte_mbuf_dynfield_lookup(FIELD, NULL) >= 0);
		for (way.queue = 0; way.queue < 4; way.queue++) {
			way.is_tx = false;
			check_origin(&testbed, way);
			way.is_tx = true;
			check_origin(&testbed, way);
		}
		mirror_off(id);
	}
	testbed_close(&testbed);
}

/* What is to come is 0 until then, whatever the caller's memory holds; and it takes no room in mbufs. */
static void
there_is_room_for_more_that_costs_mbufs_nothing(void)
{
	const struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY, .flags = RTE_MIRROR_F_ORIGIN
	};
	const uint64_t none[RTE_DIM(((struct rte_mirror_origin *)0)->reserved)] = { 0 };
	struct rte_mirror_origin origin;
	struct rte_mbuf_dynfield field;
	struct rte_mbuf *pkt, *got;
	struct late_target late;

	late_target_open(&late, &param, NULL);
	pkt = packet_make(late.testbed.pool, 1, 60, 0);
	late_target_pass(&late, &pkt, 1);
	late_target_get(&late, &got, 1);
	memset(&origin, 0xff, sizeof(origin));
	CHECK_EQ(rte_mirror_origin_get(got, &origin), 0);
	CHECK(memcmp(origin.reserved_bytes, none, sizeof(origin.reserved_bytes)) == 0);
	CHECK(memcmp(origin.reserved, none, sizeof(origin.reserved)) == 0);
	CHECK(rte_mbuf_dynfield_lookup(FIELD, &field) >= 0);
	CHECK_EQ(field.size, 2 * sizeof(uint64_t));
	rte_pktmbuf_free(pkt);
	rte_pktmbuf_free(got);
	late_target_close(&late);
}

/* Each of a burst tells its own, in every layout. */
static void
every_packet_of_a_burst_tells_its_length(void)
{
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .flags = RTE_MIRROR_F_ORIGIN, .snaplen = 100
	};
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct rte_mirror_origin origin;
	struct late_target late;
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(own_modes); i++) {
		param.mode = own_modes[i];
		late_target_open(&late, &param, NULL);
		originals_make(&late.originals, ORIGINAL_MIXED, pkts);
		bytes_read_all(before, pkts, NB_LAYOUTS);
		late_target_pass(&late, pkts, NB_LAYOUTS);
		late_target_get(&late, got, NB_LAYOUTS);
		for (j = 0; j < NB_LAYOUTS; j++) {
			bytes_check(&before[j], got[j], RTE_MIN(before[j].len, 100u));
			CHECK_EQ(rte_mirror_origin_get(got[j], &origin), 0);
			CHECK_EQ(origin.pkt_len, pkts[j]->pkt_len);
		}
		packets_free(pkts, NB_LAYOUTS);
		packets_free(got, NB_LAYOUTS);
		late_target_close(&late);
	}
}

/* What is shared whole has no room for it, and nobody else's fields are written to. */
static void
of_shared_packets_those_that_are_cut_tell_their_origin(void)
{
	const struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .flags = RTE_MIRROR_F_ORIGIN, .snaplen = 100
	};
	struct rte_mirror_origin origin;
	struct rte_mbuf *pkts[2], *got[2];
	struct late_target late;

	late_target_open(&late, &param, NULL);
	pkts[0] = packet_make(late.testbed.pool, 1, 100, 0);
	pkts[1] = packet_make(late.testbed.pool, 1, 101, 0);
	late_target_pass(&late, pkts, 2);
	late_target_get(&late, got, 2);
	CHECK(got[0] == pkts[0]);
	check_says_nothing(got[0]);
	CHECK_EQ(got[1]->pkt_len, 100);
	CHECK_EQ(rte_mirror_origin_get(got[1], &origin), 0);
	CHECK_EQ(origin.pkt_len, 101);
	packets_free(pkts, 2);
	packets_free(got, 2);
	late_target_close(&late);
}

/* Tags that are not in a packet, but are on the wire. */
static const struct tagging {
	uint32_t direction;
	uint64_t ol_flags;
	unsigned int nb_tags;
} taggings[] = {
	{ RTE_MIRROR_RX, RTE_MBUF_F_RX_VLAN, 0 },
	{ RTE_MIRROR_RX, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 1 },
	{ RTE_MIRROR_RX,
			RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ |
					RTE_MBUF_F_RX_QINQ_STRIPPED,
			2 },
	{ RTE_MIRROR_TX, RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED, 0 },
	{ RTE_MIRROR_TX, RTE_MBUF_F_TX_VLAN, 1 },
	{ RTE_MIRROR_TX, RTE_MBUF_F_TX_QINQ, 2 },
};

/* However much of it is taken, what was taken is not longer than the original. */
static void
check_wire_length(const struct tagging *tagging, enum rte_mirror_mode mode, uint32_t snaplen)
{
	const struct rte_mirror_param param = { .directions = tagging->direction,
		.mode = mode,
		.flags = RTE_MIRROR_F_ORIGIN,
		.snaplen = snaplen };
	const uint32_t length = 60 + 4 * tagging->nb_tags;
	struct rte_mirror_origin origin;
	struct rte_mbuf *pkt, *got;
	struct late_target late;

	late_target_open(&late, &param, NULL);
	pkt = packet_make(late.testbed.pool, 1, 60, 0);
	pkt->ol_flags |= tagging->ol_flags;
	late_target_pass(&late, &pkt, 1);
	late_target_get(&late, &got, 1);
	CHECK_EQ(got->pkt_len, snaplen != 0 ? snaplen : length);
	CHECK_EQ(rte_mirror_origin_get(got, &origin), 0);
	CHECK_EQ(origin.pkt_len, length);
	rte_pktmbuf_free(pkt);
	rte_pktmbuf_free(got);
	late_target_close(&late);
}

static void
a_packets_length_is_that_on_the_wire(void)
{
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(taggings); i++) {
		for (j = 0; j < RTE_DIM(own_modes); j++) {
			check_wire_length(&taggings[i], own_modes[j], 0);
			check_wire_length(&taggings[i], own_modes[j], 40);
		}
	}
}

/* Uses every mbuf of a pool that a mirror has: how many packets tell their origin. */
static unsigned int
nb_telling(struct testbed *testbed, struct rte_mempool *pool)
{
	const struct way rx = { .queue = 0 };
	struct rte_mirror_origin origin;
	struct rte_mbuf *got[7];
	unsigned int i, nb = 0, nb_telling = 0;

	while (rte_mempool_avail_count(pool) > 0) {
		rte_pktmbuf_free(pass(testbed, rx));
		CHECK_EQ(ring_get(testbed->target.tx[0], &got[nb++], 1), 1);
	}
	for (i = 0; i < nb; i++)
		nb_telling += rte_mirror_origin_get(got[i], &origin) == 0;
	packets_free(got, nb);
	return nb_telling;
}

/* Neither to the next mirror that uses the pool, nor to the application whose pool it is. */
static void
mbufs_used_again_do_not_tell_a_former_origin(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct rte_mbuf *mbuf;
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = poison_pool_create("again", 7, RTE_MBUF_DEFAULT_BUF_SIZE);
	for (i = 0; i < RTE_DIM(own_modes); i++) {
		param.mode = own_modes[i];
		param.flags = RTE_MIRROR_F_ORIGIN;
		id = mirror_with(testbed.source.id, &param);
		CHECK_EQ(nb_telling(&testbed, param.pool), 7);
		param.flags = 0;
		CHECK_EQ(rte_mirror_update(id, &param), 0);
		CHECK_EQ(nb_telling(&testbed, param.pool), 0);
		mirror_off(id);
		mbuf = rte_pktmbuf_alloc(param.pool);
		check_says_nothing(mbuf);
		rte_pktmbuf_free(mbuf);
	}
	poison_pool_free(param.pool);
	testbed_close(&testbed);
}

/* An application's dynamic field of 32 bits, and the flag that goes with it. */
struct dynamic {
	int offset;
	uint64_t flag;
};

static struct dynamic
dynamic_register(void)
{
	static const struct rte_mbuf_dynfield field = {
		.name = "test_field", .size = sizeof(uint32_t), .align = sizeof(uint32_t)
	};
	static const struct rte_mbuf_dynflag flag = { .name = "test_flag" };
	const int offset = rte_mbuf_dynfield_register(&field);
	const int bit = rte_mbuf_dynflag_register(&flag);

	CHECK(offset >= 0 && bit >= 0);
	return (struct dynamic){ .offset = offset, .flag = UINT64_C(1) << bit };
}

static void
the_applications_dynamic_fields_come_with_the_origin(void)
{
	const struct dynamic dynamic = dynamic_register();
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX,
		.flags = RTE_MIRROR_F_ORIGIN };
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct rte_mirror_origin origin;
	struct late_target late;
	unsigned int i, j;

	for (i = 0; i < RTE_DIM(own_modes); i++) {
		param.mode = own_modes[i];
		late_target_open(&late, &param, NULL);
		originals_make(&late.originals, ORIGINAL_MIXED, pkts);
		for (j = 0; j < NB_LAYOUTS; j++) {
			*RTE_MBUF_DYNFIELD(pkts[j], dynamic.offset, uint32_t *) = 1000 + j;
			pkts[j]->ol_flags |= j % 2 != 0 ? dynamic.flag : 0;
		}
		late_target_pass(&late, pkts, NB_LAYOUTS);
		late_target_get(&late, got, NB_LAYOUTS);
		for (j = 0; j < NB_LAYOUTS; j++) {
			CHECK_EQ(*RTE_MBUF_DYNFIELD(got[j], dynamic.offset, uint32_t *), 1000 + j);
			CHECK_EQ((got[j]->ol_flags & dynamic.flag) != 0, j % 2 != 0);
			CHECK_EQ(rte_mirror_origin_get(got[j], &origin), 0);
		}
		packets_free(pkts, NB_LAYOUTS);
		packets_free(got, NB_LAYOUTS);
		late_target_close(&late);
	}
}

const struct test_case test_cases[] = {
	{ "no_packet_tells_its_origin_unless_somebody_asks",
			no_packet_tells_its_origin_unless_somebody_asks },
	{ "packets_tell_their_origin_when_asked_to", packets_tell_their_origin_when_asked_to },
	{ "there_is_room_for_more_that_costs_mbufs_nothing",
			there_is_room_for_more_that_costs_mbufs_nothing },
	{ "every_packet_of_a_burst_tells_its_length", every_packet_of_a_burst_tells_its_length },
	{ "of_shared_packets_those_that_are_cut_tell_their_origin",
			of_shared_packets_those_that_are_cut_tell_their_origin },
	{ "a_packets_length_is_that_on_the_wire", a_packets_length_is_that_on_the_wire },
	{ "mbufs_used_again_do_not_tell_a_former_origin",
			mbufs_used_again_do_not_tell_a_former_origin },
	{ "the_applications_dynamic_fields_come_with_the_origin",
			the_applications_dynamic_fields_come_with_the_origin },
	{ NULL, NULL },
};
