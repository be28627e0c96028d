/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Where the mirrors' own mbufs come from, what happens when there are none, and when the pools go. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>
#include <rte_mempool.h>

#include "poison.h"
#include "late_target.h"

static struct bytes before[NB_LAYOUTS];

/* What a dry pool costs: these packets are passed, these the target gets, in this many mbufs. */
struct drought {
	struct rte_mirror_param param;
	unsigned int pool_size;
	uint16_t room;
	struct layout layouts[4]; /* ends with an empty one */
	unsigned int got;         /* bit i: packet i */
	unsigned int nb_used;
};

static const struct drought droughts[] = {
	/* Two mbufs each: the second packet's first is given back, and does for the third. */
	{ { .mode = RTE_MIRROR_SPLIT }, 3, 2048,
			{ { 1, { 2000 } }, { 1, { 2000 } }, { 1, { 60 } } }, 5, 3 },
	{ { .mode = RTE_MIRROR_SPLIT }, 1, 2048, { { 1, { 2000 } } }, 0, 0 },
	{ { .mode = RTE_MIRROR_SPLIT }, 3, 2048, { { 3, { 1500, 1500, 1500 } } }, 0, 0 },
	{ { .mode = RTE_MIRROR_SPLIT }, 4, 2048, { { 3, { 1500, 1500, 1500 } } }, 1, 4 },
	{ { .mode = RTE_MIRROR_COPY }, 1, 2048, { { 1, { 60 } }, { 1, { 60 } }, { 1, { 60 } } }, 1,
			1 },
	/* Copies in several segments. */
	{ { .mode = RTE_MIRROR_COPY }, 6, 100,
			{ { 1, { 400 } }, { 2, { 150, 151 } }, { 1, { 200 } } }, 5, 6 },
	/* A shared packet needs none, a cut one does. */
	{ { .mode = RTE_MIRROR_SHARE, .snaplen = 100 }, 1, 2048,
			{ { 1, { 101 } }, { 1, { 100 } }, { 1, { 300 } } }, 3, 1 },
	{ { .mode = RTE_MIRROR_SHARE, .snaplen = 100 }, 2, 2048,
			{ { 3, { 40, 40, 40 } }, { 2, { 99, 2 } } }, 2, 2 },
};

static void
check_drought(const struct drought *drought)
{
	struct rte_mirror_param param = drought->param;
	struct rte_mbuf *pkts[4], *got[4];
	unsigned int nb, nb_got = 0;
	struct late_target late;

	param.directions = RTE_MIRROR_RX;
	param.pool = poison_pool_create(
			"dry", drought->pool_size, RTE_PKTMBUF_HEADROOM + drought->room);
	late_target_open(&late, &param, NULL);
	for (nb = 0; drought->layouts[nb].nb_segs != 0; nb++) {
		pkts[nb] = original_make(
				&late.originals, ORIGINAL_DIRECT, &drought->layouts[nb], nb);
		if ((drought->got >> nb & 1) != 0)
			bytes_read(&before[nb_got++], pkts[nb]);
	}
	/* It checks that the application has all of its packets, and all of each. */
	late_target_pass(&late, pkts, (uint16_t)nb);
	CHECK_EQ(stats_of(late.id).packets, nb_got);
	CHECK_EQ(stats_of(late.id).nombuf, nb - nb_got);
	CHECK_EQ(rte_mempool_in_use_count(param.pool), drought->nb_used);
	packets_free(pkts, nb);
	late_target_get(&late, got, (uint16_t)nb_got);
	for (nb = 0; nb < nb_got; nb++)
		bytes_check(&before[nb], got[nb],
				param.snaplen == 0 ? before[nb].len :
						     RTE_MIN(before[nb].len, param.snaplen));
	packets_free(got, nb_got);
	late_target_close(&late);
	poison_pool_free(param.pool);
}

static void
packets_that_a_dry_pool_has_no_mbufs_for_are_counted_exactly(void)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(droughts); i++)
		check_drought(&droughts[i]);
}

