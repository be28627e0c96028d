/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdio.h>

#include "refusal.h"

static __thread char reason[PLUGIN_REASON_SIZE];

int
plugin_refuse(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return -error;
}

const char *
plugin_reason(void)
{
	return reason;
}
