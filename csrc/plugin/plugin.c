/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_common.h>
#include <rte_log.h>

#include "../eal_gate.h"
#include "endpoints.h"
#include "capture_sink.h"
#include "log.h"
#include "stream_socket.h"
#include "rte_mirror.h"
#include "status.h"

RTE_INIT(plugin_load)
{
	bool has_telemetry, has_socket;

	/* The library has said why it does nothing here, if so. */
	if (rte_mirror_list(NULL, 0) < 0) {
		mirror_status_loaded(rte_mirror_last_error());
		return;
	}
	mirror_stream_sockets_sweep();
	has_telemetry = mirror_telemetry_open();
	has_socket = mirror_socket_open();
	if (!has_telemetry && !has_socket)
		mirror_plugin_log(RTE_LOG_WARNING,
				"no telemetry here for plugins: " ENDPOINTS_REMEDY);
	else if (!has_socket)
		mirror_no_endpoint_watch();
	mirror_status_loaded(NULL);
}

/* Not only EAL ends, the process may without it. */
RTE_FINI(plugin_unload)
{
	mirror_eal_shut();
	mirror_capture_sinks_finish();
	mirror_socket_close();
}
