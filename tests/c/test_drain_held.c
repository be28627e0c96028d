/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* RTE_MIRROR_F_DRAIN: how much of the application's its mirrors keep, whatever their targets do. */

#include <inttypes.h>
#include <pthread.h>
#include <sched.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "drained.h"
#include "pinned.h"

/* More bytes than split copies whole, in two segments. */
#define NB_SEGS 2
#define SEG_LEN 300

/* Has the application receive a burst of long packets, and free it. */
static void
pass_long(const struct drained *drained, uint16_t queue)
{
	struct rte_mbuf *pkts[NB_PACKETS];

	packets_make(drained->testbed.pool, pkts, NB_PACKETS, NB_SEGS, SEG_LEN);
	testbed_receive(&drained->testbed, queue, pkts, NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
}

/* How many of the application's buffers are out. */
static unsigned int
nb_held(const struct drained *drained)
{
	return TESTBED_POOL_SIZE - rte_mempool_avail_count(drained->testbed.pool);
}

static bool
has_held_some(const struct drained *drained)
{
	read_some(drained, TARGET_RING);
	pass_long(drained, 0);
	return nb_held(drained) > 0;
}

static void
open_and_hold(struct drained *drained, enum rte_mirror_mode mode, const struct port_options *source)
{
	/* As a poller does: else the thread would find it on every CPU, and hold nothing. */
	pinned_here();
	drained_open(drained, mode, source);
	/* The application's pool is to become known; what comes before is copied. */
	CHECK_WITHIN(SOON_MS, has_held_some(drained));
}

static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT };

/* Whatever the target does, the application misses no more than so many buffers, on all queues together. */
static void
little_of_the_applications_is_held(void)
{
	const struct port_options queues = { .nb_rx_queues = 3, .nb_tx_queues = 1 };
	struct drained drained;
	unsigned int i, burst;

	for (i = 0; i < RTE_DIM(modes); i++) {
		open_and_hold(&drained, modes[i], &queues);
		for (burst = 0; burst < 1000; burst++) {
			pass_long(&drained, burst % 3);
			CHECK(nb_held(&drained) <= TESTBED_POOL_SIZE / PART);
		}
		drained_close(&drained);
	}
}

/* What has waited for too long is freed; what the target keeps is not, and goes on to count. */
static void
what_a_target_keeps_counts_when_others_are_lost(void)
{
	struct drained drained;
	unsigned int i, nb_losses;
	uint64_t nb_sent, nb_before;

	for (i = 0; i < RTE_DIM(modes); i++) {
		open_and_hold(&drained, modes[i], NULL);
		for (nb_losses = 0, nb_before = 0; nb_losses < 2; nb_before = nb_sent) {
			pass_long(&drained, 0);
			CHECK(nb_held(&drained) <= TESTBED_POOL_SIZE / PART);
			nb_sent = stats_of(drained.id).packets;
			if (nb_sent >= nb_before)
				continue;
			nb_losses++;
			read_some(&drained, 100);
		}
		drained_close(&drained);
	}
}

static void
pause_and_resume(struct drained *drained)
{
	CHECK_EQ(rte_mirror_pause(drained->id), 0);
	CHECK_EQ(rte_mirror_resume(drained->id), 0);
}

static void
remove_and_add(struct drained *drained)
{
	mirror_off(drained->id);
	drained->id = mirror_with(drained->testbed.source.id, &drained->param);
}

/* What the target has got counts, whichever mirror has sent it there and when. */
static void
what_a_target_keeps_counts_when_mirrors_come_and_go(void)
{
	static void (*const changes[])(struct drained *) = { pause_and_resume, remove_and_add };
	struct drained drained;
	unsigned int i, nb, burst;

	for (i = 0; i < RTE_DIM(modes) * RTE_DIM(changes); i++) {
		open_and_hold(&drained, modes[i % RTE_DIM(modes)], NULL);
		for (nb = 0; nb < 20; nb++) {
			for (burst = 0; burst < 2; burst++)
				pass_long(&drained, 0);
			changes[i / RTE_DIM(modes)](&drained);
			CHECK(nb_held(&drained) <= TESTBED_POOL_SIZE / PART);
		}
		/* When it has been read there is room again. */
		read_some(&drained, TARGET_RING);
		CHECK_WITHIN(SOON_MS, has_held_some(&drained));
		drained_close(&drained);
	}
}

