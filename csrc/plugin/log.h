/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_LOG_H
#define MIRROR_PLUGIN_LOG_H

/**
 * @file
 * What the plugin has to say without being asked, in the application's log.
 */

#include <stdint.h>

#include <rte_common.h>

/** One line; usable when the library is loaded, before EAL is up. level is one of rte_log.h's. */
void mirror_plugin_log(uint32_t level, const char *format, ...) __rte_format_printf(2, 3);

#endif /* MIRROR_PLUGIN_LOG_H */
