/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_PLAN_H
#define MIRROR_CONTROL_PLAN_H

/**
 * @file
 * Layer 5, plan.c: brings the data path in line with the mirrors. Called with the registry's mutex held.
 */

#include <stdint.h>

#include "mirror.h"

/**
 * Brings the points in line with the mirrors: covers new queues, takes stopped mirrors out, allots target queues.
 *
 * @param newcomer
 *   A mirror that is not published unless all of its queues can be covered; NULL: none.
 * @param timeout_us
 *   How long to wait for pollers.
 * @return
 *   0, or a negative errno, and nothing new is published:
 *   - -ETIMEDOUT: packets are no longer offered to mirrors that have stopped, but a poller may still be inside
 *   - another: the newcomer's queues cannot be covered, or out of memory
 */
int mirror_plan_apply(const struct mirror *newcomer, uint32_t timeout_us);
/** Stops, for good, the mirrors whose devices have gone; mirror_plan_apply() takes them out. */
void mirror_plan_stop_gone(void);

#endif /* MIRROR_CONTROL_PLAN_H */
