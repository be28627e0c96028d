/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_PACKETS_H
#define MIRROR_FFI_PACKETS_H

/**
 * @file
 * Packets that somebody holds, as an application does while it works on them: who else refers to them can be seen, and
 * they can be written to. For tests of drivers. Each queue must have one user at a time.
 */

#include <stdbool.h>
#include <stdint.h>

#include "burst.h"

/** Where packets have their data. */
enum ffi_packets_form {
	FFI_PACKETS_DIRECT = 0, /* in their own mbufs */
	FFI_PACKETS_INDIRECT,   /* in other mbufs, which they refer to */
	FFI_PACKETS_EXTERNAL,   /* in memory of no pool; one segment each */
};

/** What is to be seen of a packet. */
struct ffi_packet {
	uint32_t length;
	uint16_t segments;
	uint16_t references; /* the most that one of its segments has */
	uint64_t ol_flags;   /* but for those that say where its data is */
	uint64_t tx_offload;
	uint16_t vlan_tci;
};

struct ffi_packets;

/**
 * Makes packets of frames.
 *
 * @param target
 *   As for ffi_burst_send(); port and queue are not looked at.
 * @return
 *   0 or -errno as of ffi_burst_send()
 */
int ffi_packets_make(const struct ffi_burst_target *target, enum ffi_packets_form form,
		const struct ffi_frames *frames, struct ffi_packets **packets);

/** Receives one burst of at most limit packets. 0; -ENOMEM: nothing was received. */
int ffi_packets_receive(
		uint16_t port_id, uint16_t queue_id, uint16_t limit, struct ffi_packets **packets);

/** Has the port's driver prepare those that are held, as packets with offloads are to be: how many can be sent. */
uint16_t ffi_packets_prepare(struct ffi_packets *packets, uint16_t port_id, uint16_t queue_id);

/**
 * Sends those that are held, as one burst.
 *
 * @param share
 *   Go on holding all of them, by a reference of our own to each segment, as a mirror does. Else those that the port
 *   takes are held no more.
 * @return
 *   How many the port has taken, the first ones.
 */
uint16_t ffi_packets_send(
		struct ffi_packets *packets, uint16_t port_id, uint16_t queue_id, bool share);

uint16_t ffi_packets_count(const struct ffi_packets *packets);

/** Tells of each packet; infos has room for all. */
void ffi_packets_look(const struct ffi_packets *packets, struct ffi_packet *infos);

/** Writes over all their data. */
void ffi_packets_overwrite(struct ffi_packets *packets, uint8_t byte);

/** Copies them out; give the frames back with ffi_burst_release(). 0 or -ENOMEM. */
int ffi_packets_frames(const struct ffi_packets *packets, struct ffi_frames *frames);

/** Gives all back. */
void ffi_packets_close(struct ffi_packets *packets);

/** How many buffers of no pool are in use; less than 0: one was given back twice. */
int64_t ffi_packets_external(void);

#endif /* MIRROR_FFI_PACKETS_H */
