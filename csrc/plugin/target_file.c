/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "target.h"

static int
open_file(struct target *target)
{
	return mirror_target_file_open(target, MIRROR_CAPTURE_PCAPNG);
}

const struct target_kind mirror_target_file = {
	.name = "file",
	.value = "FILE",
	.meaning = "a new capture file, pcapng or, by its name, pcap, written until the mirror is removed",
	.check = mirror_target_file_check,
	.open = open_file,
	.clean_up = mirror_target_file_clean_up,
};
