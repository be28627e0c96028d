/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_SINK_H
#define MIRROR_SINK_H

/**
 * @file
 * A target that is no port: a thread of ours gives it packets, which it reads and never keeps.
 *
 * It has a number as ports have, beyond all of theirs, for mirrors with RTE_MIRROR_F_DRAIN. What it is given may wait
 * to be written, and so be lost later: hence it tells how far it has come. Positions count from 0 in any unit and only
 * grow: each packet has one, those up to `written` are done with, those behind that and up to `lost` are lost.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "rte_mirror.h"

struct rte_mbuf;

/** Packets that are given at once, at most. */
#define MIRROR_SINK_BURST 32

/** Where packets come from. */
struct mirror_sink_origin {
	uint32_t mirror_id;
	uint32_t directions; /**< the mirror's */
	uint16_t queue_id;
	bool is_tx;
	char source[RTE_ETH_NAME_MAX_LEN];
};

struct mirror_sink_packet {
	struct rte_mbuf *pkt;
	uint64_t tsc;      /**< when it was mirrored */
	uint32_t wire_len; /**< it may have been cut */
	uint64_t position; /**< written by take() */
};

struct mirror_sink_progress {
	uint64_t written;
	uint64_t lost;
	int room_fd; /**< it may take more when this can be read from; -1: nobody knows when */
};

/** All but the last three are called by the sink's thread, outside of all locks. */
struct mirror_sink_ops {
	/**
	 * Gives it packets of one queue: how many it has taken, the first of them. The others are offered again, for a
	 * second. Negative: it takes none, and those that wait are to be given up.
	 */
	int (*take)(void *sink, const struct mirror_sink_origin *origin,
			struct mirror_sink_packet *packets, uint16_t nb_packets);
	void (*progress)(void *sink, struct mirror_sink_progress *progress);
	/** Does what is due: called every 10 ms or more often. is_awaited: somebody waits for all that was taken to be written. */
	void (*tick)(void *sink, bool is_awaited);
	/** The last call: the thread ends. */
	void (*end)(void *sink);
	/** Whether it can tell another mirror's packets apart from all those that it has had. */
	bool (*has_room)(void *sink);
	/** A mirror's counters, as they are now; reset or not, they only grow. At first, when it comes, they are 0. */
	void (*count)(void *sink, uint32_t mirror_id, const struct rte_mirror_stats *stats);
	/** Whether it takes nothing any more, and why, for whoever reads of it. */
	bool (*is_over)(void *sink, char reason[RTE_MIRROR_REASON_SIZE]);
};

/** Where their numbers begin. RTE_MAX_ETHPORTS is for a target that is not there yet. */
#define MIRROR_FIRST_SINK (RTE_MAX_ETHPORTS + 1)

static inline bool
mirror_is_sink(uint16_t target)
{
	return target >= MIRROR_FIRST_SINK;
}

#endif /* MIRROR_SINK_H */
