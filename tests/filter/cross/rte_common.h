/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_CROSS_RTE_COMMON_H
#define TESTS_FILTER_CROSS_RTE_COMMON_H

#include "rte_mbuf.h"

#endif /* TESTS_FILTER_CROSS_RTE_COMMON_H */
