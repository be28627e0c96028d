/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Targets that transmit through ports that have mirrors: bonds, and what is like them. A poller that waits for a lock
 * that it holds itself would be at it for ever: the watchdog ends the program.
 */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_eth_bond.h>

#include "bonds.h"

#define NB_PKTS 10

static const uint32_t both = RTE_MIRROR_RX | RTE_MIRROR_TX;

/* Counts what a port is given to transmit. */
static uint16_t
count(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *arg)
{
	(void)port_id;
	(void)queue_id;
	(void)pkts;
	*(uint64_t *)arg += nb_pkts;
	return nb_pkts;
}

struct counted {
	const struct rte_eth_rxtx_callback *callbacks[PORT_MAX_QUEUES];
	uint64_t nb;
};

static void
count_on(struct counted *counted, uint16_t port_id, uint16_t nb_queues)
{
	uint16_t i;

	counted->nb = 0;
	for (i = 0; i < nb_queues; i++) {
		counted->callbacks[i] = rte_eth_add_tx_callback(port_id, i, count, &counted->nb);
		CHECK(counted->callbacks[i] != NULL);
	}
}

static void
count_off(const struct counted *counted, uint16_t port_id, uint16_t nb_queues)
{
	uint16_t i;

	for (i = 0; i < nb_queues; i++)
		CHECK_EQ(rte_eth_remove_tx_callback(port_id, i, counted->callbacks[i]), 0);
}

/* Packets go through each queue of a port, each way. */
static void
pass(uint16_t port_id, uint16_t nb_queues, struct rte_mempool *pool)
{
	struct rte_mbuf *pkts[NB_PKTS];
	uint16_t i;

	for (i = 0; i < nb_queues; i++) {
		packets_free(pkts, rte_eth_rx_burst(port_id, i, pkts, NB_PKTS));
		packets_make(pool, pkts, NB_PKTS, 1, 60);
		CHECK_EQ(rte_eth_tx_burst(port_id, i, pkts, NB_PKTS), NB_PKTS);
	}
}

/* The member is mirrored to the bond. */
static void
check_bond(const struct bonds *bonds, const struct rte_mirror_param *param, uint16_t nb_queues,
		struct rte_mempool *pool)
{
	const uint16_t nb_directions = param->directions == both ? 2 : 1;
	const uint64_t nb_mirrored = (uint64_t)NB_PKTS * nb_queues * nb_directions;
	struct counted counted;
	uint32_t id = mirror_with(bonds->member, param);

	count_on(&counted, bonds->member, nb_queues);
	pass(bonds->member, nb_queues, pool);
	CHECK_EQ(stats_of(id).seen, nb_mirrored);
	CHECK_EQ(stats_of(id).packets, nb_mirrored);
	/* By the application, and by the bond, which was sent each packet once. */
	CHECK_EQ(counted.nb, (uint64_t)NB_PKTS * nb_queues + nb_mirrored);
	count_off(&counted, bonds->member, nb_queues);
	mirror_off(id);
}

static void
check_bonds(uint16_t nb_queues, struct rte_mempool *pool)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_COPY };
	static const uint32_t directions[] = { RTE_MIRROR_RX, RTE_MIRROR_TX, both };
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	rte_spinlock_t *locks[] = { NULL, &lock };
	struct rte_mirror_param param;
	struct bonds bonds;
	unsigned int i;

	bonds_open(&bonds, 0, nb_queues, pool);
	for (i = 0; i < RTE_DIM(modes) * RTE_DIM(directions) * RTE_DIM(locks); i++) {
		param = (struct rte_mirror_param){ .target_port = bonds.bond,
			.mode = modes[i % 2],
			.lock = locks[i / 2 % 2],
			.directions = directions[i / 4] };
		check_bond(&bonds, &param, nb_queues, pool);
		/* One queue for all, which has a lock, and is not the first of the source's. */
		param.target_queue = nb_queues - 1;
		param.nb_target_queues = 1;
		check_bond(&bonds, &param, nb_queues, pool);
	}
	bonds_close(&bonds, 0);
}

static void
a_member_may_be_mirrored_to_its_bond(void)
{
	struct testbed testbed;
	uint16_t nb_queues;

	watched_open(&testbed, NULL, NULL);
	for (nb_queues = 1; nb_queues <= PORT_MAX_QUEUES; nb_queues++)
		check_bonds(nb_queues, testbed.pool);
	watched_close(&testbed);
}

