/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_FOUND_H
#define MIRROR_CONTROL_FOUND_H

/**
 * @file
 * Layer 1: what drivers were seen to do. Made by tests/verified.py --write of what it keeps in docs/drivers.
 */

/* clang-format off */
#define MIRROR_FOUND_NET_AF_PACKET .name = "net_af_packet", .reads_at_once = true
#define MIRROR_FOUND_NET_AF_XDP .name = "net_af_xdp", .reads_at_once = false
#define MIRROR_FOUND_NET_BONDING .name = "net_bonding", .reads_at_once = true
#define MIRROR_FOUND_NET_FAILSAFE .name = "net_failsafe", .reads_at_once = true
#define MIRROR_FOUND_NET_MEMIF .name = "net_memif", .reads_at_once = true
#define MIRROR_FOUND_NET_NULL .name = "net_null", .reads_at_once = true
#define MIRROR_FOUND_NET_PCAP .name = "net_pcap", .reads_at_once = true
#define MIRROR_FOUND_NET_RING .name = "net_ring", .reads_at_once = false
#define MIRROR_FOUND_NET_TAP .name = "net_tap", .reads_at_once = true
#define MIRROR_FOUND_NET_VHOST .name = "net_vhost", .reads_at_once = true
#define MIRROR_FOUND_NET_VIRTIO_USER .name = "net_virtio_user", .reads_at_once = false
/* clang-format on */

#endif /* MIRROR_CONTROL_FOUND_H */
