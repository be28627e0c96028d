/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <sched.h>
#include <string.h>

#include "numbered.h"

#define OFFSET 14 /* of a packet's number */

static void
pass(const struct poller *poller, struct rte_mbuf **pkts)
{
	const struct port *source = &poller->testbed->source;
	struct rte_mbuf *out[NUMBERED_BURST];

	if ((poller->directions & RTE_MIRROR_RX) != 0) {
		ring_put(source->rx[0], pkts, NUMBERED_BURST);
		CHECK_EQ(rte_eth_rx_burst(source->id, 0, out, NUMBERED_BURST), NUMBERED_BURST);
	} else {
		CHECK_EQ(rte_eth_tx_burst(source->id, 0, pkts, NUMBERED_BURST), NUMBERED_BURST);
		CHECK_EQ(ring_get(source->tx[0], out, NUMBERED_BURST), NUMBERED_BURST);
	}
	CHECK(memcmp(pkts, out, sizeof(out)) == 0);
	packets_free(out, NUMBERED_BURST);
}

static int
poll(void *arg)
{
	struct poller *poller = arg;
	struct rte_mbuf *pkts[NUMBERED_BURST];
	uint64_t nb = 0, number = 0;
	unsigned int i;

	while (!__atomic_load_n(&poller->stop, __ATOMIC_ACQUIRE) &&
			(poller->nb_wanted == 0 || nb < poller->nb_wanted)) {
		if (rte_ring_free_count(poller->testbed->target.tx[0]) < NUMBERED_BURST) {
			test_pause();
			continue;
		}
		for (i = 0; i < NUMBERED_BURST; i++, number++) {
			/* Short ones, and such as split splits. */
			pkts[i] = packet_make(
					poller->testbed->pool, 1 + i % 3, i % 3 != 0 ? 300 : 60, i);
			packet_write(pkts[i], OFFSET, &number, sizeof(number));
		}
		pass(poller, pkts);
		__atomic_store_n(&poller->nb_bursts, ++nb, __ATOMIC_RELEASE);
		/* There may be fewer CPUs than lcores. */
		sched_yield();
	}
	return 0;
}

void
poller_start(struct poller *poller)
{
	test_launch(0, poll, poller);
}

void
poller_join(void)
{
	test_join(0);
}

void
poller_stop(struct poller *poller)
{
	__atomic_store_n(&poller->stop, true, __ATOMIC_RELEASE);
	poller_join();
}

uint64_t
poller_bursts(const struct poller *poller)
{
	return __atomic_load_n(&poller->nb_bursts, __ATOMIC_ACQUIRE);
}

bool
reader_take(struct reader *reader, uint64_t *number)
{
	struct rte_mbuf *pkt;

	if (ring_get(reader->ring, &pkt, 1) != 1)
		return false;
	memcpy(number, rte_pktmbuf_mtod_offset(pkt, void *, OFFSET), sizeof(*number));
	rte_pktmbuf_free(pkt);
	CHECK(*number >= reader->next);
	reader->nb_gaps += *number > reader->next;
	reader->next = *number + 1;
	reader->nb++;
	return true;
}

void
reader_take_all(struct reader *reader)
{
	uint64_t number;

	while (reader_take(reader, &number))
		;
}

void
reader_follow(struct reader *reader, const struct poller *poller)
{
	const uint64_t before = poller_bursts(poller);

	CHECK_WITHIN(30000, (reader_take_all(reader), poller_bursts(poller) >= before + 2));
	reader_take_all(reader);
}
