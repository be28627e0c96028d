/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_COUNTERS_H
#define MIRROR_CONTROL_COUNTERS_H

/**
 * @file
 * Layer 5, counters.c: what became of a mirror's packets, of all its pollers. Called with the registry's mutex held.
 */

#include "mirror.h"
#include "rte_mirror.h"

/** What was counted since the last reset. */
struct rte_mirror_stats mirror_counters_sum(const struct mirror *mirror);
void mirror_counters_reset(struct mirror *mirror);
/** Tells the mirror's target, if that is a sink, of all since the mirror was added. */
void mirror_counters_tell(const struct mirror *mirror);

#endif /* MIRROR_CONTROL_COUNTERS_H */