/* Whether what has come is still on its way a moment later. */
static bool
is_kept_for_a_moment(const struct drained *drained)
{
	const uint64_t nb = stats_of(drained->id).packets, until = test_now_ms() + 100;

	pass(drained, 0, 0);
	while (test_now_ms() < until)
		test_pause();
	return stats_of(drained->id).packets > nb;
}

/* So pollers find no room but for one ring a second, and take nothing meanwhile. */
static void
what_a_target_does_not_take_is_kept_for_a_while_each_time(void)
{
	struct drained drained;
	unsigned int i;

	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	for (i = 0; i < TARGET_RING / NB_PACKETS + 1; i++)
		pass(&drained, 0, 0);
	CHECK_WITHIN(SOON_MS, stats_of(drained.id).full > 0);
	CHECK_EQ(stats_of(drained.id).packets, TARGET_RING);
	CHECK_WITHIN(SOON_MS, is_kept_for_a_moment(&drained));
	drained_close(&drained);
}

/* It would be stopped while it gives a buffer back, and the application's pollers would wait for it in the pool. */
static void
nothing_is_held_for_a_thread_that_yields(void)
{
	struct drained drained;

	open_and_hold(&drained, RTE_MIRROR_SHARE, NULL);
	pinned_to(1);
	CHECK_WITHIN(SOON_MS, (pass(&drained, 0, 0), info_of(drained.id).drain_yields == 1));
	CHECK_EQ(rte_mirror_pause(drained.id), 0);
	read_some(&drained, TARGET_RING);
	CHECK_EQ(rte_mirror_resume(drained.id), 0);
	CHECK_EQ(nb_held(&drained), 0);
	pass_long(&drained, 0);
	CHECK_EQ(nb_held(&drained), 0);
	pinned_back();
	drained_close(&drained);
}

/* What it sends may be mirrored in turn; but where it runs itself it need not keep off. */
static void
a_thread_that_sends_is_no_poller(void)
{
	struct drained drained;
	uint64_t until;
	uint32_t id;

	pinned_to(2);
	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	id = mirror_with(mirror_targets_port(drained.target),
			&(struct rte_mirror_param){ .directions = RTE_MIRROR_TX,
					.target_port = drained.testbed.target2.id,
					.mode = RTE_MIRROR_COPY,
					.flags = RTE_MIRROR_F_DRAIN });
	CHECK_WITHIN(SOON_MS, (pass(&drained, 0, 0), stats_of(id).packets > 0));
	/* Longer than anybody takes to notice. */
	for (until = test_now_ms() + 2000; test_now_ms() < until; test_pause()) {
		pass(&drained, 0, 0);
		read_some(&drained, TARGET_RING);
		CHECK_EQ(info_of(drained.id).drain_yields, 0);
	}
	mirror_off(id);
	drained_close(&drained);
	pinned_back();
}

static bool is_spinning;

static void *
spin(void *cpus)
{
	CHECK_EQ(sched_setaffinity(0, sizeof(cpu_set_t), cpus), 0);
	while (__atomic_load_n(&is_spinning, __ATOMIC_RELAXED))
		;
	return NULL;
}

static pthread_t
start_to_spin(cpu_set_t *cpus)
{
	pthread_t thread;

	is_spinning = true;
	CHECK_EQ(pthread_create(&thread, NULL, spin, cpus), 0);
	return thread;
}

static void
stop_to_spin(pthread_t thread)
{
	__atomic_store_n(&is_spinning, false, __ATOMIC_RELAXED);
	CHECK_EQ(pthread_join(thread, NULL), 0);
}

