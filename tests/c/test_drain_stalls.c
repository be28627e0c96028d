/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* RTE_MIRROR_F_DRAIN: millions of packets, through a target whose reader stalls now and then. */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "drained.h"
#include "pinned.h"

/* How many arrive, in all modes together. Sanitizers take their time. */
#ifdef WITH_ADDRESS_SANITIZER
#define NB_ARRIVE 200000
#else
#define NB_ARRIVE 10000000
#endif

#define NB_QUEUES 3

/* Its bytes, but for the number in front, are some of these. */
#define PATTERN_SIZE 8192
#define LENGTH_MIN   60
#define LENGTH_MAX   700
#define SEG_MAX      350

/* The poller is beyond that ahead of the reader: most of what it sends would be refused. */
#define AHEAD 4000

/* Longer than the library keeps what a target refuses. */
#define LONG_STALL_MS 1200

struct number {
	uint64_t queue, nb;
};

struct flow {
	struct drained drained;
	struct rte_mempool *pool;
	uint64_t nb_wanted; /* to arrive */
	uint64_t poller_rand, reader_rand;
	uint64_t nb_sent[NB_QUEUES]; /* written by the poller */
	uint64_t next[NB_QUEUES];    /* written by the reader: the number that it expects next */
	uint64_t nb_got, nb_bytes;
	uint64_t long_stall_at;
	bool is_sent, is_read;
};

static uint8_t pattern[PATTERN_SIZE + LENGTH_MAX];

