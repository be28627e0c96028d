/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_ERROR_H
#define MIRROR_CONTROL_ERROR_H

/**
 * @file
 * Layer 0: refusals, and the log. Uses load.h alone, and needs no mutex.
 */

#include <rte_common.h>
#include <rte_log.h>

#include "load.h"

#define MIRROR_LOG(level, ...) rte_log(RTE_LOG_##level, mirror_logtype, "MIRROR: " __VA_ARGS__)

/** Keeps the sentence for rte_mirror_last_error(), logs it, returns -error. */
int mirror_refuse(int error, const char *format, ...) __rte_format_printf(2, 3);

#endif /* MIRROR_CONTROL_ERROR_H */
