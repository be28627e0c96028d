/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_CAPTURE_H
#define MIRROR_CAPTURE_CAPTURE_H

/**
 * @file
 * A capture that is being written, to a file, a pipe or a socket: one thread has packets, counters and the time, and the
 * capture does the rest.
 *
 * Nothing here waits but a file's disk. What a stream does not take at once, or a disk has no room for, waits in a buffer,
 * and is written with what comes later; once the buffer is full nothing more is taken. Records are whole, whatever
 * happens (output.h).
 *
 * Times are given twice: now_ns counts from anywhere and is never set (CLOCK_MONOTONIC), time_ns is since 1970.
 */

#include <stdbool.h>
#include <stdint.h>

#include "meta.h"

struct rte_mbuf;
struct mirror_capture;

/** How many interfaces one has. */
#define MIRROR_CAPTURE_INTERFACES 64

/** 0: none. */
struct mirror_capture_limits {
	uint64_t packets;
	uint64_t max_size; /* bytes, all that belongs to the capture included */
};

/** Which of them ended it. */
enum mirror_capture_end {
	MIRROR_CAPTURE_GOES_ON = 0,
	MIRROR_CAPTURE_ENDED_BY_PACKETS,
	MIRROR_CAPTURE_ENDED_BY_SIZE,
};

struct mirror_capture_config {
	int fd; /* open to write; the capture's own, from when it is open to its close */
	enum mirror_capture_format format;
	/* As much of a packet is written: 0: MIRROR_CAPTURE_SNAPLEN, as interfaces promise. With more a pcapng file's
	 * interfaces are told in the end; a stream's are not. */
	uint32_t longest;
	struct mirror_capture_limits limits;
	/* A socket's reader that asks for memory gets it (memory.h): then mirror_capture_is_shared() is to be heeded. */
	bool shares;
};

struct mirror_capture_status {
	uint64_t packets; /* that were taken */
	uint64_t bytes;   /* of these */
	uint64_t size;    /* bytes of the capture, with what is yet to be written */
	uint64_t written; /* bytes of records that are written whole */
	enum mirror_capture_end end;
};

/** 0; -ENOMEM; -errno. The section is written with what comes later. */
int mirror_capture_open(const struct mirror_capture_config *config, uint64_t now_ns,
		uint64_t time_ns, struct mirror_capture **capture);

/**
 * Adds what packets are seen on. Any time; a pcap has just one.
 *
 * @param[out] number
 *   For its packets and counters.
 * @return
 *   0; -E2BIG: there are too many; as of mirror_capture_write()
 */
int mirror_capture_add_interface(struct mirror_capture *capture,
		const struct mirror_capture_interface *interface, uint32_t *number);

/**
 * Takes packets: their bytes, so that the mbufs may go. Of what is told of each, captured_length is the most of it that is
 * wanted, and original_length at least what it has; id and dropped are the capture's to say, by the interface's counters.
 * end is written.
 *
 * @param[out] taken
 *   How many were, the first of them; also on error.
 * @return
 *   0: all; what is not taken may be given again, or dropped:
 *   - -ESHUTDOWN: a limit has been reached, see mirror_capture_status_get()
 *   - -EAGAIN: the stream takes no more now
 *   - -EPIPE, -ECONNRESET: nobody reads it any more
 *   - -ENOSPC, -EDQUOT, -EFBIG, or another of write(): the file takes no more; that is tried again ten times a second
 *   - -ENOMEM
 */
int mirror_capture_write(struct mirror_capture *capture, struct rte_mbuf *const *pkts,
		struct mirror_capture_packet *packets, unsigned int nb_pkts, unsigned int *taken);

/** What became of all packets of an interface so far: what is lost since the last call is told with its next packet. */
void mirror_capture_set_counters(struct mirror_capture *capture, uint32_t interface,
		const struct mirror_capture_counters *counters);

/** Writes what waits. 0: nothing does any more; otherwise as mirror_capture_write(). */
int mirror_capture_flush(struct mirror_capture *capture);

/** Whether a stream's reader reads memory: then it is the descriptor's being readable that tells of room, after -EAGAIN. */
bool mirror_capture_is_shared(const struct mirror_capture *capture);

/**
 * Does what is due: writes what has waited for a second, adds statistics every five, and looks whether the time is up. To
 * be called ten times a second at least. Returns as mirror_capture_write().
 */
int mirror_capture_tick(struct mirror_capture *capture, uint64_t now_ns, uint64_t time_ns);

void mirror_capture_status_get(
		const struct mirror_capture *capture, struct mirror_capture_status *status);

/** How many packets, of those taken, are yet to be written whole: they are lost if it is closed now. Looks at each. */
uint64_t mirror_capture_waiting(const struct mirror_capture *capture);

/** Adds the last statistics, and writes all that waits; to be called again after -EAGAIN. Returns as mirror_capture_flush(). */
int mirror_capture_finish(struct mirror_capture *capture, uint64_t time_ns);

/** Closes it in any state; what waits is lost. 0, or -errno of what the file system could not do, which some tell only now. */
int mirror_capture_close(struct mirror_capture *capture);

#endif /* MIRROR_CAPTURE_CAPTURE_H */
