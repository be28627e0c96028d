/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_ENDED_H
#define MIRROR_PLUGIN_ENDED_H

/**
 * @file
 * Why mirrors have ended by themselves, of the last of them: for whoever asks for one that is not there any more. With
 * the turn, see turn.h.
 */

#include <stdint.h>

#include "text.h"

struct rte_mirror_info;
struct rte_mirror_stats;

/** Remembers that a mirror has ended, or is about to. */
void mirror_ended_note(const struct rte_mirror_info *info, const struct rte_mirror_stats *stats,
		const char *reason);
/** Appends what is remembered of the last mirror of that name or id; of none, nothing. */
void mirror_ended_tell(const char *name_or_id, struct text *text);

#endif /* MIRROR_PLUGIN_ENDED_H */
