/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Mirrors that change while another lcore polls: each packet is mirrored once, by the old parameters or the new. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "numbered.h"
#include "poison.h"

#define NB_STEPS 300

/* What the mirror is given in one step, and takes back in the next. */
struct loan {
	struct rte_mempool *pool;
	rte_spinlock_t lock;
	bool is_lent;
};

static uint16_t
choose_all(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	const struct loan *loan = ctx;

	(void)port_id;
	(void)queue_id;
	(void)pkts;
	CHECK(__atomic_load_n(&loan->is_lent, __ATOMIC_ACQUIRE));
	return nb_pkts;
}

static void
lend(struct loan *loan, struct rte_mirror_param *param, unsigned int step)
{
	char name[32];

	snprintf(name, sizeof(name), "loan%u", step % 2);
	rte_spinlock_init(&loan->lock);
	loan->pool = poison_pool_create(name, 4095, PACKET_DATA_ROOM);
	__atomic_store_n(&loan->is_lent, true, __ATOMIC_RELEASE);
	param->mode = (enum rte_mirror_mode)(step % 4);
	param->pool = loan->pool;
	/* Without any of this, share is done by another function. */
	param->lock = step % 3 == 0 ? &loan->lock : NULL;
	param->offload = step % 3 == 0 ? choose_all : NULL;
	param->ctx = loan;
	param->flags = param->mode != RTE_MIRROR_SHARE && step % 5 == 0 ? RTE_MIRROR_F_ORIGIN : 0;
}

/* Nobody uses it any more: neither function nor lock nor, once the target has read all of it, the pool. */
static void
take_back(struct loan *loan, struct reader *reader)
{
	__atomic_store_n(&loan->is_lent, false, __ATOMIC_RELEASE);
	CHECK_EQ(rte_spinlock_trylock(&loan->lock), 1);
	reader_take_all(reader);
	poison_pool_free(loan->pool);
}

static void
check_updates(uint32_t directions)
{
	struct rte_mirror_param param = { .directions = directions };
	struct poller poller = { .directions = directions };
	struct reader reader = { 0 };
	struct loan loans[2];
	struct testbed testbed;
	unsigned int step;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	lend(&loans[0], &param, 0);
	id = mirror_with(testbed.source.id, &param);
	reader.ring = testbed.target.tx[0];
	poller.testbed = &testbed;
	poller_start(&poller);
	for (step = 1; step < NB_STEPS; step++) {
		reader_follow(&reader, &poller);
		lend(&loans[step % 2], &param, step);
		CHECK_EQ(rte_mirror_update(id, &param), 0);
		take_back(&loans[(step + 1) % 2], &reader);
	}
	poller_stop(&poller);
	reader_take_all(&reader);
	CHECK_EQ(reader.nb_gaps, 0);
	CHECK_EQ(reader.nb, poller_bursts(&poller) * NUMBERED_BURST);
	CHECK_EQ(stats_of(id).packets, reader.nb);
	CHECK_EQ(stats_of(id).seen, reader.nb);
	mirror_off(id);
	take_back(&loans[(step + 1) % 2], &reader);
	testbed_close(&testbed);
}

static void
updates_miss_and_double_nothing(void)
{
	check_updates(RTE_MIRROR_RX);
	check_updates(RTE_MIRROR_TX);
}

/* Between pause's return and resume nothing comes; before and after everything does, once. */
static void
pauses_leave_out_what_comes_meanwhile_alone(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_SPLIT };
	struct poller poller = { .directions = RTE_MIRROR_RX };
	struct reader reader = { 0 };
	struct testbed testbed;
	unsigned int i;
	uint64_t nb;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	param.pool = poison_pool_create("pausing", 4095, PACKET_DATA_ROOM);
	id = mirror_with(testbed.source.id, &param);
	reader.ring = testbed.target.tx[0];
	poller.testbed = &testbed;
	poller_start(&poller);
	for (i = 0; i < NB_STEPS; i++) {
		reader_follow(&reader, &poller);
		CHECK_EQ(rte_mirror_pause(id), 0);
		reader_take_all(&reader);
		/* Returned: there is not a mbuf with it, nor does one come. */
		CHECK_EQ(rte_mempool_in_use_count(param.pool), 0);
		nb = reader.nb;
		reader_follow(&reader, &poller);
		CHECK_EQ(reader.nb, nb);
		CHECK_EQ(rte_mirror_resume(id), 0);
	}
	reader_follow(&reader, &poller);
	poller_stop(&poller);
	reader_take_all(&reader);
	CHECK_EQ(reader.nb_gaps, NB_STEPS);
	CHECK_EQ(stats_of(id).packets, reader.nb);
	CHECK_EQ(stats_of(id).seen, reader.nb);
	mirror_off(id);
	poison_pool_free(param.pool);
	testbed_close(&testbed);
}

/* A mirror whose poller waits, inside, for a lock that the caller holds. */
struct stuck {
	struct testbed testbed;
	struct rte_mirror_param param;
	struct poller poller;
	rte_spinlock_t lock;
	bool is_inside;
	uint32_t id;
};

