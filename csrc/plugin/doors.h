/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef PLUGIN_DOORS_H
#define PLUGIN_DOORS_H

/**
 * @file
 * Where commands come in. Opened when the library is loaded: EAL is not up yet, and nothing of it may be used but what
 * is said to be usable then.
 */

#include <stdbool.h>

/* telemetry.c */

/** Registers the commands. Whether there is telemetry for plugins. */
bool telemetry_open(void);

/* socket.c */

/**
 * Has a thread wait for EAL, and then serve the socket that DPDK_MIRROR_SOCKET names; if it is not set, does nothing.
 * Whether it is.
 */
bool socket_open(void);
/** Removes the socket. */
void socket_close(void);

#endif /* PLUGIN_DOORS_H */
