/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PORT_GUARD_H
#define MIRROR_PORT_GUARD_H

/**
 * @file
 * Keeps a port while its driver is asked something.
 *
 * Any thread of the application's may remove a port, and ethdev has no call that keeps it. But it tells of the end while
 * the driver can still answer, in the thread that removes the port, which may hold any lock. So nothing here takes one:
 * whoever asks says so and then looks whether the port is going; whoever removes it says so and then waits until nobody asks.
 */

#include <stdbool.h>
#include <stdint.h>

/** Watches ports go from now on: 0 or -errno. */
int mirror_port_guard_watch(void);
/** Whether there is such a port and it is not going. ethdev takes it for a valid one until its end is over. */
bool mirror_port_is_there(uint16_t port_id);
/** Whether it is there, and stays until mirror_port_release(). Never waits; to be held for a question to the driver alone. */
bool mirror_port_hold(uint16_t port_id);
void mirror_port_release(uint16_t port_id);

#endif /* MIRROR_PORT_GUARD_H */
