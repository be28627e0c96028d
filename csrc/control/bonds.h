/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_BONDS_H
#define MIRROR_CONTROL_BONDS_H

/**
 * @file
 * Layer 1, bonds.c: what net_bonding does to packets.
 */

#include <stdbool.h>
#include <stdint.h>

/** Whether ports of that driver are bonds. */
bool mirror_driver_is_bond(const char *driver_name);
/**
 * Whether a started port is a bond that may write to the packets that it transmits: itself, through a bond that is its
 * member, or because its mode cannot be asked for.
 */
bool mirror_port_rewrites(uint16_t port_id);

#endif /* MIRROR_CONTROL_BONDS_H */