/* Says that the poller is inside, and waits for the mirror's lock: asleep, as the lock itself would not. */
static uint16_t
announce(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	struct stuck *stuck = ctx;

	(void)port_id;
	(void)queue_id;
	(void)pkts;
	__atomic_store_n(&stuck->is_inside, true, __ATOMIC_RELEASE);
	while (rte_spinlock_is_locked(&stuck->lock))
		test_pause();
	return nb_pkts;
}

static void
stuck_open(struct stuck *stuck)
{
	*stuck = (struct stuck){ .param = { .directions = RTE_MIRROR_RX,
						 .lock = &stuck->lock,
						 .offload = announce,
						 .ctx = stuck },
		.poller = { .directions = RTE_MIRROR_RX,
				.nb_wanted = 1,
				.testbed = &stuck->testbed } };
	testbed_open(&stuck->testbed, NULL, NULL);
	stuck->param.target_port = stuck->testbed.target.id;
	stuck->id = mirror_with(stuck->testbed.source.id, &stuck->param);
	rte_spinlock_lock(&stuck->lock);
	poller_start(&stuck->poller);
	CHECK_WITHIN(30000, __atomic_load_n(&stuck->is_inside, __ATOMIC_ACQUIRE));
}

static void
stuck_release(struct stuck *stuck)
{
	rte_spinlock_unlock(&stuck->lock);
	poller_join();
	CHECK_EQ(stats_of(stuck->id).packets, NUMBERED_BURST);
	CHECK_EQ(rte_ring_count(stuck->testbed.target.tx[0]), NUMBERED_BURST);
	poller_start(&stuck->poller);
	poller_join();
}

static void
an_update_while_a_poller_is_held_up_holds_but_times_out(void)
{
	struct stuck stuck;

	stuck_open(&stuck);
	stuck.param.lock = NULL;
	stuck.param.offload = NULL;
	stuck.param.snaplen = 20;
	CHECK_EQ(rte_mirror_update(stuck.id, &stuck.param), -ETIMEDOUT);
	CHECK(rte_mirror_last_error()[0] != '\0');
	CHECK_EQ(info_of(stuck.id).snaplen, 20);
	stuck_release(&stuck);
	/* By the new parameters, though the update has not been repeated. */
	CHECK_EQ(stats_of(stuck.id).packets, 2 * NUMBERED_BURST);
	CHECK_EQ(rte_ring_count(stuck.testbed.target.tx[0]), 2 * NUMBERED_BURST);
	CHECK(stats_of(stuck.id).bytes < NUMBERED_BURST * 900 + NUMBERED_BURST * 20);
	CHECK_EQ(rte_mirror_update(stuck.id, &stuck.param), 0);
	mirror_off(stuck.id);
	testbed_close(&stuck.testbed);
}

static void
a_pause_while_a_poller_is_held_up_times_out_and_succeeds_later(void)
{
	struct stuck stuck;

	stuck_open(&stuck);
	CHECK_EQ(rte_mirror_pause(stuck.id), -ETIMEDOUT);
	CHECK(rte_mirror_last_error()[0] != '\0');
	/* Though a poller is inside, no packet is offered to it any more. */
	CHECK_EQ(info_of(stuck.id).state, RTE_MIRROR_PAUSED);
	stuck_release(&stuck);
	CHECK_EQ(stats_of(stuck.id).seen, NUMBERED_BURST);
	CHECK_EQ(rte_mirror_pause(stuck.id), 0);
	CHECK_EQ(info_of(stuck.id).state, RTE_MIRROR_PAUSED);
	mirror_off(stuck.id);
	testbed_close(&stuck.testbed);
}

/* Neither the update nor the target's end frees it while the poller may still take mbufs of it. */
static void
a_poller_that_is_held_up_keeps_the_librarys_pool(void)
{
	struct stuck stuck;

	stuck_open(&stuck);
	CHECK_EQ(nb_library_pools(), 1);
	stuck.param.pool = poison_pool_create("other", 63, RTE_MBUF_DEFAULT_BUF_SIZE);
	CHECK_EQ(rte_mirror_update(stuck.id, &stuck.param), -ETIMEDOUT);
	port_close(&stuck.testbed.target);
	CHECK_EQ(nb_library_pools(), 1);
	rte_spinlock_unlock(&stuck.lock);
	poller_join();
	CHECK_WITHIN(2000, nb_library_pools() == 0);
	mirror_off(stuck.id);
	port_open(&stuck.testbed.target, &port_default);
	poison_pool_free(stuck.param.pool);
	testbed_close(&stuck.testbed);
}

const struct test_case test_cases[] = {
	{ "updates_miss_and_double_nothing", updates_miss_and_double_nothing },
	{ "pauses_leave_out_what_comes_meanwhile_alone",
			pauses_leave_out_what_comes_meanwhile_alone },
	{ "an_update_while_a_poller_is_held_up_holds_but_times_out",
			an_update_while_a_poller_is_held_up_holds_but_times_out },
	{ "a_pause_while_a_poller_is_held_up_times_out_and_succeeds_later",
			a_pause_while_a_poller_is_held_up_times_out_and_succeeds_later },
	{ "a_poller_that_is_held_up_keeps_the_librarys_pool",
			a_poller_that_is_held_up_keeps_the_librarys_pool },
	{ NULL, NULL },
};
