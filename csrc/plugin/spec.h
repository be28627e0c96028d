/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef PLUGIN_SPEC_H
#define PLUGIN_SPEC_H

/**
 * @file
 * How to mirror, whatever the ports, between its text and struct rte_mirror_param. Keys and texts are those of
 * MirrorSpec in Python.
 */

#include <stdbool.h>

#include "pairs.h"
#include "rte_mirror.h"
#include "text.h"

/** Bytes that any spec's text fits into, the terminating 0 included. */
#define SPEC_TEXT_SIZE 4096

/** How many numbers and ranges a value may have. */
#define SPEC_RANGES_MAX 64

struct spec_ranges {
	uint16_t nb; /**< 0: none were given */
	struct rte_mirror_range ranges[SPEC_RANGES_MAX];
};

struct spec_sample {
	uint64_t one_in; /**< 0: none was given; of 32 bits */
	uint64_t seed;
	uint8_t random;
};

/** May be copied. */
struct spec {
	struct rte_mirror_param
			param; /**< without what points into the spec, and without the target port */
	char name[RTE_MIRROR_NAME_SIZE]; /**< "": none was given */

	/* Which packets: as struct rte_mirror_select, with what that points to. */
	char filter[PAIRS_TEXT_SIZE]; /**< "": none was given */
	struct compiled *compiled; /**< the filter, where somebody has compiled it; not counted */
	struct rte_mirror_mac mac;
	struct rte_mirror_flow flow;
	struct spec_ranges vlans, inner_vlans, queues;
	struct spec_sample sample;
	bool has_mac, has_flow;
};

/** What holds where nothing is said: both directions, mode auto. */
struct spec spec_default(void);
/**
 * Takes the spec's keys from pairs; what they do not name stays as it is. 0, or -EINVAL, the refusal kept. Whether the
 * values go together the library says itself, when it gets them.
 */
int spec_read(struct spec *spec, struct pairs *pairs);
/** Appends the spec as text; what spec_read() reads back. */
void spec_write(const struct spec *spec, struct text *text);
/** Appends the keys that spec_read() knows, with commas between. */
void spec_write_keys(struct text *text);
/** The parameters for the library; they point into the spec, and to select, which is written. */
struct rte_mirror_param spec_param(
		const struct spec *spec, uint16_t target_port, struct rte_mirror_select *select);
/** Writes what is selected, which points into the spec: whether that is not everything. */
bool spec_select(const struct spec *spec, struct rte_mirror_select *select);

/** rx, tx or both. */
const char *spec_directions(uint32_t directions);
const char *spec_mode(enum rte_mirror_mode mode);

#endif /* PLUGIN_SPEC_H */