static uint64_t
next_rand(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* What any packet is made from: the same for who sends it and for who reads it. */
static uint64_t
mix(const struct number *number)
{
	uint64_t state = (number->nb * NB_QUEUES + number->queue + 1) * 0x9E3779B97F4A7C15;

	return next_rand(&state);
}

static uint32_t
length_of(const struct number *number)
{
	return LENGTH_MIN + mix(number) % (LENGTH_MAX - LENGTH_MIN + 1);
}

static const uint8_t *
bytes_of(const struct number *number)
{
	return pattern + (mix(number) >> 32) % PATTERN_SIZE;
}

static void
append(struct rte_mbuf *seg, const void *data, uint32_t len)
{
	char *where = rte_pktmbuf_append(seg, len);

	CHECK(where != NULL);
	memcpy(where, data, len);
}

/* In one segment, or in two. */
static struct rte_mbuf *
make(struct rte_mempool *pool, const struct number *number)
{
	const uint32_t len = length_of(number), first = RTE_MIN(len, (uint32_t)SEG_MAX);
	const uint8_t *bytes = bytes_of(number);
	struct rte_mbuf *pkt = rte_pktmbuf_alloc(pool), *rest;

	CHECK(pkt != NULL);
	append(pkt, number, sizeof(*number));
	append(pkt, bytes + sizeof(*number), first - sizeof(*number));
	if (first == len)
		return pkt;
	rest = rte_pktmbuf_alloc(pool);
	CHECK(rest != NULL);
	append(rest, bytes + first, len - first);
	CHECK_EQ(rte_pktmbuf_chain(pkt, rest), 0);
	return pkt;
}

/* A packet that has arrived is one that was sent, each byte of it. */
static struct number
check(const struct rte_mbuf *pkt)
{
	uint32_t offset = sizeof(struct number);
	const struct rte_mbuf *seg;
	struct number number;

	memcpy(&number, rte_pktmbuf_mtod(pkt, void *), sizeof(number));
	CHECK(number.queue < NB_QUEUES);
	CHECK_EQ(pkt->pkt_len, length_of(&number));
	CHECK(memcmp(rte_pktmbuf_mtod_offset(pkt, void *, offset), bytes_of(&number) + offset,
			      pkt->data_len - offset) == 0);
	offset = pkt->data_len;
	for (seg = pkt->next; seg != NULL; offset += seg->data_len, seg = seg->next)
		CHECK(memcmp(rte_pktmbuf_mtod(seg, void *), bytes_of(&number) + offset,
				      seg->data_len) == 0);
	CHECK_EQ(offset, pkt->pkt_len);
	return number;
}

static uint64_t
nb_ahead(const struct flow *flow)
{
	uint64_t queue, nb = 0;

	for (queue = 0; queue < NB_QUEUES; queue++)
		nb += flow->nb_sent[queue] - __atomic_load_n(&flow->next[queue], __ATOMIC_RELAXED);
	return nb;
}

static void
send_burst(struct flow *flow)
{
	const struct testbed *testbed = &flow->drained.testbed;
	const uint64_t queue = next_rand(&flow->poller_rand) % NB_QUEUES;
	struct number number = { queue, flow->nb_sent[queue] };
	struct rte_mbuf *pkts[NB_PACKETS];
	unsigned int i;

	for (i = 0; i < NB_PACKETS; i++, number.nb++)
		pkts[i] = make(flow->pool, &number);
	testbed_receive(testbed, (uint16_t)queue, pkts, NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
	flow->nb_sent[queue] = number.nb;
}

static int
poll(void *arg)
{
	struct flow *flow = arg;
	unsigned int i;

	/* So that there is a CPU for the library's thread, where there are two. */
	pinned_here();
	while (!__atomic_load_n(&flow->is_sent, __ATOMIC_ACQUIRE)) {
		send_burst(flow);
		/* Not for ever: what is lost the reader does not count. */
		for (i = 0; i < 10 && nb_ahead(flow) > AHEAD; i++)
			test_pause();
	}
	return 0;
}

static void
stall(uint64_t ms)
{
	const uint64_t until = test_now_ms() + ms;

	while (test_now_ms() < until)
		test_pause();
}

/* While it counts on. */
static uint64_t
nb_full_now(const struct flow *flow)
{
	struct rte_mirror_stats stats;

	CHECK_EQ(rte_mirror_stats_get(flow->drained.id, &stats), 0);
	return stats.full;
}

/* For a moment now and then, and once until packets are refused and lost. */
static void
stall_at_random(struct flow *flow)
{
	const uint64_t choice = next_rand(&flow->reader_rand) % 4096;
	uint64_t nb_full;

	if (choice < 8)
		stall(choice);
	if (flow->nb_got < flow->long_stall_at)
		return;
	flow->long_stall_at = UINT64_MAX;
	nb_full = nb_full_now(flow);
	stall(LONG_STALL_MS);
	CHECK_WITHIN(SOON_MS, nb_full_now(flow) > nb_full);
}

static void
read_burst(struct flow *flow)
{
	const uint16_t nb_most = 1 + next_rand(&flow->reader_rand) % 128;
	struct rte_mbuf *pkts[128];
	const uint16_t nb = ring_get(flow->drained.ring, pkts, nb_most);
	struct number number;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		number = check(pkts[i]);
		CHECK(number.nb >= flow->next[number.queue]);
		__atomic_store_n(&flow->next[number.queue], number.nb + 1, __ATOMIC_RELAXED);
		flow->nb_bytes += pkts[i]->pkt_len;
	}
	packets_free(pkts, nb);
	flow->nb_got += nb;
	if (nb == 0)
		test_pause();
}

static int
read_all(void *arg)
{
	struct flow *flow = arg;
	bool is_read;

	do {
		is_read = __atomic_load_n(&flow->is_read, __ATOMIC_ACQUIRE);
		read_burst(flow);
		if (flow->nb_got >= flow->nb_wanted)
			__atomic_store_n(&flow->is_sent, true, __ATOMIC_RELEASE);
		else
			stall_at_random(flow);
	} while (!is_read || !rte_ring_empty(flow->drained.ring));
	return 0;
}

static void
check_counters(const struct flow *flow)
{
	const struct rte_mirror_stats stats = stats_of(flow->drained.id);
	uint64_t queue, nb_sent = 0;

	for (queue = 0; queue < NB_QUEUES; queue++)
		nb_sent += flow->nb_sent[queue];
	CHECK_EQ(stats.seen, nb_sent);
	CHECK_EQ(stats.packets, flow->nb_got);
	CHECK_EQ(stats.bytes, flow->nb_bytes);
	CHECK_EQ(stats.full + stats.nombuf, nb_sent - flow->nb_got);
	CHECK(stats.full > 0);
}

static void
run(enum rte_mirror_mode mode, uint64_t nb_wanted, uint64_t seed)
{
	const struct port_options queues = { .nb_rx_queues = NB_QUEUES, .nb_tx_queues = 1 };
	struct flow flow = { .nb_wanted = nb_wanted, .poller_rand = seed, .reader_rand = ~seed };

	flow.long_stall_at = next_rand(&flow.reader_rand) % nb_wanted;
	drained_open(&flow.drained, mode, &queues);
	/* The testbed's own pool looks at each packet for too long. */
	flow.pool = rte_pktmbuf_pool_create("flow", TESTBED_POOL_SIZE, 256, 0,
			RTE_PKTMBUF_HEADROOM + SEG_MAX, SOCKET_ID_ANY);
	CHECK(flow.pool != NULL);
	test_launch(0, poll, &flow);
	test_launch(1, read_all, &flow);
	/* test_join() keeps a CPU busy. */
	while (!__atomic_load_n(&flow.is_sent, __ATOMIC_ACQUIRE))
		test_pause();
	test_join(0);
	/* Then what was on its way has arrived, or has been refused. */
	CHECK_EQ(rte_mirror_pause(flow.drained.id), 0);
	__atomic_store_n(&flow.is_read, true, __ATOMIC_RELEASE);
	test_join(1);
	check_counters(&flow);
	drained_close(&flow.drained);
	CHECK_EQ(rte_mempool_avail_count(flow.pool), TESTBED_POOL_SIZE);
	rte_mempool_free(flow.pool);
}

/* Whatever the reader does: bytes and order are those of each queue, and each packet is in one counter. */
static void
what_arrives_is_whole_and_in_order_however_the_reader_stalls(void)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT,
		RTE_MIRROR_COPY, RTE_MIRROR_AUTO };
	const char *given = getenv("STALLS_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 10) : test_now_ms();
	unsigned int i;

	seed += seed == 0;
	printf("STALLS_SEED=%" PRIu64 "\n", seed);
	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * i >> 3 ^ i);
	for (i = 0; i < RTE_DIM(modes); i++)
		run(modes[i], NB_ARRIVE / RTE_DIM(modes), seed + i);
}

