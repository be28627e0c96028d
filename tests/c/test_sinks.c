/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Targets that are no ports: what they are given, and how what they do with it is counted. */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "own_sink.h"
#include "testbed.h"

#define NB_PACKETS        32
#define LENGTH            200
#define SOON_MS           10000

#define GET(field)        __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
#define SET(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELEASE)

/* A mirror of what the source receives, and sends, to a sink. */
struct sunk {
	struct testbed testbed;
	struct own_sink sink;
	struct rte_mirror_param param;
	uint32_t id;
};

static void
sunk_open(struct sunk *sunk)
{
	testbed_open(&sunk->testbed, NULL, NULL);
	own_sink_open(&sunk->sink);
	sunk->param = (struct rte_mirror_param){
		.target_port = sunk->sink.number,
		.directions = RTE_MIRROR_RX,
		.mode = RTE_MIRROR_COPY,
		.flags = RTE_MIRROR_F_DRAIN,
	};
	sunk->id = mirror_with(sunk->testbed.source.id, &sunk->param);
}

static void
sunk_close(struct sunk *sunk)
{
	mirror_off(sunk->id);
	own_sink_close(&sunk->sink);
	testbed_close(&sunk->testbed);
}

static void
pass(const struct sunk *sunk)
{
	testbed_pass(&sunk->testbed, NB_PACKETS, 2, LENGTH / 2);
}

static void
check_counted(const struct sunk *sunk, uint64_t packets, uint64_t full)
{
	CHECK_WITHIN(SOON_MS, stats_of(sunk->id).full == full);
	CHECK_EQ(stats_of(sunk->id).packets, packets);
	CHECK_EQ(stats_of(sunk->id).bytes, packets * LENGTH);
}

static void
it_is_told_where_packets_come_from(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	sunk.param.snaplen = 60;
	CHECK_EQ(rte_mirror_update(sunk.id, &sunk.param), 0);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_taken) == NB_PACKETS);
	CHECK_EQ(sunk.sink.last_mirror, sunk.id);
	CHECK_EQ(sunk.sink.last_queue, 0);
	CHECK(!sunk.sink.last_is_tx);
	CHECK_EQ(sunk.sink.last_len, 60);
	CHECK_EQ(sunk.sink.last_wire_len, LENGTH);
	CHECK_EQ(stats_of(sunk.id).bytes, NB_PACKETS * 60);
	sunk_close(&sunk);
}

/* For a second; the others go on then. */
static void
what_it_does_not_take_is_full_in_the_end(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	SET(sunk.sink.most, 10);
	pass(&sunk);
	check_counted(&sunk, 10, NB_PACKETS - 10);
	CHECK(GET(sunk.sink.nb_offered) > 2 * NB_PACKETS);
	SET(sunk.sink.most, UINT32_MAX);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_taken) == 10 + NB_PACKETS);
	check_counted(&sunk, 10 + NB_PACKETS, NB_PACKETS - 10);
	sunk_close(&sunk);
}

static void
what_it_gives_up_is_full_at_once(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	SET(sunk.sink.gives_up, true);
	pass(&sunk);
	check_counted(&sunk, 0, NB_PACKETS);
	CHECK_EQ(sunk.sink.nb_offered, NB_PACKETS);
	sunk_close(&sunk);
}

/* What it has taken, and could not write. */
static void
what_it_loses_is_full(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_written) == NB_PACKETS);
	SET(sunk.sink.is_stalled, true);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_taken) == 2 * NB_PACKETS);
	check_counted(&sunk, 2 * NB_PACKETS, 0);
	SET(sunk.sink.loses, true);
	check_counted(&sunk, NB_PACKETS, NB_PACKETS);
	SET(sunk.sink.loses, false);
	SET(sunk.sink.is_stalled, false);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_written) == 3 * NB_PACKETS);
	check_counted(&sunk, 2 * NB_PACKETS, NB_PACKETS);
	sunk_close(&sunk);
}

/* The mirror's pool has its buffers back when packets have been taken, however long they wait to be written. */
static void
what_waits_to_be_written_leaves_no_pool_empty(void)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create("small", 2 * NB_PACKETS - 1, 0, 0,
			RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct sunk sunk;

	sunk_open(&sunk);
	sunk.param.pool = pool;
	CHECK_EQ(rte_mirror_update(sunk.id, &sunk.param), 0);
	SET(sunk.sink.most, 0);
	CHECK_WITHIN(SOON_MS, (pass(&sunk), stats_of(sunk.id).nombuf > 0));
	SET(sunk.sink.is_stalled, true);
	SET(sunk.sink.most, UINT32_MAX);
	CHECK_WITHIN(SOON_MS, (pass(&sunk), GET(sunk.sink.nb_taken) > 2 * NB_PACKETS));
	SET(sunk.sink.is_stalled, false);
	sunk_close(&sunk);
	rte_mempool_free(pool);
}

