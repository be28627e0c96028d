/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdio.h>

#include "../sentence.h"
#include "refusal.h"

int
mirror_plugin_refuse(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(mirror_sentence(), PLUGIN_REASON_SIZE, format, args);
	va_end(args);
	return -error;
}

const char *
mirror_plugin_reason(void)
{
	return mirror_sentence();
}
