/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Several mirrors on one source, each in its own mode. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "edits.h"
#include "poison.h"
#include "late_target.h"

#define NB_MIRRORS 8
#define TCI        0x123

static const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };

/* A mirror of its own mode to a target of its own. */
struct member {
	struct rte_mirror_param param;
	bool takes_chains;
	uint32_t id;
	struct port target;
	struct rte_mbuf *got[NB_LAYOUTS];
};

static struct bytes before[NB_LAYOUTS];

/* Those that share whole packets of the same kinds do so together, whatever is between them. */
static struct member members[NB_MIRRORS] = {
	{ { .mode = RTE_MIRROR_SHARE }, true },
	{ { .mode = RTE_MIRROR_SPLIT }, true },
	{ { .mode = RTE_MIRROR_SHARE }, true },
	{ { .mode = RTE_MIRROR_COPY }, true },
	{ { .mode = RTE_MIRROR_SHARE, .snaplen = 100 }, true },
	{ { .mode = RTE_MIRROR_SHARE }, false },
	{ { .mode = RTE_MIRROR_COPY, .snaplen = 192 }, false },
	{ { .mode = RTE_MIRROR_SHARE }, true },
};

static void
members_open(const struct port *source, uint32_t directions)
{
	struct member *member;

	for (member = members; member < members + NB_MIRRORS; member++) {
		port_open(&member->target, member->takes_chains ? &port_default : &no_chains);
		member->param.target_port = member->target.id;
		member->param.directions = directions;
		member->id = mirror_with(source->id, &member->param);
	}
}

static void
members_close(void)
{
	struct member *member;

	for (member = members; member < members + NB_MIRRORS; member++) {
		mirror_off(member->id);
		port_close(&member->target);
	}
}

static void
insert_tag(struct bytes *bytes)
{
	const uint8_t tag[] = { 0x81, 0x00, TCI >> 8, TCI & 0xff };

	memmove(bytes->data + 16, bytes->data + 12, bytes->len - 12);
	memcpy(bytes->data + 12, tag, sizeof(tag));
	bytes->len += sizeof(tag);
}

/* Every third packet is to get a tag from the driver: what the targets should get. */
static void
make_packets(struct originals *originals, struct rte_mbuf *pkts[NB_LAYOUTS])
{
	unsigned int i;

	originals_make(originals, ORIGINAL_MIXED, pkts);
	bytes_read_all(before, pkts, NB_LAYOUTS);
	for (i = 0; i < NB_LAYOUTS; i += 3) {
		pkts[i]->ol_flags |= RTE_MBUF_F_TX_VLAN;
		pkts[i]->vlan_tci = TCI;
		insert_tag(&before[i]);
	}
}

static void
check_member(struct member *member, struct rte_mbuf *const *pkts)
{
	const uint32_t snaplen = member->param.snaplen != 0 ? member->param.snaplen : UINT32_MAX;
	const struct rte_mirror_stats stats = stats_of(member->id);
	uint64_t sum = 0;
	unsigned int i;
	uint32_t len;
	bool is_shared;

	CHECK_EQ(stats.seen, NB_LAYOUTS);
	CHECK_EQ(stats.packets, NB_LAYOUTS);
	CHECK_EQ(ring_get(member->target.tx[0], member->got, NB_LAYOUTS), NB_LAYOUTS);
	for (i = 0; i < NB_LAYOUTS; i++) {
		len = RTE_MIN(before[i].len, snaplen);
		bytes_check(&before[i], member->got[i], len);
		is_shared = member->param.mode == RTE_MIRROR_SHARE && i % 3 != 0 &&
				before[i].len <= snaplen &&
				(member->takes_chains || layouts[i].nb_segs == 1);
		CHECK_EQ(member->got[i] == pkts[i], is_shared);
		CHECK(member->takes_chains || member->got[i]->nb_segs == 1);
		sum += len;
	}
	CHECK_EQ(stats.bytes, sum);
}