/* What its buffer holds takes room in the rings. */
static void
what_it_stalls_with_fills_the_ring(void)
{
	const unsigned int ring = 4096, more = 10 * NB_PACKETS;
	struct sunk sunk;
	unsigned int i;

	sunk_open(&sunk);
	SET(sunk.sink.is_stalled, true);
	for (i = 0; i < ring + more; i += NB_PACKETS)
		pass(&sunk);
	check_counted(&sunk, ring, more);
	SET(sunk.sink.is_stalled, false);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_written) == ring);
	check_counted(&sunk, ring, more);
	sunk_close(&sunk);
}

/* They begin again for who asks for them; the sink's go on. */
static void
a_reset_is_none_of_its_business(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_written) == NB_PACKETS);
	SET(sunk.sink.is_stalled, true);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_taken) == 2 * NB_PACKETS);
	CHECK_EQ(rte_mirror_stats_reset(sunk.id), 0);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_taken) == 3 * NB_PACKETS);
	SET(sunk.sink.loses, true);
	check_counted(&sunk, 0, NB_PACKETS);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.counted.full) == 2 * NB_PACKETS);
	CHECK_EQ(sunk.sink.counted.packets, NB_PACKETS);
	CHECK_EQ(sunk.sink.counted.bytes, NB_PACKETS * LENGTH);
	CHECK_EQ(sunk.sink.counted.seen, 3 * NB_PACKETS);
	sunk_close(&sunk);
}

static bool goes_on;

static void *
reset_again_and_again(void *arg)
{
	const struct sunk *sunk = arg;
	struct rte_mirror_stats stats;

	while (GET(goes_on)) {
		CHECK_EQ(rte_mirror_stats_reset(sunk->id), 0);
		CHECK_EQ(rte_mirror_stats_get(sunk->id, &stats), 0);
		CHECK(stats.packets <= INT32_MAX);
		CHECK(stats.full <= INT32_MAX);
	}
	return NULL;
}

static void
a_reset_in_the_midst_of_losses_counts_nothing_below_0(void)
{
	const uint64_t until = test_now_ms() + 2000;
	struct sunk sunk;
	pthread_t thread;

	sunk_open(&sunk);
	SET(sunk.sink.gives_up, true);
	goes_on = true;
	CHECK_EQ(pthread_create(&thread, NULL, reset_again_and_again, &sunk), 0);
	while (test_now_ms() < until)
		pass(&sunk);
	SET(goes_on, false);
	CHECK_EQ(pthread_join(thread, NULL), 0);
	/* Nothing is on its way any more. */
	CHECK_EQ(rte_mirror_pause(sunk.id), 0);
	CHECK_EQ(rte_mirror_resume(sunk.id), 0);
	CHECK_EQ(rte_mirror_stats_reset(sunk.id), 0);
	SET(sunk.sink.gives_up, false);
	pass(&sunk);
	CHECK_WITHIN(SOON_MS, GET(sunk.sink.nb_written) == NB_PACKETS);
	CHECK_EQ(stats_of(sunk.id).packets, NB_PACKETS);
	sunk_close(&sunk);
}

static void
what_waits_is_written_before_a_pause_and_the_end(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	pass(&sunk);
	CHECK_EQ(rte_mirror_pause(sunk.id), 0);
	CHECK_EQ(sunk.sink.nb_taken, NB_PACKETS);
	CHECK(GET(sunk.sink.nb_awaited) > 0);
	pass(&sunk);
	CHECK_EQ(rte_mirror_resume(sunk.id), 0);
	pass(&sunk);
	mirror_off(sunk.id);
	CHECK_EQ(sunk.sink.nb_taken, 2 * NB_PACKETS);
	CHECK_EQ(sunk.sink.counted.packets, 2 * NB_PACKETS);
	sunk.id = mirror_with(sunk.testbed.source.id, &sunk.param);
	sunk_close(&sunk);
	CHECK(sunk.sink.nb_ticks > 0);
}

static void
one_that_is_over_ends_its_mirrors(void)
{
	struct sunk sunk;

	sunk_open(&sunk);
	SET(sunk.sink.is_over, true);
	CHECK_WITHIN(SOON_MS, info_of(sunk.id).state == RTE_MIRROR_STOPPED);
	CHECK(strcmp(info_of(sunk.id).reason, "it has had enough") == 0);
	mirror_off(sunk.id);
	CHECK_EQ(rte_mirror_add(sunk.testbed.source.id, &sunk.param, &sunk.id), -ESHUTDOWN);
	CHECK(strstr(rte_mirror_last_error(), "a new one") != NULL);
	SET(sunk.sink.is_over, false);
	sunk.id = mirror_with(sunk.testbed.source.id, &sunk.param);
	sunk_close(&sunk);
}