/* A bond may have bonds for members, unless a release thinks better of it. */
static void
a_member_may_be_mirrored_to_a_bond_of_its_bond(void)
{
	const struct port_options two = { .nb_rx_queues = 2, .nb_tx_queues = 2 };
	struct testbed testbed;
	struct bonds bonds;
	uint16_t outer;
	uint32_t id;

	watched_open(&testbed, NULL, NULL);
	bonds_open(&bonds, 0, 2, testbed.pool);
	outer = bonding_open("net_bonding9", "net_bonding0");
	vdev_configure(outer, &two);
	bond_wait(outer, testbed.pool);
	id = mirror_on(bonds.member, outer, both);
	pass(bonds.member, 2, testbed.pool);
	CHECK_EQ(stats_of(id).seen, 2 * 2 * NB_PKTS);
	CHECK_EQ(stats_of(id).packets, 2 * 2 * NB_PKTS);
	mirror_off(id);
	id = mirror_on(bonds.bond, outer, both);
	pass(bonds.bond, 2, testbed.pool);
	CHECK_EQ(stats_of(id).packets, 2 * 2 * NB_PKTS);
	mirror_off(id);
	vdev_close(outer, "net_bonding9");
	bonds_close(&bonds, 0);
	watched_close(&testbed);
}

/* Two bonds' members, each mirrored to the other bond: what the one sends comes through the other. */
static void
mirrors_may_lead_round_through_bonds(void)
{
	const uint16_t nb_queues = 2;
	struct bonds here, there;
	struct testbed testbed;
	uint32_t id, back;

	watched_open(&testbed, NULL, NULL);
	bonds_open(&here, 0, nb_queues, testbed.pool);
	bonds_open(&there, 1, nb_queues, testbed.pool);
	id = mirror_on(here.member, there.bond, both);
	back = mirror_on(there.member, here.bond, both);
	pass(here.member, nb_queues, testbed.pool);
	CHECK_EQ(stats_of(id).packets, 2 * nb_queues * NB_PKTS);
	/* What the first sent came through the other's member, once. */
	CHECK_EQ(stats_of(back).packets, 2 * nb_queues * NB_PKTS);
	mirror_off(id);
	mirror_off(back);
	bonds_close(&there, 1);
	bonds_close(&here, 0);
	watched_close(&testbed);
}

/* A bond is a target, and what it sends through its member is to go there once more. */
static void
what_a_target_sends_is_not_sent_there_again(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct testbed testbed;
	struct bonds bonds;
	uint16_t nb_queues, i;
	uint32_t id, again;

	watched_open(&testbed, &four, NULL);
	for (nb_queues = 1; nb_queues <= PORT_MAX_QUEUES; nb_queues++) {
		bonds_open(&bonds, 0, nb_queues, testbed.pool);
		id = mirror_on(testbed.source.id, bonds.bond, RTE_MIRROR_TX);
		again = mirror_on(bonds.member, bonds.bond, both);
		for (i = 0; i < 4; i++) {
			struct rte_mbuf *pkts[NB_PKTS];

			packets_make(testbed.pool, pkts, NB_PKTS, 1, 60);
			CHECK_EQ(rte_eth_tx_burst(testbed.source.id, i, pkts, NB_PKTS), NB_PKTS);
			ring_check(testbed.source.tx[i], pkts, NB_PKTS);
		}
		CHECK_EQ(stats_of(id).packets, 4 * NB_PKTS);
		CHECK_EQ(stats_of(again).seen, 0);
		/* Of its own the member's packets are mirrored. */
		pass(bonds.member, nb_queues, testbed.pool);
		CHECK_EQ(stats_of(again).packets, 2 * nb_queues * NB_PKTS);
		mirror_off(id);
		mirror_off(again);
		bonds_close(&bonds, 0);
	}
	watched_close(&testbed);
}

/* Where mirrors are chained by a driver, which rte_mirror_add() cannot know, they may have one lock. */
static void
a_lock_is_taken_once_on_the_way_through_a_bond(void)
{
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	struct rte_mirror_param param = { .directions = RTE_MIRROR_TX, .lock = &lock };
	struct rte_mbuf *pkts[NB_PKTS];
	struct testbed testbed;
	struct bonds bonds;
	uint32_t id, behind;

	watched_open(&testbed, NULL, NULL);
	bonds_open(&bonds, 0, 1, testbed.pool);
	param.target_port = bonds.bond;
	id = mirror_with(testbed.source.id, &param);
	param.target_port = testbed.target.id;
	behind = mirror_with(bonds.member, &param);
	packets_make(testbed.pool, pkts, NB_PKTS, 1, 60);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, NB_PKTS), NB_PKTS);
	ring_check(testbed.source.tx[0], pkts, NB_PKTS);
	ring_check(testbed.target.tx[0], pkts, NB_PKTS);
	CHECK_EQ(stats_of(id).packets, NB_PKTS);
	CHECK_EQ(stats_of(behind).packets, NB_PKTS);
	CHECK_EQ(rte_spinlock_is_locked(&lock), 0);
	mirror_off(id);
	mirror_off(behind);
	bonds_close(&bonds, 0);
	watched_close(&testbed);
}