/* Bytes, order, counters and references of each are right, and remain so while others are done with theirs. */
static void
each_of_several_modes_gets_what_it_should(void)
{
	struct rte_mbuf *pkts[NB_LAYOUTS];
	struct originals originals;
	struct snapshot *snapshot;
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	originals_open(&originals);
	members_open(&testbed.source, RTE_MIRROR_TX);
	make_packets(&originals, pkts);
	snapshot = snapshot_take(pkts, NB_LAYOUTS);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, NB_LAYOUTS), NB_LAYOUTS);
	CHECK_EQ(ring_get(testbed.source.tx[0], pkts, NB_LAYOUTS), NB_LAYOUTS);
	snapshot_check(snapshot, pkts, NB_LAYOUTS);
	packets_free(pkts, NB_LAYOUTS);
	for (i = 0; i < NB_MIRRORS; i++) {
		check_member(&members[i], pkts);
		packets_free(members[i].got, NB_LAYOUTS);
		originals_scribble(&originals);
	}
	originals_check_whole(&originals);
	members_close();
	originals_close(&originals);
	testbed_close(&testbed);
}

/* Mirrors that share together, one from a pool of the application's: if that runs dry it costs no other. */
static void
a_dry_pool_is_its_own_mirrors_loss(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX };
	struct rte_mempool *small = poison_pool_create("small", 2, RTE_MBUF_DEFAULT_BUF_SIZE);
	struct rte_mbuf *pkts[9], *got[9];
	struct testbed testbed;
	uint32_t id, id2;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = small;
	id = mirror_with(testbed.source.id, &param);
	param.target_port = testbed.target2.id;
	param.pool = NULL;
	id2 = mirror_with(testbed.source.id, &param);
	packets_make(testbed.pool, pkts, 9, 1, 60);
	for (i = 0; i < 9; i += 2)
		pkts[i]->ol_flags |= RTE_MBUF_F_TX_VLAN;
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 9), 9);
	CHECK_EQ(stats_of(id).packets, 6);
	CHECK_EQ(stats_of(id).nombuf, 3);
	CHECK_EQ(stats_of(id2).packets, 9);
	CHECK_EQ(ring_get(testbed.target.tx[0], got, 9), 6);
	CHECK(got[0]->pool == small && got[1] == pkts[1] && got[2]->pool == small);
	CHECK(got[3] == pkts[3] && got[4] == pkts[5] && got[5] == pkts[7]);
	packets_free(got, 6);
	mirror_off(id);
	/* Nothing of the pool is with the other mirror. */
	poison_pool_free(small);
	CHECK_EQ(ring_get(testbed.target2.tx[0], got, 9), 9);
	packets_free(got, 9);
	mirror_off(id2);
	CHECK_EQ(ring_get(testbed.source.tx[0], pkts, 9), 9);
	packets_free(pkts, 9);
	testbed_close(&testbed);
}

/* The pool that the library has for a target, by the name that it gives it. */
static bool
is_from_pool_of(const struct rte_mbuf *pkt, const struct port *target)
{
	char prefix[RTE_MEMPOOL_NAMESIZE];

	snprintf(prefix, sizeof(prefix), "mirror_%u_", target->id);
	return strncmp(pkt->pool->name, prefix, strlen(prefix)) == 0;
}

/* Mirrors that share together: one whose target keeps what it gets uses up its own target's pool, and no other. */
static void
what_is_made_for_a_target_comes_from_its_own_pool(void)
{
	struct rte_mbuf *pkts[70], *got[70];
	const struct port *target;
	struct testbed testbed;
	uint32_t ids[2];
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	ids[0] = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_TX);
	ids[1] = mirror_on(testbed.source.id, testbed.target2.id, RTE_MIRROR_TX);
	packets_make(testbed.pool, pkts, 70, 1, 60);
	for (i = 0; i < 70; i += 7)
		pkts[i]->ol_flags |= RTE_MBUF_F_TX_VLAN;
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 70), 70);
	for (target = &testbed.target; target <= &testbed.target2; target++) {
		CHECK_EQ(ring_get(target->tx[0], got, 70), 70);
		for (i = 0; i < 70; i++)
			CHECK(i % 7 != 0 ? got[i] == pkts[i] : is_from_pool_of(got[i], target));
		packets_free(got, 70);
	}
	CHECK_EQ(ring_get(testbed.source.tx[0], pkts, 70), 70);
	packets_free(pkts, 70);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	testbed_close(&testbed);
}

