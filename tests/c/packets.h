/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_PACKETS_H
#define TESTS_C_PACKETS_H

/**
 * @file
 * Packets, what is looked at of them, and the rings that they wait in.
 */

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

/** Bytes in a segment, headroom included. */
#define PACKET_DATA_ROOM 512

/** A chain of nb_segs segments of seg_len bytes each, its bytes made from seed; a reference of the caller's. */
struct rte_mbuf *packet_make(
		struct rte_mempool *pool, uint16_t nb_segs, uint16_t seg_len, uint32_t seed);
void packets_make(struct rte_mempool *pool, struct rte_mbuf **pkts, uint16_t nb_pkts,
		uint16_t nb_segs, uint16_t seg_len);
void packets_free(struct rte_mbuf **pkts, uint16_t nb_pkts);
/** Every segment of the packets has so many references. */
void packets_check_refcnt(struct rte_mbuf *const *pkts, uint16_t nb_pkts, uint16_t refcnt);

/** The bytes of a packet, wherever they lie. */
struct bytes {
	uint32_t len;
	uint8_t data[9216];
};

/** Overwrites bytes of a packet, whichever segments they are in. */
void packet_write(struct rte_mbuf *pkt, uint32_t offset, const void *data, uint32_t len);
void bytes_read(struct bytes *bytes, const struct rte_mbuf *pkt);
void bytes_read_all(struct bytes *bytes, struct rte_mbuf *const *pkts, uint16_t nb_pkts);
/** Checks that a packet is a sound one, and its bytes the first so many of these. */
void bytes_check(const struct bytes *bytes, const struct rte_mbuf *pkt, uint32_t len);
/** The same for whole packets. */
void bytes_check_all(const struct bytes *bytes, struct rte_mbuf *const *pkts, uint16_t nb_pkts);

/** What packets look like, their reference counts left out. */
struct snapshot;
struct snapshot *snapshot_take(struct rte_mbuf *const *pkts, uint16_t nb_pkts);
/** Checks that array, mbufs and data are as they were, and frees the snapshot. */
void snapshot_check(struct snapshot *snapshot, struct rte_mbuf *const *pkts, uint16_t nb_pkts);

/** Has packets arrive at a port. */
void ring_put(struct rte_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts);
/** Takes what was sent, at most nb_pkts. */
uint16_t ring_get(struct rte_ring *ring, struct rte_mbuf **pkts, uint16_t nb_pkts);
/** Checks that a ring holds these very packets in this order, and frees its references. */
void ring_check(struct rte_ring *ring, struct rte_mbuf *const *pkts, uint16_t nb_pkts);

#endif /* TESTS_C_PACKETS_H */
