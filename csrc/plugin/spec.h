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

#include "pairs.h"
#include "rte_mirror.h"
#include "text.h"

/** Bytes that any spec's text fits into, the terminating 0 included. */
#define SPEC_TEXT_SIZE 2048

/** May be copied. */
struct spec {
	struct rte_mirror_param
			param; /**< without what points into the spec, and without the target port */
	char name[RTE_MIRROR_NAME_SIZE]; /**< "": none was given */
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
/** The parameters for the library; they point into the spec. */
struct rte_mirror_param spec_param(const struct spec *spec, uint16_t target_port);

/** rx, tx or both. */
const char *spec_directions(uint32_t directions);
const char *spec_mode(enum rte_mirror_mode mode);

#endif /* PLUGIN_SPEC_H */