static void
one_without_room_takes_no_mirror_and_keeps_those_it_has(void)
{
	struct sunk sunk;
	uint32_t id;

	sunk_open(&sunk);
	sunk.sink.is_full = true;
	sunk.param.directions = RTE_MIRROR_TX;
	CHECK_EQ(rte_mirror_check(sunk.testbed.source.id, &sunk.param, NULL, 0), -ENOSPC);
	CHECK_EQ(rte_mirror_add(sunk.testbed.source.id, &sunk.param, &id), -ENOSPC);
	CHECK(strstr(rte_mirror_last_error(), "mirror to another") != NULL);
	sunk.param.directions = RTE_MIRROR_RX;
	CHECK_EQ(rte_mirror_update(sunk.id, &sunk.param), 0);
	CHECK_EQ(rte_mirror_pause(sunk.id), 0);
	CHECK_EQ(rte_mirror_resume(sunk.id), 0);
	sunk_close(&sunk);
}

static void
what_it_cannot_do_is_refused(void)
{
	struct rte_mirror_param param;
	struct sunk sunk;
	uint32_t id;

	sunk_open(&sunk);
	param = sunk.param;
	param.flags = 0;
	CHECK_EQ(rte_mirror_add(sunk.testbed.target.id, &param, &id), -EINVAL);
	param = sunk.param;
	param.target_queue = 1;
	CHECK_EQ(rte_mirror_add(sunk.testbed.target.id, &param, &id), -ERANGE);
	param = sunk.param;
	param.target_port++;
	CHECK_EQ(rte_mirror_add(sunk.testbed.target.id, &param, &id), -ENODEV);
	CHECK_EQ(rte_mirror_add(sunk.sink.number, &sunk.param, &id), -ENODEV);
	sunk_close(&sunk);
}

/* It keeps its buffers while the sink has them, which frees them when the application has, too. */
static void
pass_kept(const struct sunk *sunk, uint64_t nb_taken)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	unsigned int i;

	packets_make(sunk->testbed.pool, pkts, NB_PACKETS, 2, LENGTH / 2);
	for (i = 0; i < NB_PACKETS; i++)
		pkts[i]->hash.rss = 7;
	testbed_receive(&sunk->testbed, 0, pkts, NB_PACKETS);
	CHECK_WITHIN(SOON_MS, GET(sunk->sink.nb_taken) >= nb_taken);
	packets_free(pkts, NB_PACKETS);
}

/* Its own are told by their pool: what is the application's, and of the same, is copied. */
static void
what_comes_from_the_pool_for_copies_is_not_shared(void)
{
	struct own_sink other;
	struct sunk sunk;
	uint32_t id;

	sunk_open(&sunk);
	mirror_off(sunk.id);
	sunk.param.mode = RTE_MIRROR_SHARE;
	sunk.param.pool = sunk.testbed.pool;
	sunk.id = mirror_with(sunk.testbed.source.id, &sunk.param);
	own_sink_open(&other);
	id = mirror_with(sunk.testbed.source.id,
			&(struct rte_mirror_param){ .target_port = other.number,
					.directions = RTE_MIRROR_RX,
					.mode = RTE_MIRROR_SHARE,
					.flags = RTE_MIRROR_F_DRAIN });
	/* Until the library knows the pool. */
	CHECK_WITHIN(SOON_MS, (pass_kept(&sunk, 0), GET(other.last_is_shared)));
	CHECK_EQ(rte_mirror_pause(sunk.id), 0);
	CHECK_EQ(rte_mirror_resume(sunk.id), 0);
	pass_kept(&sunk, sunk.sink.nb_taken + NB_PACKETS);
	CHECK(!sunk.sink.last_is_shared);
	CHECK_EQ(sunk.sink.last_wire_len, LENGTH);
	mirror_off(id);
	own_sink_close(&other);
	sunk_close(&sunk);
}

#define CASE(name) { #name, name }

const struct test_case test_cases[] = {
	CASE(it_is_told_where_packets_come_from),
	CASE(what_it_does_not_take_is_full_in_the_end),
	CASE(what_it_gives_up_is_full_at_once),
	CASE(what_it_loses_is_full),
	CASE(what_waits_to_be_written_leaves_no_pool_empty),
	CASE(what_it_stalls_with_fills_the_ring),
	CASE(a_reset_is_none_of_its_business),
	CASE(a_reset_in_the_midst_of_losses_counts_nothing_below_0),
	CASE(what_waits_is_written_before_a_pause_and_the_end),
	CASE(one_that_is_over_ends_its_mirrors),
	CASE(one_without_room_takes_no_mirror_and_keeps_those_it_has),
	CASE(what_it_cannot_do_is_refused),
	CASE(what_comes_from_the_pool_for_copies_is_not_shared),
	{ NULL, NULL },
};
