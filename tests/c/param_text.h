/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_PARAM_TEXT_H
#define TESTS_C_PARAM_TEXT_H

/**
 * @file
 * The parameters that the library is given, as text in one form, which is Python's: for tests of what the plugin has
 * understood.
 */

#include "../../csrc/plugin/spec.h"

/** Bytes that any fit into, the terminating 0 included. */
#define PARAM_TEXT_SIZE 8192

/** Appends them, and what else the spec says: directions, mode and all that is not the default. */
void param_write(const struct rte_mirror_param *param, const struct spec *spec, struct text *text);

#endif /* TESTS_C_PARAM_TEXT_H */
