/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Several pollers whose mirrors' packets go through each other's ports. */

#include "bonds.h"

#define NB_PKTS   10
#define NB_ROUNDS 20000

/* Pollers of one port's queues. */
struct sender {
	const struct port *port;
	struct rte_mempool *pool;
	uint16_t queue;
};

static int
send_rounds(void *arg)
{
	const struct sender *sender = arg;
	struct rte_mbuf *pkts[NB_PKTS];
	unsigned int i;

	for (i = 0; i < NB_ROUNDS; i++) {
		packets_make(sender->pool, pkts, NB_PKTS, 1, 60);
		CHECK_EQ(rte_eth_tx_burst(sender->port->id, sender->queue, pkts, NB_PKTS), NB_PKTS);
		CHECK_EQ(ring_get(sender->port->tx[sender->queue], pkts, NB_PKTS), NB_PKTS);
		packets_free(pkts, NB_PKTS);
	}
	return 0;
}

/* Sends from two queues of one port, or one queue of two. */
static void
send_from_two(struct sender *senders)
{
	test_launch(0, send_rounds, &senders[0]);
	test_launch(1, send_rounds, &senders[1]);
	test_join(0);
	test_join(1);
}

/*
 * One comes to the first bond and from there to the second, the other the other way round: each holds the lock that the
 * other wants.
 */
static void
pollers_that_meet_head_on_do_not_wait_for_each_other(void)
{
	const struct port_options two = { .nb_rx_queues = 1, .nb_tx_queues = 2 };
	struct sender senders[2];
	struct bonds here, there;
	struct testbed testbed;
	uint32_t ids[4];

	watched_open(&testbed, &two, &two);
	bonds_open(&here, 0, 1, testbed.pool);
	bonds_open(&there, 1, 1, testbed.pool);
	ids[0] = mirror_on(testbed.source.id, here.bond, RTE_MIRROR_TX);
	ids[1] = mirror_on(here.member, there.bond, RTE_MIRROR_TX);
	ids[2] = mirror_on(testbed.target.id, there.bond, RTE_MIRROR_TX);
	ids[3] = mirror_on(there.member, here.bond, RTE_MIRROR_TX);
	senders[0] = (struct sender){ &testbed.source, testbed.pool, 0 };
	senders[1] = (struct sender){ &testbed.target, testbed.pool, 0 };
	send_from_two(senders);
	/* What the application sent is not lost, whoever was in the way. */
	CHECK_EQ(stats_of(ids[0]).packets, NB_ROUNDS * NB_PKTS);
	CHECK_EQ(stats_of(ids[2]).packets, NB_ROUNDS * NB_PKTS);
	/* Behind the bonds what could not be sent at once is counted. */
	CHECK_EQ(stats_of(ids[1]).seen, NB_ROUNDS * NB_PKTS);
	CHECK_EQ(stats_of(ids[3]).seen, NB_ROUNDS * NB_PKTS);
	CHECK(stats_of(ids[1]).packets > 0 && stats_of(ids[3]).packets > 0);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	mirror_off(ids[2]);
	mirror_off(ids[3]);
	bonds_close(&there, 1);
	bonds_close(&here, 0);
	watched_close(&testbed);
}

/* Chains of mirrors wait for each other, as ever. */
static void
pollers_of_a_chain_lose_nothing(void)
{
	const struct port_options one = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	const struct port_options two = { .nb_rx_queues = 1, .nb_tx_queues = 2 };
	struct sender senders[2];
	struct testbed testbed;
	uint16_t middle, end;
	uint32_t ids[3];

	watched_open(&testbed, &two, &two);
	middle = vdev_open("net_null0", "");
	vdev_configure(middle, &two);
	end = vdev_open("net_null1", "");
	vdev_configure(end, &one);
	/* Each of the source's queues has a queue of the middle, and these one of the end. */
	ids[0] = mirror_on(testbed.source.id, middle, RTE_MIRROR_TX);
	ids[1] = mirror_on(middle, end, RTE_MIRROR_TX);
	ids[2] = mirror_on(testbed.target.id, end, RTE_MIRROR_TX);
	senders[0] = (struct sender){ &testbed.source, testbed.pool, 0 };
	senders[1] = (struct sender){ &testbed.source, testbed.pool, 1 };
	send_from_two(senders);
	CHECK_EQ(stats_of(ids[0]).packets, 2 * NB_ROUNDS * NB_PKTS);
	CHECK_EQ(stats_of(ids[1]).packets, 2 * NB_ROUNDS * NB_PKTS);
	mirror_off(ids[0]);
	mirror_off(ids[1]);
	mirror_off(ids[2]);
	vdev_close(end, "net_null1");
	vdev_close(middle, "net_null0");
	watched_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "pollers_that_meet_head_on_do_not_wait_for_each_other",
			pollers_that_meet_head_on_do_not_wait_for_each_other },
	{ "pollers_of_a_chain_lose_nothing", pollers_of_a_chain_lose_nothing },
	{ NULL, NULL },
};
