/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_pause.h>
#include <rte_random.h>

#include "bed.h"
#include "traffic.h"

/* Neighbours in memory would be fetched before they are asked for. */
static void
shuffle(struct rte_mbuf **segments, uint32_t nb)
{
	uint32_t i, j;

	for (i = nb - 1; i > 0; i--) {
		struct rte_mbuf *segment = segments[i];

		j = (uint32_t)rte_rand_max(i + 1);
		segments[i] = segments[j];
		segments[j] = segment;
	}
}

/* From 02:00:00:00:00:01 to :02, and from 10.0.0.1 to 10.0.0.2. */
static void
write_headers(struct rte_mbuf *pkt, bool tagged)
{
	static const uint8_t addresses[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
	static const uint8_t tag[] = { 0x81, 0, 0, 100 };
	static const uint8_t headers[] = { 8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0,
		1, 10, 0, 0, 2, 4, 0, 1, 0xbb, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x10 };
	uint8_t *data = rte_pktmbuf_mtod(pkt, uint8_t *);

	memcpy(data, addresses, sizeof(addresses));
	data += sizeof(addresses);
	if (tagged) {
		memcpy(data, tag, sizeof(tag));
		data += sizeof(tag);
	}
	memcpy(data, headers, sizeof(headers));
}

/* What packets of a mix have instead: type, then what comes before the ports, and where these are. */
static void
write_ipv6(uint8_t *data)
{
	static const uint8_t header[] = { 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64 };

	memcpy(data + 12, header, sizeof(header));
	memset(data + 22, 0xfe, 32);
	data[54] = 4 + (uint8_t)rte_rand_max(250);
	data[56] = 1;
	data[57] = 0xbb;
}

static void
mix(struct rte_mbuf *pkt)
{
	const uint64_t one_in_100 = rte_rand_max(100);
	uint8_t *data = rte_pktmbuf_mtod(pkt, uint8_t *);

	data[11] = (uint8_t)rte_rand();
	data[29] = (uint8_t)rte_rand();
	data[34] = 4 + (uint8_t)rte_rand_max(250);
	if (one_in_100 < 20) {
		data[23] = 17;
		data[36] = 0;
		data[37] = 53;
	} else if (one_in_100 < 35) {
		write_ipv6(data);
	} else if (one_in_100 < 45) {
		data[23] = 1;
	} else if (one_in_100 < 50) {
		data[13] = 6;
	}
}

void
traffic_open(struct traffic *traffic, const struct traffic_shape *shape, struct rte_mempool *pool)
{
	const uint32_t nb = shape->nb_packets * shape->nb_segments;
	uint32_t i;

	traffic->shape = *shape;
	traffic->next = 0;
	traffic->segments = calloc(nb, sizeof(traffic->segments[0]));
	ENSURE(traffic->segments != NULL);
	for (i = 0; i < nb; i++) {
		traffic->segments[i] = rte_pktmbuf_alloc(pool);
		ENSURE(traffic->segments[i] != NULL);
	}
	if (shape->shuffled)
		shuffle(traffic->segments, nb);
	for (i = 0; i < nb; i += shape->nb_segments) {
		traffic_receive(traffic->segments + i, shape);
		write_headers(traffic->segments[i], shape->tagged);
		if (shape->mixed)
			mix(traffic->segments[i]);
	}
}

void
traffic_close(struct traffic *traffic)
{
	const uint32_t nb = traffic->shape.nb_packets * traffic->shape.nb_segments;
	uint32_t i;

	for (i = 0; i < nb; i++) {
		ENSURE(rte_mbuf_refcnt_read(traffic->segments[i]) == 1);
		traffic->segments[i]->next = NULL;
		traffic->segments[i]->nb_segs = 1;
		rte_pktmbuf_free_seg(traffic->segments[i]);
	}
	free(traffic->segments);
}

void
traffic_warm(struct traffic *traffic)
{
	const struct traffic_shape *shape = &traffic->shape;
	const uint32_t nb = shape->nb_packets * shape->nb_segments;
	uint32_t i;

	for (i = 0; i < nb; i += shape->nb_segments) {
		traffic_receive(traffic->segments + i, shape);
		traffic_use(traffic->segments + i, 1);
	}
}

/* So many packets the reader is behind: it does not take a packet away that the application still looks at. */
#define READER_LAG 256

static struct {
	const struct ring_set *set;
	uint64_t asked; /* written by the measuring loop */
	uint64_t __rte_cache_aligned
			done; /* written by the reader: all that was there when it was asked is freed */
	bool stop;
} reader;

/* Takes some packets from a ring that has many, or when all are to go. */
static unsigned int
free_some(struct rte_ring *ring, bool all)
{
	struct rte_mbuf *pkts[BED_MAX_BURST];
	unsigned int nb;

	if (!all && rte_ring_count(ring) < READER_LAG)
		return 0;
	nb = rte_ring_dequeue_burst(ring, (void **)pkts, RTE_DIM(pkts), NULL);
	rte_pktmbuf_free_bulk(pkts, nb);
	return nb;
}

static int
read_rings(void *arg __rte_unused)
{
	const struct ring_set *set;
	unsigned int nb;
	uint64_t asked;
	uint16_t i;

	while (!__atomic_load_n(&reader.stop, __ATOMIC_ACQUIRE)) {
		asked = __atomic_load_n(&reader.asked, __ATOMIC_ACQUIRE);
		set = __atomic_load_n(&reader.set, __ATOMIC_ACQUIRE);
		for (i = 0, nb = 0; set != NULL && i < set->nb_rings; i++)
			nb += free_some(set->rings[i], asked != reader.done);
		if (nb > 0)
			continue;
		__atomic_store_n(&reader.done, asked, __ATOMIC_RELEASE);
		/* Looking all the time would take the ring's cache lines away from the other CPU. */
		rte_delay_us_block(1);
	}
	return 0;
}

void
reader_start(void)
{
	__atomic_store_n(&reader.set, NULL, __ATOMIC_RELEASE);
	__atomic_store_n(&reader.stop, false, __ATOMIC_RELEASE);
	ENSURE(rte_eal_remote_launch(read_rings, NULL, rte_get_next_lcore(-1, 1, 0)) == 0);
}

void
reader_stop(void)
{
	__atomic_store_n(&reader.stop, true, __ATOMIC_RELEASE);
	rte_eal_mp_wait_lcore();
}

void
reader_choose(const struct ring_set *set)
{
	reader_wait();
	__atomic_store_n(&reader.set, set, __ATOMIC_RELEASE);
}

void
reader_wait(void)
{
	const uint64_t asked = reader.asked + 1;

	__atomic_store_n(&reader.asked, asked, __ATOMIC_RELEASE);
	while (__atomic_load_n(&reader.done, __ATOMIC_ACQUIRE) != asked)
		rte_pause();
}