/* Passes a burst of which so many get a mbuf, the first ones; the application's are all there. */
static void
check_partial(struct late_target *late, uint16_t nb_pkts, uint16_t nb_got)
{
	static struct bytes bytes[200];
	const struct rte_mirror_stats stats = stats_of(late->id);
	struct rte_mbuf *pkts[200], *got[200];
	uint16_t nb;

	packets_make(late->testbed.pool, pkts, nb_pkts, 1, 60);
	bytes_read_all(bytes, pkts, nb_pkts);
	late_target_pass(late, pkts, nb_pkts);
	packets_free(pkts, nb_pkts);
	CHECK_EQ(stats_of(late->id).packets - stats.packets, nb_got);
	CHECK_EQ(stats_of(late->id).nombuf - stats.nombuf, nb_pkts - nb_got);
	/* Behind what the target holds already. */
	nb = (uint16_t)rte_ring_count(late->testbed.target.tx[0]);
	CHECK_EQ(ring_get(late->testbed.target.tx[0], got, nb), nb);
	bytes_check_all(bytes, got + nb - nb_got, nb_got);
	ring_put(late->testbed.target.tx[0], got, nb);
}

static void
free_some(struct late_target *late, uint16_t nb_pkts)
{
	struct rte_mbuf *got[200];

	CHECK_EQ(ring_get(late->testbed.target.tx[0], got, nb_pkts), nb_pkts);
	packets_free(got, nb_pkts);
}

/* Bursts on either side of what the data path handles at a time; the target frees some, then more. */
static void
a_mirror_goes_on_when_mbufs_come_back(void)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SPLIT, RTE_MIRROR_COPY };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX };
	struct late_target late;
	unsigned int i;

	for (i = 0; i < RTE_DIM(modes); i++) {
		param.mode = modes[i];
		param.pool = poison_pool_create("partial", 100, RTE_MBUF_DEFAULT_BUF_SIZE);
		late_target_open(&late, &param, NULL);
		check_partial(&late, 130, 100);
		check_partial(&late, 64, 0);
		free_some(&late, 3);
		check_partial(&late, 1, 1);
		free_some(&late, 98);
		check_partial(&late, 200, 100);
		free_some(&late, 100);
		check_partial(&late, 99, 99);
		free_some(&late, 99);
		CHECK_EQ(stats_of(late.id).seen, 130 + 64 + 1 + 200 + 99);
		late_target_close(&late);
		poison_pool_free(param.pool);
	}
}

static uint32_t
copy_on(const struct port *source, const struct port *target)
{
	const struct rte_mirror_param param = {
		.target_port = target->id, .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY
	};

	return mirror_with(source->id, &param);
}

/* Passes packets through a source, and leaves the mirrors' in their rings. */
static void
pass(const struct testbed *testbed, const struct port *source, uint16_t nb_pkts)
{
	struct rte_mbuf *pkts[32];

	packets_make(testbed->pool, pkts, nb_pkts, 1, 60);
	ring_put(source->rx[0], pkts, nb_pkts);
	CHECK_EQ(rte_eth_rx_burst(source->id, 0, pkts, nb_pkts), nb_pkts);
	packets_free(pkts, nb_pkts);
}

/* Takes a packet that a target was sent: whose mbuf it is. */
static struct rte_mempool *
pool_of_next(const struct port *target)
{
	struct rte_mempool *pool;
	struct rte_mbuf *got;

	CHECK_EQ(ring_get(target->tx[0], &got, 1), 1);
	pool = got->pool;
	rte_pktmbuf_free(got);
	return pool;
}

