/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "target.h"

static int
check(const struct target *target)
{
	int rc = mirror_target_path_check(target);

	return rc == 0 ? mirror_stream_socket_check(target->value, target->shown) : rc;
}

static int
open_stream(struct target *target)
{
	struct capture_sink_config config = { .format = MIRROR_CAPTURE_PCAPNG, .fd = -1 };
	int rc = mirror_stream_socket_open(&config.socket, target->value, target->shown);

	if (rc != 0)
		return rc;
	rc = mirror_target_capture_open(target, &config);
	if (rc != 0)
		mirror_stream_socket_close(&config.socket);
	return rc;
}

const struct target_kind mirror_target_stream = {
	.name = "stream",
	.value = "[SOCKET]",
	.meaning = "pcapng, to whoever connects to a UNIX socket; without a path the application chooses one",
	.choose_value = mirror_stream_socket_choose,
	.check = check,
	.open = open_stream,
	.is_stream = true,
};
