/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Rings as targets: the application reads them, and goes on while mirrors come and go. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <rte_malloc.h>

#include "../../csrc/plugin/refusal.h"
#include "testbed.h"
#include "ondemand.h"

#define NB_PACKETS 20
#define NB_CYCLES  500
#define TEXT       "ring:read"
#define NAME       "ETH_RXTX0_read"

/* Mirrors packets from the testbed's source to a target, and frees the application's own. */
static void
mirror_packets(const struct testbed *testbed, struct target *target)
{
	const uint32_t id = mirror_on(
			testbed->source.id, mirror_targets_port(target), RTE_MIRROR_RX);
	struct rte_mbuf *pkts[NB_PACKETS];

	packets_make(testbed->pool, pkts, NB_PACKETS, 1, 60);
	ring_put(testbed->source.rx[0], pkts, NB_PACKETS);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, NB_PACKETS), NB_PACKETS);
	packets_free(pkts, NB_PACKETS);
	CHECK_EQ(stats_of(id).packets, NB_PACKETS);
	mirror_off(id);
}

static unsigned int
read_all(struct rte_ring *ring)
{
	unsigned int nb = 0;
	void *pkt;

	for (; rte_ring_dequeue(ring, &pkt) == 0; nb++)
		rte_pktmbuf_free(pkt);
	return nb;
}

static void
a_ring_stays_and_what_it_holds_can_be_read(void)
{
	struct target *target;
	struct rte_ring *ring;
	struct testbed testbed;
	uint16_t port_id;

	testbed_open(&testbed, NULL, NULL);
	target = target_open(TEXT, 1);
	port_id = mirror_targets_port(target);
	ring = rte_ring_lookup(NAME);
	CHECK(ring != NULL);
	mirror_packets(&testbed, target);
	mirror_targets_close(target);
	CHECK(rte_ring_lookup(NAME) == ring);
	CHECK_EQ(read_all(ring), NB_PACKETS);
	/* The next one of that name is the same one, whatever it asks for. */
	CHECK(target_open(TEXT, 4) == target);
	CHECK_EQ(mirror_targets_port(target), port_id);
	CHECK_EQ(mirror_targets_queues(target), 1);
	CHECK(rte_ring_lookup(NAME) == ring);
	mirror_packets(&testbed, target);
	CHECK_EQ(read_all(ring), NB_PACKETS);
	target_end(target);
	CHECK(rte_ring_lookup(NAME) == NULL);
	CHECK(rte_ring_lookup("ETH_RXTX15_read") == NULL);
	CHECK(!mirror_targets_is_ours(port_id));
	testbed_close(&testbed);
}

static struct {
	uint16_t port;
	bool is_over;
	unsigned int nb_read;
	unsigned int nb_strange; /* looks at a ring that was not that ring */
} reader;

/* A thread of the application's: it has looked the ring up once, reads it, and the port on it. */
static int
read_on(void *arg)
{
	struct rte_ring *ring = rte_ring_lookup(NAME);
	struct rte_mbuf *pkts[8];
	bool is_last;
	uint16_t nb;

	(void)arg;
	do {
		is_last = __atomic_load_n(&reader.is_over, __ATOMIC_ACQUIRE);
		reader.nb_strange += strcmp(ring->name, NAME) != 0 || ring->size != 1024 ||
				rte_ring_lookup(NAME) != ring;
		nb = rte_eth_rx_burst(reader.port, 0, pkts, RTE_DIM(pkts));
		rte_pktmbuf_free_bulk(pkts, nb);
		__atomic_fetch_add(&reader.nb_read, nb + read_all(ring), __ATOMIC_RELEASE);
	} while (!is_last);
	return 0;
}

/* Its memory is not ASan's: what is freed is overwritten by these, so that reading it shows. */
static void
overwrite_what_is_free(void)
{
	void *taken[16];
	unsigned int i;

	for (i = 0; i < RTE_DIM(taken); i++) {
		taken[i] = rte_malloc(NULL, 8192, 0);
		CHECK(taken[i] != NULL);
		memset(taken[i], 0xa5, 8192);
	}
	for (i = 0; i < RTE_DIM(taken); i++)
		rte_free(taken[i]);
}

