/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* A library that says of itself what librte_mirror would. */

#include <stdint.h>

struct status {
	uint32_t magic, size, state, socket_state;
	char version[32], dpdk[32], reason[256], socket[108], socket_reason[256];
};

extern const struct status rte_mirror_status;

__attribute__((visibility("default"))) const struct status rte_mirror_status = {
	.magic = 0x524d4952,
	.size = sizeof(struct status),
	.state = STATE,
	.socket_state = sizeof(SOCKET) > 1 ? 2 : 0, /* it listens */
	.version = "9.8.7",
	.dpdk = "DPDK 22.11.11",
	.reason = REASON,
	.socket = SOCKET,
};
