/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_FRAMES_H
#define MIRROR_FFI_FRAMES_H

/**
 * @file
 * Packets of frames, and frames of packets.
 */

#include <stdint.h>

#include <rte_mbuf.h>

#include "burst.h"

/**
 * Makes a packet of each frame, in as many segments as it needs.
 *
 * @return
 *   0; -EINVAL: a frame of no bytes; -ERANGE: a frame with more segments than the pool has mbufs; -ENOTSUP: a frame
 *   with more than max_segs segments; -ENOMEM: out of mbufs
 */
int ffi_frames_to_packets(const struct ffi_burst_target *target, const struct ffi_frames *frames,
		struct rte_mbuf **pkts);

/**
 * Copies packets out.
 *
 * @param[out] frames
 *   Give them back with ffi_burst_release().
 * @return
 *   0; -ENOMEM
 */
int ffi_frames_of_packets(struct rte_mbuf *const *pkts, uint16_t nb, struct ffi_frames *frames);

#endif /* MIRROR_FFI_FRAMES_H */
