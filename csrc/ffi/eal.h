/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_EAL_H
#define MIRROR_FFI_EAL_H

/**
 * @file
 * EAL: start and end, lcores, and devices that come and go.
 */

#include <stdbool.h>
#include <stdint.h>

/** Bytes of a port's name, the terminating 0 included. */
#define FFI_EAL_NAME_SIZE 64

/** The name of a port. */
struct ffi_eal_port {
	char name[FFI_EAL_NAME_SIZE];
};

/** The series of DPDK's releases that this was built for, such as "22.11". Needs no EAL, as the next. */
const char *ffi_eal_series(void);

/** What DPDK's libraries say that they are: "DPDK 22.11.11". */
const char *ffi_eal_release(void);

/** How many lcores this DPDK can have at most. */
uint32_t ffi_eal_max_lcores(void);

/**
 * Starts EAL, which logs and prints into the log of log.h.
 *
 * The calling thread becomes the main lcore. EAL pins it, and keeps pointers into argv; what it starts gets no signals.
 *
 * @return
 *   0 or -errno: -EALREADY when EAL has been started before, -EIO when EAL tells no reason.
 */
int ffi_eal_init(int argc, char **argv);

/** Whether EAL has been started, and not ended. */
bool ffi_eal_is_up(void);

/** Ends EAL, for good. 0 or -errno. */
int ffi_eal_cleanup(void);

/**
 * Copies the name of the folder that EAL keeps its sockets in.
 *
 * @return
 *   0; -ERANGE: it is longer than size.
 */
int ffi_eal_runtime_directory(char *path, uint32_t size);

/** Lists the worker lcores. Returns how many there are; fills up to size. */
uint32_t ffi_eal_workers(uint32_t *lcores, uint32_t size);

/** Adds a device. 0 or -errno: -EEXIST when it is there, -EIO when its driver tells no reason. */
int ffi_eal_plug(const char *bus, const char *device, const char *args);

/** Takes a device away, with its ports. 0 or -errno: -ENODEV when it is not there. */
int ffi_eal_unplug(const char *bus, const char *device);

/** Lists a device's ports, or with NULL all ports. Returns how many there are; fills up to size. */
uint32_t ffi_eal_ports(const char *device, struct ffi_eal_port *ports, uint32_t size);

#endif /* MIRROR_FFI_EAL_H */
