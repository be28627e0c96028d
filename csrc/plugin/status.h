/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_STATUS_H
#define MIRROR_PLUGIN_STATUS_H

/**
 * @file
 * What another process may read in this one's memory: whether the library works here, and where it listens.
 *
 * Who loads a library from outside learns nothing by dlopen()'s result, which no one is there to take. So there is a
 * symbol that debuggers and `dpdk-mirror attach` find by its name.
 */

#include <stdbool.h>
#include <stdint.h>

/** By which it is known. */
#define MIRROR_STATUS_MAGIC 0x524d4952u

/** Read as a number by others: one keeps its number for ever. */
enum mirror_status_state {
	MIRROR_STATUS_LOADING = 0,
	MIRROR_STATUS_READY = 1,
	MIRROR_STATUS_INERT = 2, /**< the library does nothing in this process */
};

/** As above. */
enum mirror_status_socket {
	MIRROR_SOCKET_NONE = 0,
	MIRROR_SOCKET_ASKED = 1, /**< a thread is at it, or waits for EAL */
	MIRROR_SOCKET_LISTENS = 2,
	MIRROR_SOCKET_REFUSED = 3,
	MIRROR_SOCKET_CLOSED = 4, /**< with EAL, or by the application */
};

/**
 * Grows at its end: `size` tells what there is. Texts end with a 0, and are there before the number that says so. One thread
 * writes at a time.
 */
struct rte_mirror_status {
	uint32_t magic;          /**< MIRROR_STATUS_MAGIC */
	uint32_t size;           /**< bytes of the struct */
	uint32_t state;          /**< enum mirror_status_state */
	uint32_t socket_state;   /**< enum mirror_status_socket */
	char version[32];        /**< of the library */
	char dpdk[32];           /**< the series that it was built for, such as "22.11" */
	char reason[256];        /**< why it is inert, or "" */
	char socket[108];        /**< where a socket of its own was asked for last, or "" */
	char socket_reason[256]; /**< why that was refused, or "" */
};

/** The library has been loaded. NULL: it works; else why not. */
void mirror_status_loaded(const char *reason);
/** A socket is asked for; false: one is, or listens. */
bool mirror_status_ask(const char *path);
/** Whether one is, or has been, asked for. */
bool mirror_status_has_socket(void);
/** What has become of it. `reason` may be NULL. */
void mirror_status_tell(enum mirror_status_socket state, const char *reason);

#endif /* MIRROR_PLUGIN_STATUS_H */
