/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_BURST_H
#define MIRROR_FFI_BURST_H

/**
 * @file
 * Frames between memory and ports, a burst at a time. Each queue must have one user at a time.
 */

#include <stdint.h>

#include <rte_mempool.h>

/** Frames in memory, one after another. */
struct ffi_frames {
	uint8_t *data;
	uint32_t *lengths;
	uint32_t count;
};

/** Where frames go, and as what. */
struct ffi_burst_target {
	struct rte_mempool *pool; /* gives the mbufs */
	uint16_t port_id;
	uint16_t queue_id;
	uint16_t max_segs;   /* of one packet */
	uint16_t vlan_tci;   /* of every mbuf: hazardous, see ol_flags */
	uint16_t seg_len;    /* bytes of a segment; 0: as many as fit */
	uint64_t ol_flags;   /* of every mbuf, as they are: drivers act on them without looking */
	uint64_t tx_offload; /* of every mbuf, as it is: lengths of headers */
};

/**
 * Sends frames as one burst of packets, each in as many segments as it needs.
 *
 * @return
 *   How many the port has taken; the others are gone. Or, with nothing sent:
 *   - -EINVAL: a frame of no bytes
 *   - -ERANGE: more frames than a burst can have, or a frame with more segments than the pool has mbufs
 *   - -ENOTSUP: a frame with more than max_segs segments
 *   - -ENOMEM: out of mbufs, or of memory
 */
int ffi_burst_send(const struct ffi_burst_target *target, const struct ffi_frames *frames);

/**
 * Receives one burst of at most limit packets as frames.
 *
 * @param[out] frames
 *   Give them back with ffi_burst_release().
 * @return
 *   0; -ENOMEM: what was received is lost.
 */
int ffi_burst_receive(
		uint16_t port_id, uint16_t queue_id, uint16_t limit, struct ffi_frames *frames);

/** Frees frames that ffi_burst_receive() made. */
void ffi_burst_release(struct ffi_frames *frames);

#endif /* MIRROR_FFI_BURST_H */
