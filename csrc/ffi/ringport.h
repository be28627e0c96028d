/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_RINGPORT_H
#define MIRROR_FFI_RINGPORT_H

/**
 * @file
 * Ports over rings of ours. Of one with a single ring: what is put there is received from the port, and what is
 * transmitted on the port is found there. Two with crossed rings are the ends of a wire.
 */

#include <stdint.h>

struct rte_ring;

/** Most tx queues that such a port can have. */
#define FFI_RINGPORT_QUEUES 16

/**
 * Creates a port "net_ring_<name>" and the ring behind its one rx queue and all its tx queues.
 *
 * @param size
 *   Packets that the ring holds.
 * @param[out] ring
 *   The ring. Any number of threads may put packets on it, one may take them off.
 * @return
 *   0, or a negative errno:
 *   - -EEXIST: the name is taken
 *   - -ENAMETOOLONG, -EINVAL, -ENOMEM
 */
int ffi_ringport_create(
		const char *name, uint32_t size, uint16_t tx_queues, struct rte_ring **ring);

/** How many packets are on the ring. */
uint32_t ffi_ringport_count(const struct rte_ring *ring);

/**
 * Creates two ports, each of which receives what the other transmits, queue by queue.
 *
 * @param names
 *   Two; the ports are called "net_ring_<name>".
 * @param size
 *   Packets that each queue holds.
 * @param[out] rings
 *   2 * queues rings. Any threads may use them.
 * @return
 *   0, or a negative errno, and neither port is there:
 *   - -EEXIST: a name is taken
 *   - -ENAMETOOLONG, -EINVAL, -ENOMEM
 */
int ffi_ringport_cross(const char *const names[2], uint32_t size, uint16_t queues,
		struct rte_ring **rings);

/** Frees the ring of a port that is gone, and the packets on it. */
void ffi_ringport_free(struct rte_ring *ring);

#endif /* MIRROR_FFI_RINGPORT_H */
