/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_SPEC_SELECT_H
#define MIRROR_PLUGIN_SPEC_SELECT_H

/**
 * @file
 * The part of a spec that chooses packets, and its values. Those that read a value return 0, or -EINVAL, the refusal kept: name is what
 * it says the value is of. No value is empty.
 */

#include <stdbool.h>
#include <stdint.h>

#include "pairs.h"
#include "rte_mirror.h"

struct compiled;

/** How many numbers and ranges a value may have. */
#define SPEC_RANGES_MAX 64

struct spec_ranges {
	uint16_t nb; /**< 0: none were given */
	struct rte_mirror_range ranges[SPEC_RANGES_MAX];
};

struct spec_sample {
	uint32_t one_in; /**< 0: none was given */
	uint64_t seed;
	uint8_t random;
};

/** struct rte_mirror_select, with what that points to. May be copied. */
struct spec_select {
	char filter[PAIRS_TEXT_SIZE]; /**< "": none was given */
	struct compiled *compiled; /**< the filter, where somebody has compiled it; not counted */
	struct rte_mirror_mac mac;
	struct rte_mirror_flow flow;
	struct spec_ranges vlans, inner_vlans, queues;
	struct spec_sample sample;
	bool has_mac, has_flow;
};

int mirror_spec_read_filter(struct spec_select *spec, const char *name, const char *value);
int mirror_spec_read_mac(struct spec_select *spec, const char *name, const char *value);
int mirror_spec_read_flow(struct spec_select *spec, const char *name, const char *value);
int mirror_spec_read_sample(struct spec_select *spec, const char *name, const char *value);
/** Numbers and ranges up to last. */
int mirror_spec_read_ranges(
		struct spec_ranges *ranges, const char *name, const char *value, uint32_t last);
/** Writes what is selected, which points into it: whether that is not everything. */
bool mirror_spec_select(const struct spec_select *spec, struct rte_mirror_select *select);

#endif /* MIRROR_PLUGIN_SPEC_SELECT_H */