/* One of those that share together has a full target: its references are given back, and no other's. */
static void
a_full_target_is_its_own_mirrors_loss(void)
{
	struct rte_mbuf *pkts[NB_LAYOUTS], *filler;
	struct originals originals;
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	originals_open(&originals);
	members_open(&testbed.source, RTE_MIRROR_TX);
	filler = packet_make(testbed.pool, 1, 60, 0);
	rte_mbuf_refcnt_set(filler, PORT_RING_SIZE + 1);
	while (rte_ring_free_count(members[2].target.tx[0]) > 0)
		ring_put(members[2].target.tx[0], &filler, 1);
	make_packets(&originals, pkts);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, NB_LAYOUTS), NB_LAYOUTS);
	CHECK_EQ(stats_of(members[2].id).full, NB_LAYOUTS);
	for (i = 0; i < NB_MIRRORS; i++) {
		if (i == 2)
			continue;
		check_member(&members[i], pkts);
		packets_free(members[i].got, NB_LAYOUTS);
	}
	packets_check_refcnt(pkts, NB_LAYOUTS, 1);
	CHECK_EQ(ring_get(testbed.source.tx[0], pkts, NB_LAYOUTS), NB_LAYOUTS);
	packets_free(pkts, NB_LAYOUTS);
	rte_pktmbuf_free(filler);
	members_close();
	originals_close(&originals);
	testbed_close(&testbed);
}

/* What cannot be had is counted once for each, together or not. */
static void
what_cannot_be_mirrored_is_counted_for_each(void)
{
	struct rte_mbuf *pkts[NB_LAYOUTS], *got[NB_LAYOUTS];
	struct originals originals;
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	originals_open(&originals);
	members_open(&testbed.source, RTE_MIRROR_TX);
	originals_make(&originals, ORIGINAL_MIXED, pkts);
	for (i = 0; i < 5; i++)
		pkts[i]->ol_flags |= RTE_MBUF_F_TX_MACSEC;
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, NB_LAYOUTS), NB_LAYOUTS);
	for (i = 0; i < NB_MIRRORS; i++) {
		CHECK_EQ(stats_of(members[i].id).unsupported, 5);
		CHECK_EQ(stats_of(members[i].id).packets, NB_LAYOUTS - 5);
		CHECK_EQ(ring_get(members[i].target.tx[0], got, NB_LAYOUTS), NB_LAYOUTS - 5);
		packets_free(got, NB_LAYOUTS - 5);
	}
	packets_check_refcnt(pkts, NB_LAYOUTS, 1);
	CHECK_EQ(ring_get(testbed.source.tx[0], pkts, NB_LAYOUTS), NB_LAYOUTS);
	packets_free(pkts, NB_LAYOUTS);
	members_close();
	originals_close(&originals);
	testbed_close(&testbed);
}

static char last_name[RTE_MEMPOOL_NAMESIZE];

static void
note_name(struct rte_mempool *pool, void *arg __rte_unused)
{
	if (strncmp(pool->name, "mirror_", 7) == 0)
		rte_strscpy(last_name, pool->name, sizeof(last_name));
}

/* Names are shared by all processes: others' pools have the next ones that this one would give. */
static void
names_that_others_have_are_passed_over(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	struct rte_mempool *others[3];
	char name[RTE_MEMPOOL_NAMESIZE], *number;
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	mirror_off(mirror_with(testbed.source.id, &param));
	rte_mempool_walk(note_name, NULL);
	number = strrchr(last_name, '_') + 1;
	for (i = 0; i < RTE_DIM(others); i++) {
		snprintf(name, sizeof(name), "%.*s%lx", (int)(number - last_name), last_name,
				strtoul(number, NULL, 16) + 1 + i);
		others[i] = rte_pktmbuf_pool_create(name, 1, 0, 0, 0, SOCKET_ID_ANY);
		CHECK(others[i] != NULL);
	}
	/* Chains are no longer taken: another pool for the same target. */
	port_stop(&testbed.target);
	port_configure(&testbed.target, &(struct port_options){ 1, 1, 0 });
	mirror_off(mirror_with(testbed.source.id, &param));
	for (i = 0; i < RTE_DIM(others); i++)
		rte_mempool_free(others[i]);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "names_that_others_have_are_passed_over", names_that_others_have_are_passed_over },
	{ "each_of_several_modes_gets_what_it_should", each_of_several_modes_gets_what_it_should },
	{ "a_dry_pool_is_its_own_mirrors_loss", a_dry_pool_is_its_own_mirrors_loss },
	{ "what_is_made_for_a_target_comes_from_its_own_pool",
			what_is_made_for_a_target_comes_from_its_own_pool },
	{ "a_full_target_is_its_own_mirrors_loss", a_full_target_is_its_own_mirrors_loss },
	{ "what_cannot_be_mirrored_is_counted_for_each",
			what_cannot_be_mirrored_is_counted_for_each },
	{ NULL, NULL },
};