static bool
takes_a_burst(const struct drained *drained)
{
	const struct rte_mirror_stats before = stats_of(drained->id);

	read_some(drained, TARGET_RING);
	pass(drained, 0, 0);
	return stats_of(drained->id).packets == before.packets + NB_PACKETS;
}

/* To find a pool empty takes long. What comes back to it is used once the thread has given back its part. */
static void
a_pool_that_was_empty_is_asked_again_when_the_target_is_done_with_some(void)
{
	struct rte_mirror_stats stats;
	struct rte_mbuf *others[10];
	struct drained drained;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	mirror_off(drained.id);
	drained.param.pool = rte_pktmbuf_pool_create(
			"dry", 127, 0, 0, RTE_PKTMBUF_HEADROOM + LENGTH, SOCKET_ID_ANY);
	CHECK(drained.param.pool != NULL);
	drained.id = mirror_with(drained.testbed.source.id, &drained.param);
	block_target(&drained);
	CHECK_EQ(rte_pktmbuf_alloc_bulk(drained.param.pool, others, RTE_DIM(others)), 0);
	do
		pass(&drained, 0, 0);
	while (stats_of(drained.id).nombuf == 0);
	stats = stats_of(drained.id);
	CHECK_EQ(stats.packets, 127 - RTE_DIM(others));
	packets_free(others, RTE_DIM(others));
	pass(&drained, 0, 0);
	CHECK_EQ(stats_of(drained.id).packets, stats.packets);
	CHECK_EQ(stats_of(drained.id).nombuf, stats.nombuf + NB_PACKETS);
	unblock_target();
	CHECK_WITHIN(SOON_MS, takes_a_burst(&drained));
	read_some(&drained, TARGET_RING);
	drained_close(&drained);
	rte_mempool_free(drained.param.pool);
}

const struct test_case test_cases[] = {
	{ "what_arrives_is_whole_and_in_order_however_the_reader_stalls",
			what_arrives_is_whole_and_in_order_however_the_reader_stalls },
	{ "a_pool_that_was_empty_is_asked_again_when_the_target_is_done_with_some",
			a_pool_that_was_empty_is_asked_again_when_the_target_is_done_with_some },
	{ NULL, NULL },
};
