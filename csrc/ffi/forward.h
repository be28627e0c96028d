/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_FORWARD_H
#define MIRROR_FFI_FORWARD_H

/**
 * @file
 * Forwarding loops on EAL's worker lcores.
 *
 * A forwarder receives on all rx queues of a source and transmits on a sink, and back where that is asked for. Each
 * queue that it uses must have no other user meanwhile.
 */

#include <stdbool.h>
#include <stdint.h>

enum ffi_forward_mode {
	FFI_FORWARD_IO = 0,  /* packets as they are */
	FFI_FORWARD_MACSWAP, /* destination and source MAC addresses exchanged, in place */
	FFI_FORWARD_DRAIN,   /* received and freed */
};

struct ffi_forward_config {
	enum ffi_forward_mode mode;
	uint16_t source;
	uint16_t sink; /* not looked at by FFI_FORWARD_DRAIN */
	uint16_t source_rx_queues;
	uint16_t source_tx_queues; /* 0: one way */
	uint16_t sink_rx_queues;   /* 0: one way */
	uint16_t sink_tx_queues;
	uint16_t workers;  /* lcores to use; 0: all that are free and have something to do */
	uint64_t budget;   /* packets to receive on the source in all; 0: no end */
	uint32_t retry_ms; /* offer refused packets again, for so long without progress */
};

/** One way's counters. */
struct ffi_forward_counters {
	uint64_t rx_packets;
	uint64_t rx_bytes;
	uint64_t tx_packets; /* taken by the far end */
	uint64_t tx_bytes;
	uint64_t lost; /* received, but refused by the far end */
};

struct ffi_forward_stats {
	struct ffi_forward_counters forth; /* source to sink */
	struct ffi_forward_counters back;
	uint64_t idle_ns; /* since the source last gave a packet, or since the start */
	uint16_t workers; /* lcores in use */
	bool running;     /* not stopped */
};

struct ffi_forward;

/**
 * Starts the loops.
 *
 * @return
 *   0; -EINVAL: queues to receive from but none to transmit on, or no queue at all; -EBUSY: not that many workers are
 *   free; -ENOMEM
 */
int ffi_forward_start(const struct ffi_forward_config *config, struct ffi_forward **forward);

/** Stops the loops; returns when the lcores have left them. A second call does nothing. */
void ffi_forward_stop(struct ffi_forward *forward);

/** Reads the counters, while it runs or afterwards. */
void ffi_forward_stats_get(const struct ffi_forward *forward, struct ffi_forward_stats *stats);

/** Stops, and frees. */
void ffi_forward_free(struct ffi_forward *forward);

#endif /* MIRROR_FFI_FORWARD_H */
