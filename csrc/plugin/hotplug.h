/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_HOTPLUG_H
#define MIRROR_PLUGIN_HOTPLUG_H

/**
 * @file
 * Virtual devices that come and go in an application which may plug devices itself, in any thread.
 *
 * EAL's list of device arguments has no lock. Whoever plugs a device adds to that list and then goes through it; whoever
 * removes one takes from it. So what is done here is done without going through the list, under the lock of the bus of
 * virtual devices, which the application takes when it removes one; and not while the application goes through the list
 * for one of its virtual devices, which the bus tells. Nothing tells when it adds to the list, or goes through it
 * for a device of another bus: that is a moment of less than a microsecond for each device.
 *
 * Every int is 0 or a negative errno; the refusal has been kept where it says so.
 */

#include <stdbool.h>

/** Finds what it needs of the bus: 0 or -errno, the refusal kept. */
int mirror_hotplug_init(void);
/** Makes a device. -EAGAIN: the application is plugging devices, and did not cease. */
int mirror_hotplug_add(const char *device, const char *args);
/** Removes one, whose port may be closed already. Waits for a moment in which the application plugs none. */
void mirror_hotplug_remove(const char *device);
/** A port has come in this thread: it is done with the list. */
void mirror_hotplug_seen_port(void);

#endif /* MIRROR_PLUGIN_HOTPLUG_H */
