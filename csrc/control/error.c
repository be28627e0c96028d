/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdio.h>

#include <rte_log.h>

#include "../sentence.h"
#include "error.h"
#include "rte_mirror.h"

int
mirror_refuse(int error, const char *format, ...)
{
	char *last_error = mirror_sentence();
	va_list args;
	size_t end;

	va_start(args, format);
	end = (size_t)vsnprintf(last_error, RTE_MIRROR_REASON_SIZE, format, args);
	va_end(args);
	if (end >= RTE_MIRROR_REASON_SIZE) {
		/* Cut, but no character of UTF-8 by halves: back to where the last one begins. */
		end = RTE_MIRROR_REASON_SIZE - 1;
		while (end > 0 && (last_error[end - 1] & 0xc0) == 0x80)
			end--;
		if (end > 0 && (last_error[end - 1] & 0x80) != 0)
			end--;
		last_error[end] = '\0';
	}
	/* Where it does nothing it has said so once. */
	if (mirror_inert() == NULL)
		MIRROR_LOG(ERR, "%s\n", last_error);
	return -error;
}

const char *
rte_mirror_last_error(void)
{
	return mirror_sentence();
}
