/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_COUNTED_H
#define MIRROR_PLUGIN_COUNTED_H

/**
 * @file
 * The mirrors that a sink has had, and what they have counted: on its way from control, which tells it, to the sink's thread,
 * which writes it.
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "recording.h"

struct counted_mirror {
	uint32_t mirror_id;
	bool is_new; /* what control has told last is yet to be written */
	struct mirror_capture_counters counters;
	struct mirror_capture_counters before; /* what was counted before the recording began */
};

struct counted {
	pthread_mutex_t mutex;
	struct counted_mirror mirrors[MIRROR_CAPTURE_INTERFACES];
	uint32_t nb;
};

void mirror_counted_start(struct counted *counted);

/** By control. */
bool mirror_counted_has_room(struct counted *counted);
void mirror_counted_set(
		struct counted *counted, uint32_t mirror_id, const struct rte_mirror_stats *stats);

/** By the thread: a recording begins, to which what has been counted so far is none of its business. */
void mirror_counted_begin(struct counted *counted);
/** By the thread: tells the recording. */
void mirror_counted_tell(struct counted *counted, struct recording *recording);

#endif /* MIRROR_PLUGIN_COUNTED_H */
