/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdio.h>

#include <rte_log.h>

#include "control.h"

static __thread char last_error[RTE_MIRROR_REASON_SIZE];

int
mirror_refuse(int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(last_error, sizeof(last_error), format, args);
	va_end(args);
	/* Where it does nothing it has said so once. */
	if (mirror_inert() == NULL)
		MIRROR_LOG(ERR, "%s\n", last_error);
	return -error;
}

const char *
rte_mirror_last_error(void)
{
	return last_error;
}
