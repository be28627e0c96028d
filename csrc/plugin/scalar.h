/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_SCALAR_H
#define MIRROR_PLUGIN_SCALAR_H

/**
 * @file
 * Decimal numbers, and yes or no, in somebody's text. Results are untouched where there is none.
 */

#include <stdbool.h>
#include <stdint.h>

/** Takes a number from the front of *text, which then is behind it: whether there is one that fits 64 bits. */
bool mirror_scalar_take_number(const char **text, uint64_t *number);
/** Whether all of the text is such a number. */
bool mirror_scalar_read_number(const char *text, uint64_t *number);
/** Whether the text is digits alone, however many; "" is. */
bool mirror_scalar_is_digits(const char *text);
/** Whether the text is yes or no. */
bool mirror_scalar_read_answer(const char *text, bool *yes);

#endif /* MIRROR_PLUGIN_SCALAR_H */
