/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdio.h>

#include <rte_log.h>

#include "log.h"
#include "refusal.h"

void
mirror_plugin_log(uint32_t level, const char *format, ...)
{
	/* The library's own: a name has one number. */
	int type = rte_log_register_type_and_pick_level("lib.mirror", RTE_LOG_INFO);
	char line[PLUGIN_REASON_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	rte_log(level, type, "MIRROR: %s\n", line);
}
