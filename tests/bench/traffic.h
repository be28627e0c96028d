/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_TRAFFIC_H
#define TESTS_BENCH_TRAFFIC_H

/**
 * @file
 * Packets that arrive, an application that looks at them, and a reader that frees what a target holds.
 *
 * Driver and application are in the baseline, too: a mirror is not charged for cache misses that they have anyway.
 */

#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

/** Segments in cold traffic: what a driver and a mirror touch of so many is more than a last-level cache holds. */
#define TRAFFIC_SEGMENTS 262144
/** Packets in warm traffic: they and their data stay in the first caches. */
#define TRAFFIC_WARM 64
/** The same where a reader frees them later: none comes round twice in a lap. */
#define TRAFFIC_WARM_LATER 512

/** What packets look like, and how they are found in the caches. */
struct traffic_shape {
	uint16_t segment_size;
	uint16_t nb_segments;
	uint32_t nb_packets; /**< a multiple of BED_MAX_BURST; they come round again and again */
	bool shuffled;
	bool tagged; /**< in VLAN 100 */
	bool mixed;  /**< of several protocols, see traffic_open() */
};

/** Distinct packets of a mix: all come round before one does again. */
#define TRAFFIC_MIXED 4096

/** Packets of one shape, TCP from port 1024 to 443, each a reference of the bench's own. */
struct traffic {
	struct traffic_shape shape;
	struct rte_mbuf **segments; /**< of each packet in turn */
	uint32_t next;              /**< the packet to arrive next */
};

/**
 * Makes the packets. Of a mix half are TCP to port 443, a fifth UDP to port 53, 15 % TCP over IPv6, a tenth ICMP and 5 %
 * ARP, in no order, from random addresses and ports above 1023.
 */
void traffic_open(struct traffic *traffic, const struct traffic_shape *shape,
		struct rte_mempool *pool);
/** Checks that nobody holds a packet any more, and frees them. */
void traffic_close(struct traffic *traffic);
/** Brings packets back into this core's caches, after a reader had them on its own. */
void traffic_warm(struct traffic *traffic);

/** What a driver writes on rx: the first cache line, but for the reference count, and next where there is one. */
static __rte_always_inline void
traffic_receive(struct rte_mbuf *const *segments, const struct traffic_shape *shape)
{
	const uint16_t nb_segments = shape->nb_segments, size = shape->segment_size;
	uint16_t i;

	for (i = 0; i < nb_segments; i++) {
		struct rte_mbuf *segment = segments[i];

		segment->data_off = RTE_PKTMBUF_HEADROOM;
		segment->nb_segs = nb_segments;
		segment->port = 0;
		segment->ol_flags = 0;
		segment->packet_type = 0;
		segment->pkt_len = (uint32_t)size * nb_segments;
		segment->data_len = size;
		segment->vlan_tci = 0;
		segment->hash.rss = 0;
		if (nb_segments > 1)
			segment->next = i + 1 < nb_segments ? segments[i + 1] : NULL;
	}
}

/** The next packets arrive in a source's ring. */
static __rte_always_inline void
traffic_arrive(struct traffic *traffic, struct rte_ring *ring, uint16_t nb_pkts)
{
	const uint16_t nb_segments = traffic->shape.nb_segments;
	struct rte_mbuf **segments = traffic->segments + traffic->next * nb_segments;
	void *pkts[BED_MAX_BURST];
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		traffic_receive(segments + i * nb_segments, &traffic->shape);
		pkts[i] = segments[i * nb_segments];
	}
	traffic->next += nb_pkts;
	if (traffic->next == traffic->shape.nb_packets)
		traffic->next = 0;
	rte_ring_sp_enqueue_bulk(ring, pkts, nb_pkts, NULL);
}

/** What an application does with a packet: it swaps the MAC addresses. */
static __rte_always_inline void
traffic_use(struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_ether_hdr *ether = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
		const struct rte_ether_addr address = ether->dst_addr;

		ether->dst_addr = ether->src_addr;
		ether->src_addr = address;
	}
}

/** Rings that targets have filled. */
struct ring_set {
	uint16_t nb_rings;
	struct rte_ring *rings[4];
};

/** Starts a reader on the other CPU: it takes what is in the rings, and frees it. */
void reader_start(void);
void reader_stop(void);
/** Which rings it reads. The others are empty then. */
void reader_choose(const struct ring_set *set);
/** Waits until all that has been put into its rings is freed. */
void reader_wait(void);

#endif /* TESTS_BENCH_TRAFFIC_H */
