/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_FORMAT_H
#define MIRROR_CAPTURE_FORMAT_H

/**
 * @file
 * The bytes around the packets in capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
 * Both are in the host's byte order, as both allow.
 */

#include <stdint.h>

#include "meta.h"

/** The longest packet of most link types that libpcap reads unless a file promises longer ones. */
#define MIRROR_CAPTURE_SNAPLEN 262144

/** Room for all that comes before the first packet. */
#define MIRROR_CAPTURE_START_SIZE 384
/** Room for what comes before a packet's data, and for what comes behind it. */
#define MIRROR_CAPTURE_HEADER_SIZE  32
#define MIRROR_CAPTURE_TRAILER_SIZE 20

/**
 * The longest packet that can be written: readers take a pcap with a longer one for broken. The rest of that is left out;
 * its original length tells.
 */
uint32_t mirror_capture_longest(enum mirror_capture_format format,
		const struct mirror_capture_interface *interface);

/** Each writes to buffer and returns how many bytes. */
uint32_t mirror_capture_start(enum mirror_capture_format format,
		const struct mirror_capture_interface *interface, uint8_t *buffer);
uint32_t mirror_capture_header(enum mirror_capture_format format,
		const struct mirror_capture_packet *packet, uint8_t *buffer);
uint32_t mirror_capture_trailer(enum mirror_capture_format format,
		const struct mirror_capture_packet *packet, uint8_t *buffer);

/** Where the start of a pcapng has the longest packet, as a number of 32 bits; 0 there is MIRROR_CAPTURE_SNAPLEN for libpcap. */
uint32_t mirror_capture_snaplen_offset(void);

/** Takes the length of the check sequence, in bytes, out of the link type of a pcap. */
uint8_t mirror_capture_take_fcs(uint32_t *link_type);

#endif /* MIRROR_CAPTURE_FORMAT_H */
