/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_HOST_H
#define MIRROR_CAPTURE_HOST_H

/**
 * @file
 * What captures say of the machine and the mirrors that they are made with.
 */

#include "rte_mirror.h"

#include "meta.h"

/** The processor, the system, and this library. Reads /proc. */
void mirror_capture_host(struct mirror_capture_section *section);

/** A mirror's counters as pcapng has them: what is accepted, and neither dropped nor full, is in the capture. */
void mirror_capture_count(
		const struct rte_mirror_stats *stats, struct mirror_capture_counters *counters);

#endif /* MIRROR_CAPTURE_HOST_H */
