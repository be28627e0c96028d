/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_INTERFACES_H
#define MIRROR_CONTROL_INTERFACES_H

/**
 * @file
 * Layer 1, interfaces.c: the kernel's interfaces that ports are on, of whose end their drivers do not tell.
 */

#include <stdbool.h>
#include <stdint.h>

/**
 * Whether the interface that a started port sends to has been deleted. One that has been moved to another network namespace
 * has not, if it is net_tap's; net_af_packet's socket has lost it.
 */
bool mirror_port_has_lost_interface(uint16_t port_id);

#endif /* MIRROR_CONTROL_INTERFACES_H */
