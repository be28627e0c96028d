/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stddef.h>

#include "../datapath/datapath.h"
#include "../eal_gate.h"
#include "caller.h"
#include "error.h"
#include "load.h"

int
mirror_check_caller(void)
{
	const char *inert = mirror_inert();

	if (inert != NULL)
		return mirror_refuse(ENOTSUP, "%s", inert);
	/* What it would change is the parent's. */
	if (mirror_eal_is_inherited())
		return mirror_refuse(ENOTSUP,
				"this process was forked from the one that has the mirrors: call from there");
	/* Looked at first: whoever holds the mutex may be waiting for this very thread to leave. */
	if (mirror_poller_is_inside())
		return mirror_refuse(EDEADLK,
				"called from inside a mirror's data path: call from another thread");
	return 0;
}
