/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_WATCH_H
#define MIRROR_CONTROL_WATCH_H

/**
 * @file
 * Layer 6, watch.c: what the plugin has of the thread that watches ports.
 */

/** Has also() called every 0.5 s while there are mirrors. It must not wait, and asks DPDK inside the gate alone. */
void mirror_watch_also(void (*also)(void));

#endif /* MIRROR_CONTROL_WATCH_H */
