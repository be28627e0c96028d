/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_VHOST_PEER_H
#define TESTS_C_VHOST_PEER_H

/**
 * @file
 * The virtual machine's end of a net_vhost port: as much of a vhost-user front-end, and of a virtio network driver, as
 * it takes to receive. Its memory is a memfd, so nobody needs hugepages.
 */

#include <stdint.h>

struct vhost_peer;

/** Connects to a port that waits at a socket; when it returns, the port can send, but there is no room for a frame. */
struct vhost_peer *vhost_peer_open(const char *path);
void vhost_peer_close(struct vhost_peer *peer);
/** Makes room for so many frames more. */
void vhost_peer_make_room(struct vhost_peer *peer, uint16_t nb_frames);
/** Takes a frame, and makes room for another: its length, 0 if there is none. */
uint32_t vhost_peer_receive(struct vhost_peer *peer, uint8_t *frame, uint32_t size);

#endif /* TESTS_C_VHOST_PEER_H */
