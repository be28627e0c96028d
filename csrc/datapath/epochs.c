/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "datapath.h"

/* Beneath all that looks at them; control counts them. */
uint32_t mirror_epochs[RTE_MAX_ETHPORTS];
