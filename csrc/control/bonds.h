/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_BONDS_H
#define MIRROR_CONTROL_BONDS_H

/**
 * @file
 * Layer 1, bonds.c: ports that transmit through others, and what net_bonding does to packets.
 */

#include <stdbool.h>
#include <stdint.h>

/** Whether ports of that driver transmit through others: bonds, and those of net_failsafe. */
bool mirror_driver_has_parts(const char *driver_name);
/** Whether a port is one that others transmit through. Which these are cannot be asked for in one way in all releases. */
bool mirror_port_is_part(uint16_t port_id);
/**
 * Whether a started port is a bond that may write to the packets that it transmits: itself, through a bond that is its
 * member, or because its mode cannot be asked for.
 */
bool mirror_port_rewrites(uint16_t port_id);

#endif /* MIRROR_CONTROL_BONDS_H */
