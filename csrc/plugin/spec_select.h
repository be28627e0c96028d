/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_SPEC_SELECT_H
#define MIRROR_PLUGIN_SPEC_SELECT_H

/**
 * @file
 * The part of a spec that chooses packets. Those that read a value return 0, or -EINVAL, the refusal kept: name is what
 * it says the value is of. No value is empty.
 */

#include "spec.h"

int mirror_spec_read_filter(struct spec *spec, const char *name, const char *value);
int mirror_spec_read_mac(struct spec *spec, const char *name, const char *value);
int mirror_spec_read_flow(struct spec *spec, const char *name, const char *value);
int mirror_spec_read_sample(struct spec *spec, const char *name, const char *value);
/** Numbers and ranges up to last. */
int mirror_spec_read_ranges(
		struct spec_ranges *ranges, const char *name, const char *value, uint32_t last);
/** Writes what is selected, which points into the spec: whether that is not everything. */
bool mirror_spec_select(const struct spec *spec, struct rte_mirror_select *select);

#endif /* MIRROR_PLUGIN_SPEC_SELECT_H */