static void
mirrors_to_one_target_have_one_pool(void)
{
	struct rte_mempool *pool;
	struct testbed testbed;
	unsigned int i;
	uint32_t id, id2, id3;

	testbed_open(&testbed, NULL, NULL);
	CHECK_EQ(nb_library_pools(), 0);
	id = copy_on(&testbed.source, &testbed.target);
	id2 = copy_on(&testbed.target2, &testbed.target);
	CHECK_EQ(nb_library_pools(), 1);
	id3 = copy_on(&testbed.source, &testbed.target2);
	CHECK_EQ(nb_library_pools(), 2);
	pass(&testbed, &testbed.source, 1);
	pass(&testbed, &testbed.target2, 1);
	pool = pool_of_next(&testbed.target);
	CHECK(pool_of_next(&testbed.target) == pool);
	CHECK(pool_of_next(&testbed.target2) != pool);
	CHECK(pool->size >= 8191);
	CHECK(rte_pktmbuf_data_room_size(pool) >= RTE_PKTMBUF_HEADROOM + 2048);
	mirror_off(id3);
	mirror_off(id2);
	mirror_off(id);
	/* It stays for the next mirrors, of any number. */
	for (i = 0; i < 100; i++) {
		id = copy_on(&testbed.source, &testbed.target);
		pass(&testbed, &testbed.source, 32);
		while (!rte_ring_empty(testbed.target.tx[0]))
			CHECK(pool_of_next(&testbed.target) == pool);
		mirror_off(id);
		CHECK_EQ(nb_library_pools(), 2);
	}
	testbed_close(&testbed);
	CHECK_EQ(nb_library_pools(), 0);
}

static void
a_pool_is_freed_with_its_target(void)
{
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < 5; i++) {
		id = copy_on(&testbed.source, &testbed.target);
		pass(&testbed, &testbed.source, 32);
		CHECK_EQ(nb_library_pools(), 1);
		if (i % 2 == 0)
			mirror_off(id);
		port_close(&testbed.target);
		if (i % 2 == 1)
			mirror_off(id);
		CHECK_EQ(nb_library_pools(), 0);
		/* Another device under its number has another pool. */
		port_open(&testbed.target, &port_default);
		CHECK_EQ(nb_library_pools(), 0);
	}
	testbed_close(&testbed);
}

/* Who has a packet of a target that is gone can read it, and free it when he likes: so long the pool stays. */
static void
a_pool_outlives_its_target_until_its_packets_are_back(void)
{
	struct rte_mbuf *pkt, *got[2];
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = copy_on(&testbed.source, &testbed.target);
	pkt = packet_make(testbed.pool, 1, 60, 9);
	bytes_read(before, pkt);
	ring_put(testbed.source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, &pkt, 1), 1);
	rte_pktmbuf_free(pkt);
	pass(&testbed, &testbed.source, 1);
	CHECK_EQ(ring_get(testbed.target.tx[0], got, 2), 2);
	port_close(&testbed.target);
	mirror_off(id);
	CHECK_EQ(nb_library_pools(), 1);
	bytes_check(before, got[0], 60);
	rte_pktmbuf_free(got[0]);
	CHECK_EQ(nb_library_pools(), 1);
	/* A new target in its place does not get the old one's pool, nor keep it. */
	port_open(&testbed.target, &port_default);
	id = copy_on(&testbed.source, &testbed.target);
	CHECK_EQ(nb_library_pools(), 2);
	rte_pktmbuf_free(got[1]);
	CHECK_EQ(nb_library_pools(), 1);
	mirror_off(id);
	testbed_close(&testbed);
	CHECK_EQ(nb_library_pools(), 0);
}

