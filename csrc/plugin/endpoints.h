/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_ENDPOINTS_H
#define MIRROR_PLUGIN_ENDPOINTS_H

/**
 * @file
 * The endpoints that commands come in at: telemetry and a socket of the library's own. Opened when the library is loaded:
 * EAL is not up yet, and nothing of it may be used but what is said to be usable then.
 */

#include <stdbool.h>

/* eal_wait.c */

/**
 * Starts a thread that waits until EAL has memory, where a library that is loaded may not use it yet, and then calls run() with
 * mirror_eal_enter(), and end. Whether there is one.
 */
bool mirror_eal_wait(void (*run)(void *arg), void *arg);

/* telemetry.c */

/** Registers the commands. Whether there is telemetry for plugins, which EAL may not start, though. */
bool mirror_telemetry_open(void);

/* no_endpoint.c */

/** What is said where commands cannot come in. */
#define ENDPOINTS_REMEDY                                                             \
	"to control mirrors, run dpdk-mirror attach, or start the application with " \
	"DPDK_MIRROR_SOCKET=PATH in its environment"

/** If EAL is starting, or has started: logs it if EAL comes up without telemetry. */
void mirror_no_endpoint_watch(void);

/* socket.c */

/**
 * Starts a thread that waits for EAL and then serves the socket that DPDK_MIRROR_SOCKET names; if it is not set, does nothing.
 * Whether it is.
 */
bool mirror_socket_open(void);
/** Removes the socket. */
void mirror_socket_close(void);

#endif /* MIRROR_PLUGIN_ENDPOINTS_H */
