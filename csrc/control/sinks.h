/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_SINKS_H
#define MIRROR_CONTROL_SINKS_H

/**
 * @file
 * Layer 7, sinks.c: what the plugin has of control that applications have not.
 */

#include "../sink.h"

/**
 * Has mirrors send to it from now on, and starts its thread.
 *
 * @param[out] number
 *   For target_port of a mirror's parameters.
 * @return
 *   0 or -errno.
 */
int mirror_sink_add(const struct mirror_sink_ops *ops, void *sink, uint16_t *number);

/** Has its thread end, once no mirror sends there any more. Waits for nothing: end() says when that is done. */
void mirror_sink_remove(uint16_t number);

#endif /* MIRROR_CONTROL_SINKS_H */