/* As many packets as its tx queues hold, in two mbufs each. */
static void
the_librarys_pool_lasts_until_its_target_is_full(void)
{
	const struct port_options four_queues = {
		.nb_rx_queues = 4, .nb_tx_queues = 4, .tx_offloads = RTE_ETH_TX_OFFLOAD_MULTI_SEGS
	};
	const struct layout layout = { 1, { 2000 } };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_SPLIT };
	struct originals originals;
	struct rte_mbuf *pkt;
	struct testbed testbed;
	unsigned int i;
	uint32_t id;

	testbed_open(&testbed, &four_queues, &four_queues);
	originals_open(&originals);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	pkt = original_make(&originals, ORIGINAL_DIRECT, &layout, 0);
	for (i = 0; i < 4 * (PORT_RING_SIZE + 1); i++) {
		ring_put(testbed.source.rx[i % 4], &pkt, 1);
		CHECK_EQ(rte_eth_rx_burst(testbed.source.id, (uint16_t)(i % 4), &pkt, 1), 1);
	}
	CHECK_EQ(stats_of(id).packets, 4 * PORT_RING_SIZE);
	CHECK_EQ(stats_of(id).full, 4);
	rte_pktmbuf_free(pkt);
	mirror_off(id);
	testbed_close(&testbed);
	originals_close(&originals);
}

/* A mirror whose pool is the caller's makes none. */
static void
no_pool_is_made_where_one_is_given(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = testbed.pool;
	for (param.mode = RTE_MIRROR_SHARE; param.mode <= RTE_MIRROR_AUTO; param.mode++) {
		mirror_off(mirror_with(testbed.source.id, &param));
		CHECK_EQ(nb_library_pools(), 0);
	}
	testbed_close(&testbed);
}

/* All memory but for small things. */
static unsigned int
fill_memory(void **blocks, unsigned int max)
{
	size_t size = 64 << 20;
	unsigned int nb = 0;

	for (; size >= 256 << 10; size /= 2) {
		while (nb < max && (blocks[nb] = rte_malloc(NULL, size, 0)) != NULL)
			nb++;
	}
	return nb;
}

/* Without memory for a pool, sharing works still, but for what cannot be shared; all else is refused. */
static void
memory_for_a_pool_may_be_wanting(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX };
	struct rte_mbuf *pkts[2];
	void *blocks[256];
	struct testbed testbed;
	unsigned int nb;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	nb = fill_memory(blocks, RTE_DIM(blocks));
	for (param.mode = RTE_MIRROR_SPLIT; param.mode <= RTE_MIRROR_AUTO; param.mode++)
		CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOMEM);
	param.mode = RTE_MIRROR_SHARE;
	param.snaplen = 100;
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOMEM);
	CHECK_EQ(nb_library_pools(), 0);
	param.snaplen = 0;
	id = mirror_with(testbed.source.id, &param);
	packets_make(testbed.pool, pkts, 2, 1, 60);
	pkts[0]->ol_flags |= RTE_MBUF_F_TX_VLAN;
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, 2), 2);
	CHECK_EQ(stats_of(id).nombuf, 1);
	CHECK_EQ(stats_of(id).packets, 1);
	ring_check(testbed.target.tx[0], &pkts[1], 1);
	ring_check(testbed.source.tx[0], pkts, 2);
	while (nb > 0)
		rte_free(blocks[--nb]);
	mirror_off(id);
	/* With memory again it is as ever. */
	param.mode = RTE_MIRROR_COPY;
	mirror_off(mirror_with(testbed.source.id, &param));
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "packets_that_a_dry_pool_has_no_mbufs_for_are_counted_exactly",
			packets_that_a_dry_pool_has_no_mbufs_for_are_counted_exactly },
	{ "a_mirror_goes_on_when_mbufs_come_back", a_mirror_goes_on_when_mbufs_come_back },
	{ "mirrors_to_one_target_have_one_pool", mirrors_to_one_target_have_one_pool },
	{ "a_pool_is_freed_with_its_target", a_pool_is_freed_with_its_target },
	{ "a_pool_outlives_its_target_until_its_packets_are_back",
			a_pool_outlives_its_target_until_its_packets_are_back },
	{ "the_librarys_pool_lasts_until_its_target_is_full",
			the_librarys_pool_lasts_until_its_target_is_full },
	{ "no_pool_is_made_where_one_is_given", no_pool_is_made_where_one_is_given },
	{ "memory_for_a_pool_may_be_wanting", memory_for_a_pool_may_be_wanting },
	{ NULL, NULL },
};
