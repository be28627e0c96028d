/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef PLUGIN_LIFE_H
#define PLUGIN_LIFE_H

/**
 * @file
 * Whether DPDK is up in this process, which EAL does not tell.
 */

#include <stdbool.h>

/** Whether EAL's memory is there. Needs nothing of EAL, may be called at any time. */
bool life_has_begun(void);
/** Marks the beginning, for life_is_over(), when it has begun; again does nothing. */
void life_mark(void);
/** Whether rte_eal_cleanup() has taken away what there was at life_mark(). */
bool life_is_over(void);

#endif /* PLUGIN_LIFE_H */
