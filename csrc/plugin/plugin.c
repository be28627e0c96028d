/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_common.h>

#include "commands.h"
#include "doors.h"
#include "rte_mirror.h"

RTE_INIT(plugin_load)
{
	/* The library has said why it does nothing here, if so. */
	if (rte_mirror_list(NULL, 0) < 0)
		return;
	telemetry_open();
	socket_open();
}

RTE_FINI(plugin_unload)
{
	socket_close();
	commands_end();
}