static void
a_reader_reads_on_while_mirrors_come_and_go(void)
{
	struct target *target;
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	target = target_open(TEXT, 1);
	reader.port = mirror_targets_port(target);
	test_launch(0, read_on, NULL);
	for (i = 0; i < NB_CYCLES; i++) {
		mirror_packets(&testbed, target);
		mirror_targets_close(target);
		overwrite_what_is_free();
		CHECK_WITHIN(10000,
				__atomic_load_n(&reader.nb_read, __ATOMIC_ACQUIRE) ==
						(i + 1) * NB_PACKETS);
		target = target_open(TEXT, 1);
	}
	__atomic_store_n(&reader.is_over, true, __ATOMIC_RELEASE);
	test_join(0);
	CHECK_EQ(reader.nb_strange, 0);
	CHECK_EQ(reader.nb_read, NB_CYCLES * NB_PACKETS);
	target_end(target);
	testbed_close(&testbed);
}

/* Who ends one gives back what is in it. */
static void
packets_that_nobody_has_read_are_not_lost(void)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	struct target *target;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	target = target_open(TEXT, 2);
	id = mirror_on(testbed.source.id, mirror_targets_port(target),
			RTE_MIRROR_RX | RTE_MIRROR_TX);
	packets_make(testbed.pool, pkts, NB_PACKETS, 2, 60);
	ring_put(testbed.source.rx[0], pkts, NB_PACKETS);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, pkts, NB_PACKETS), NB_PACKETS);
	CHECK_EQ(rte_eth_tx_burst(testbed.source.id, 0, pkts, NB_PACKETS), NB_PACKETS);
	mirror_off(id);
	mirror_targets_close(target);
	packets_check_refcnt(pkts, NB_PACKETS, 3);
	mirror_targets_end(target);
	packets_check_refcnt(pkts, NB_PACKETS, 1);
	/* The testbed misses packets that have not come back. */
	testbed_close(&testbed);
}

static void
rings_without_users_are_bounded_in_number(void)
{
	struct target *targets[9], *one_more = NULL;
	const struct possessions before = possessions_now();
	char text[TARGET_TEXT_SIZE];
	unsigned int i, nb = 0;
	int rc;

	do {
		snprintf(text, sizeof(text), "ring:r%u", nb);
		rc = mirror_targets_open(text, 1, false, NULL, &targets[nb]);
		if (rc == 0)
			mirror_targets_close(targets[nb]);
	} while (rc == 0 && ++nb < RTE_DIM(targets));
	CHECK_EQ(rc, -ENOSPC);
	CHECK(strstr(mirror_plugin_reason(), "target/remove with force=yes") != NULL);
	CHECK(nb > 1);
	/* Those that are there can be had, and then there is room for another. */
	CHECK(target_open("ring:r0", 1) == targets[0]);
	one_more = target_open(text, 1);
	target_end(one_more);
	mirror_targets_close(targets[0]);
	for (i = 0; i < nb; i++)
		mirror_targets_end(targets[i]);
	possessions_check(&before);
}

/* Nobody has been told of it yet. */
static void
a_ring_of_a_mirror_that_cannot_be_goes_again(void)
{
	struct target *target = target_open(TEXT, 1);

	mirror_targets_undo(target);
	CHECK(mirror_targets_find(TEXT) == NULL);
	CHECK(rte_ring_lookup(NAME) == NULL);
	/* But one that was there stays. */
	target = target_open(TEXT, 1);
	mirror_targets_close(target);
	CHECK(target_open(TEXT, 1) == target);
	mirror_targets_undo(target);
	CHECK(mirror_targets_find(TEXT) == target);
	CHECK(rte_ring_lookup(NAME) != NULL);
	mirror_targets_end(target);
}

const struct test_case test_cases[] = {
	{ "a_ring_stays_and_what_it_holds_can_be_read",
			a_ring_stays_and_what_it_holds_can_be_read },
	{ "a_reader_reads_on_while_mirrors_come_and_go",
			a_reader_reads_on_while_mirrors_come_and_go },
	{ "packets_that_nobody_has_read_are_not_lost", packets_that_nobody_has_read_are_not_lost },
	{ "rings_without_users_are_bounded_in_number", rings_without_users_are_bounded_in_number },
	{ "a_ring_of_a_mirror_that_cannot_be_goes_again",
			a_ring_of_a_mirror_that_cannot_be_goes_again },
	{ NULL, NULL },
};
