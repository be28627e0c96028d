/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_OWN_SINK_H
#define TESTS_C_OWN_SINK_H

/**
 * @file
 * A sink of the test's own, which takes, refuses and loses what it is told to, and sees to it that it is called as sinks
 * are to be called.
 */

#include "../../csrc/control/sinks.h"

#include "harness.h"

struct own_sink {
	uint16_t number; /**< for a mirror's target_port */

	/* What it does; the test changes it at any time. */
	bool gives_up;   /**< it takes none, and those that wait are not to be offered again */
	uint32_t most;   /**< it takes so many packets yet */
	bool is_stalled; /**< it writes nothing of what it has taken */
	bool loses;      /**< it loses what it has not written */
	bool is_over, is_full; /**< it has ended; it can have no other mirror */

	/* What it has seen; the test reads it. */
	uint64_t nb_offered, nb_taken, nb_ticks, nb_awaited;
	bool has_ended;
	uint32_t last_mirror, last_queue; /**< of the last packet */
	uint32_t last_len, last_wire_len;
	bool last_is_tx, last_is_shared;
	uint64_t last_tsc;
	struct rte_mirror_stats counted; /**< what it was told last */
	uint64_t nb_written, nb_lost;    /**< its positions are packets */
};

/** Adds it, taking everything and writing it at once. */
void own_sink_open(struct own_sink *sink);
/** Removes it, and waits for its last call. */
void own_sink_close(struct own_sink *sink);

#endif /* TESTS_C_OWN_SINK_H */
