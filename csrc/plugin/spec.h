/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_SPEC_H
#define MIRROR_PLUGIN_SPEC_H

/**
 * @file
 * How to mirror, whatever the ports: text, key=value,... with the keys of MirrorSpec in Python, and what that comes to
 * for the library.
 */

#include "lease.h"
#include "pairs.h"
#include "rte_mirror.h"
#include "spec_select.h"
#include "targets.h"
#include "text.h"

/** Bytes that any spec's text fits into, the terminating 0 included. */
#define SPEC_TEXT_SIZE PAIRS_TEXT_SIZE

/** What holds where nothing is said. */
#define SPEC_DEFAULT "directions=both,mode=auto"

/** May be copied. */
struct spec {
	char text[SPEC_TEXT_SIZE]; /**< as it was asked for, in the order of the keys' table */
	struct rte_mirror_param
			param; /**< without what points into the spec, and without a target */
	char name[RTE_MIRROR_NAME_SIZE]; /**< "": none was given */
	struct spec_select select;
	struct target_options options; /**< of the target, if it comes with the mirror */
	uint32_t lease;                /**< it ends after so many seconds; 0: it does not */
	struct lease_process ends_with;
};

/**
 * Reads what is asked for by a spec's text and by changes to it, of which it takes the spec's keys. An empty value of
 * what packets are chosen by takes back what the text says.
 *
 * 0, or -EINVAL, the refusal kept. Whether the values go together the library says itself, when it gets them.
 */
int mirror_spec_read(struct spec *spec, const char *text, struct pairs *changes);
/** Appends the keys that mirror_spec_read() knows, with commas between. */
void mirror_spec_write_keys(struct text *text);
/** The parameters for the library, without a target; they point into the spec, and to select, which is written. */
struct rte_mirror_param mirror_spec_param(
		const struct spec *spec, struct rte_mirror_select *select);

/** rx, tx or both. */
const char *mirror_spec_directions(uint32_t directions);
const char *mirror_spec_mode(enum rte_mirror_mode mode);

#endif /* MIRROR_PLUGIN_SPEC_H */