/* Where it polls what nobody mirrors, it is held up by no mirror either. One that may go elsewhere does. */
static void
a_poller_is_made_way_for_whatever_it_polls(void)
{
	struct drained drained;
	pthread_t thread;
	cpu_set_t both = pinned_to(2), other = both;
	uint64_t until;

	pinned_here();
	CPU_CLR(sched_getcpu(), &other);
	drained_open(&drained, RTE_MIRROR_COPY, NULL);
	thread = start_to_spin(&other);
	CHECK_WITHIN(SOON_MS, (pass(&drained, 0, 0), info_of(drained.id).drain_yields == 1));
	stop_to_spin(thread);
	CHECK_WITHIN(SOON_MS, (pass(&drained, 0, 0), info_of(drained.id).drain_yields == 0));
	thread = start_to_spin(&both);
	for (until = test_now_ms() + 1500; test_now_ms() < until; test_pause())
		CHECK_EQ(info_of(drained.id).drain_yields, 0);
	stop_to_spin(thread);
	drained_close(&drained);
	pinned_back();
}

/* Two pollers with hardly more buffers than they need. */
#define SMALL_POOL 2047
#define NB_QUEUED  1800
#define NB_BURSTS  20000

struct poller {
	const struct drained *drained;
	struct rte_mempool *pool;
	uint16_t queue;
};

static int
receive(void *arg)
{
	const struct poller *poller = arg;
	struct rte_mbuf *pkts[NB_PACKETS];
	unsigned int burst, i;

	for (burst = 0; burst < NB_BURSTS; burst++) {
		/* As a driver does for what it is to receive next. */
		CHECK_EQ(rte_pktmbuf_alloc_bulk(poller->pool, pkts, NB_PACKETS), 0);
		for (i = 0; i < NB_PACKETS; i++)
			CHECK(rte_pktmbuf_append(pkts[i], 1000) != NULL);
		testbed_receive(&poller->drained->testbed, poller->queue, pkts, NB_PACKETS);
		packets_free(pkts, NB_PACKETS);
	}
	return 0;
}

static void
an_application_with_few_buffers_always_receives(void)
{
	const struct port_options queues = { .nb_rx_queues = 2, .nb_tx_queues = 1 };
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
			"few", SMALL_POOL, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	struct rte_mbuf *queued[NB_QUEUED];
	struct poller pollers[2];
	struct drained drained;
	unsigned int i, queue;

	CHECK(pool != NULL);
	CHECK_EQ(rte_pktmbuf_alloc_bulk(pool, queued, NB_QUEUED), 0);
	for (i = 0; i < RTE_DIM(modes); i++) {
		drained_open(&drained, modes[i], &queues);
		for (queue = 0; queue < 2; queue++) {
			pollers[queue] = (struct poller){ &drained, pool, queue };
			test_launch(queue, receive, &pollers[queue]);
		}
		for (queue = 0; queue < 2; queue++)
			test_join(queue);
		drained_close(&drained);
		CHECK_EQ(rte_mempool_avail_count(pool), SMALL_POOL - NB_QUEUED);
	}
	rte_pktmbuf_free_bulk(queued, NB_QUEUED);
	rte_mempool_free(pool);
}

const struct test_case test_cases[] = {
	{ "little_of_the_applications_is_held", little_of_the_applications_is_held },
	{ "what_a_target_keeps_counts_when_others_are_lost",
			what_a_target_keeps_counts_when_others_are_lost },
	{ "what_a_target_keeps_counts_when_mirrors_come_and_go",
			what_a_target_keeps_counts_when_mirrors_come_and_go },
	{ "what_a_target_does_not_take_is_kept_for_a_while_each_time",
			what_a_target_does_not_take_is_kept_for_a_while_each_time },
	{ "nothing_is_held_for_a_thread_that_yields", nothing_is_held_for_a_thread_that_yields },
	{ "a_thread_that_sends_is_no_poller", a_thread_that_sends_is_no_poller },
	{ "a_poller_is_made_way_for_whatever_it_polls",
			a_poller_is_made_way_for_whatever_it_polls },
	{ "an_application_with_few_buffers_always_receives",
			an_application_with_few_buffers_always_receives },
	{ NULL, NULL },
};
