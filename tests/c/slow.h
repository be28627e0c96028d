/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_SLOW_H
#define TESTS_C_SLOW_H

/**
 * @file
 * A driver that takes its time: rte_eth_dev_stop() of one port returns when the test says so.
 */

#include <stdint.h>

/** From now on whoever stops the port waits. */
void slow_begin(uint16_t port_id);
/** Waits until somebody does. */
void slow_wait(void);
/** Lets them go on. */
void slow_end(void);

#endif /* TESTS_C_SLOW_H */