/* Its queues are the bond's, which takes no locks of the library's. */
static void
a_member_is_no_target(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	struct bonds bonds;

	watched_open(&testbed, NULL, NULL);
	bonds_open(&bonds, 0, 2, testbed.pool);
	param.target_port = bonds.member;
	for (param.mode = RTE_MIRROR_SHARE; param.mode <= RTE_MIRROR_AUTO; param.mode++) {
		/* Any of its queues. */
		for (param.target_queue = 0; param.target_queue < 2; param.target_queue++) {
			CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOTSUP);
			CHECK(strstr(rte_mirror_last_error(), "member of a bond") != NULL);
		}
	}
	param = (struct rte_mirror_param){ .target_port = bonds.bond, .directions = RTE_MIRROR_RX };
	mirror_off(mirror_with(testbed.source.id, &param));
	bonds_close(&bonds, 0);
	watched_close(&testbed);
}

/* A bond takes it in while it is a target. */
static void
a_target_that_becomes_a_member_ends_the_mirror(void)
{
	static const struct port_options options = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	struct bonds bonds;
	uint32_t id, paused;

	watched_open(&testbed, NULL, NULL);
	bonds.member = vdev_open("net_null0", "");
	vdev_configure(bonds.member, &options);
	param.target_port = bonds.member;
	id = mirror_with(testbed.source.id, &param);
	param.directions = RTE_MIRROR_TX;
	paused = mirror_with(testbed.source.id, &param);
	CHECK_EQ(rte_mirror_pause(paused), 0);
	bonds.bond = bonding_open("net_bonding0", "net_null0");
	vdev_configure(bonds.bond, &options);
	CHECK_WITHIN(30000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "member of a bond") != NULL);
	CHECK_EQ(rte_mirror_resume(paused), -ENOTSUP);
	mirror_off(id);
	mirror_off(paused);
	bonds_close(&bonds, 0);
	watched_close(&testbed);
}

/* Modes 5 and 6 write source addresses, and what ARP says, into the packets that they are given. */
static void
a_bond_that_rewrites_is_not_shared_with(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	struct bonds bonds;
	int mode;
	uint32_t id;

	watched_open(&testbed, NULL, NULL);
	bonds_open(&bonds, 0, 1, testbed.pool);
	param.target_port = bonds.bond;
	for (mode = 0; mode <= 6; mode++) {
		CHECK_EQ(rte_eth_bond_mode_set(bonds.bond, mode), 0);
		param.mode = RTE_MIRROR_SHARE;
		CHECK_EQ(rte_mirror_add(testbed.source.id, &param, &id), mode >= 5 ? -ENOTSUP : 0);
		if (mode >= 5)
			CHECK(strstr(rte_mirror_last_error(), "rewriting") != NULL);
		else
			mirror_off(id);
		param.mode = RTE_MIRROR_AUTO;
		id = mirror_with(testbed.source.id, &param);
		CHECK_EQ(info_of(id).mode, RTE_MIRROR_COPY);
		mirror_off(id);
	}
	/* And it may come to do so. */
	CHECK_EQ(rte_eth_bond_mode_set(bonds.bond, 1), 0);
	param.mode = RTE_MIRROR_SHARE;
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(rte_eth_bond_mode_set(bonds.bond, 6), 0);
	CHECK_WITHIN(30000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "rewrites") != NULL);
	mirror_off(id);
	bonds_close(&bonds, 0);
	watched_close(&testbed);
}

/* Nor is one that has it for a member. */
static void
a_bond_of_a_bond_that_rewrites_is_not_shared_with(void)
{
	static const struct port_options one = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	struct bonds bonds;
	uint32_t id;

	watched_open(&testbed, NULL, NULL);
	bonds_open(&bonds, 0, 1, testbed.pool);
	param.target_port = bonding_open("net_bonding9", "net_bonding0");
	vdev_configure(param.target_port, &one);
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(rte_eth_bond_mode_set(bonds.bond, 6), 0);
	CHECK_WITHIN(30000, info_of(id).state == RTE_MIRROR_STOPPED);
	mirror_off(id);
	CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOTSUP);
	param.mode = RTE_MIRROR_COPY;
	mirror_off(mirror_with(testbed.source.id, &param));
	vdev_close(param.target_port, "net_bonding9");
	bonds_close(&bonds, 0);
	watched_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "a_bond_that_rewrites_is_not_shared_with", a_bond_that_rewrites_is_not_shared_with },
	{ "a_bond_of_a_bond_that_rewrites_is_not_shared_with",
			a_bond_of_a_bond_that_rewrites_is_not_shared_with },
	{ "a_target_that_becomes_a_member_ends_the_mirror",
			a_target_that_becomes_a_member_ends_the_mirror },
	{ "a_member_is_no_target", a_member_is_no_target },
	{ "a_member_may_be_mirrored_to_its_bond", a_member_may_be_mirrored_to_its_bond },
	{ "a_member_may_be_mirrored_to_a_bond_of_its_bond",
			a_member_may_be_mirrored_to_a_bond_of_its_bond },
	{ "mirrors_may_lead_round_through_bonds", mirrors_may_lead_round_through_bonds },
	{ "what_a_target_sends_is_not_sent_there_again",
			what_a_target_sends_is_not_sent_there_again },
	{ "a_lock_is_taken_once_on_the_way_through_a_bond",
			a_lock_is_taken_once_on_the_way_through_a_bond },
	{ NULL, NULL },
};
