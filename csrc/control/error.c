/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdio.h>

#include <rte_log.h>

#include "control.h"

RTE_LOG_REGISTER(mirror_logtype, lib.mirror, INFO);

static __thread char last_error[RTE_MIRROR_REASON_SIZE];

int
mirror_refuse(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_error, sizeof(last_error), format, args);
	va_end(args);
	MIRROR_LOG(ERR, "%s\n", last_error);
	return -error;
}

const char *
rte_mirror_last_error(void)
{
	return last_error;
}
