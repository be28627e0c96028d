/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_ORIGINALS_H
#define TESTS_C_ORIGINALS_H

/**
 * @file
 * Packets of every make that an application may hold: where their bytes lie, and how they are cut into segments.
 */

#include <stdint.h>

#include <rte_mbuf.h>

/** Where the bytes of a packet's segments lie. */
enum original_kind {
	ORIGINAL_DIRECT,            /**< in the mbuf */
	ORIGINAL_INDIRECT,          /**< in another mbuf, which nobody else holds any more */
	ORIGINAL_EXTERNAL,          /**< in a buffer that was attached to the mbuf */
	ORIGINAL_INDIRECT_EXTERNAL, /**< in a buffer that was attached to another mbuf */
	ORIGINAL_PINNED,            /**< in a buffer that the pool has attached for good */
	ORIGINAL_MIXED,             /**< each segment's elsewhere */
	ORIGINAL_KINDS,
};

#define LAYOUT_MAX_SEGS 12

/** The lengths of a packet's segments. */
struct layout {
	uint16_t nb_segs;
	uint16_t lens[LAYOUT_MAX_SEGS];
};

#define NB_LAYOUTS 25

/** Lengths around what split copies, long ones, segments of any length, 0 included. */
extern const struct layout layouts[NB_LAYOUTS];

/** The pools that originals come from; all but pinned notice misuse. */
struct originals {
	struct rte_mempool *direct, *shells, *pinned;
	void *pinned_memory;
};

void originals_open(struct originals *originals);
/** Checks that all packets and buffers are back, and frees the pools. */
void originals_close(struct originals *originals);
/** Checks that all packets and buffers are back. */
void originals_check_whole(const struct originals *originals);
/** Overwrites what memory is free. */
void originals_scribble(const struct originals *originals);

/** Makes a packet, its bytes made from seed. */
struct rte_mbuf *original_make(const struct originals *originals, enum original_kind kind,
		const struct layout *layout, uint32_t seed);
/** Makes a packet of each layout. */
void originals_make(const struct originals *originals, enum original_kind kind,
		struct rte_mbuf *pkts[NB_LAYOUTS]);

#endif /* TESTS_C_ORIGINALS_H */
