/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "target.h"

static int
open_file(struct target *target)
{
	return mirror_target_file_open(target, MIRROR_CAPTURE_PCAP);
}

/* As files were called when the driver net_pcap wrote them. */
const struct target_kind mirror_target_pcap = {
	.name = "pcap",
	.value = "FILE",
	.meaning = "another name of file, for pcap unless the name is .pcapng",
	.check = mirror_target_file_check,
	.open = open_file,
	.clean_up = mirror_target_file_clean_up,
};
