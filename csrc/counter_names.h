/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_COUNTER_NAMES_H
#define MIRROR_COUNTER_NAMES_H

/**
 * @file
 * The counters of a mirror by their names, for whoever tells them.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>

#include "rte_mirror.h"

struct mirror_counter_name {
	const char *name;
	size_t offset; /**< in struct rte_mirror_stats */
	bool is_not_chosen; /**< of packets that the mirror was not to take; what no other says of a packet is a loss */
};

#define MIRROR_COUNTER(field)    { #field, offsetof(struct rte_mirror_stats, field), false }
#define MIRROR_NOT_CHOSEN(field) { #field, offsetof(struct rte_mirror_stats, field), true }

/** All of them, in the order of struct rte_mirror_stats. */
static const struct mirror_counter_name mirror_counter_names[] = {
	MIRROR_COUNTER(seen),
	MIRROR_COUNTER(packets),
	MIRROR_COUNTER(bytes),
	MIRROR_NOT_CHOSEN(filtered),
	MIRROR_NOT_CHOSEN(unsampled),
	MIRROR_NOT_CHOSEN(declined),
	MIRROR_COUNTER(unsupported),
	MIRROR_COUNTER(oversize),
	MIRROR_COUNTER(nombuf),
	MIRROR_COUNTER(full),
	MIRROR_NOT_CHOSEN(limited),
};

_Static_assert(RTE_DIM(mirror_counter_names) ==
				offsetof(struct rte_mirror_stats, reserved) / sizeof(uint64_t),
		"every counter has a name");

/** A counter's value. */
static inline uint64_t
mirror_counter_value(
		const struct rte_mirror_stats *stats, const struct mirror_counter_name *counter)
{
	return *(const uint64_t *)((const char *)stats + counter->offset);
}

#endif /* MIRROR_COUNTER_NAMES_H */
