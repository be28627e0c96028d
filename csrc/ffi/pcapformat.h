/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_PCAPFORMAT_H
#define MIRROR_FFI_PCAPFORMAT_H

/**
 * @file
 * The bytes around the packets in capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
 * Both are in the host's byte order, as both allow.
 */

#include <stdint.h>

#include "writer.h"

/** The longest packet of most link types that libpcap reads unless a file promises longer ones. */
#define PCAPFORMAT_SNAPLEN 262144

/** Room for all that comes before the first packet. */
#define PCAPFORMAT_START_SIZE 384
/** Room for what comes before a packet's data, and for what comes behind it. */
#define PCAPFORMAT_HEADER_SIZE  32
#define PCAPFORMAT_TRAILER_SIZE 20

/** Which way a packet went, where that is known; the values are pcapng's. */
enum ffi_pcapformat_direction {
	PCAPFORMAT_UNKNOWN = 0,
	PCAPFORMAT_INBOUND = 1,
	PCAPFORMAT_OUTBOUND = 2,
};

/** What is told of a packet beside its data. */
struct ffi_pcapformat_packet {
	uint64_t time_ns; /**< since 1970 */
	uint32_t captured_length;
	uint32_t original_length;
	enum ffi_pcapformat_direction direction; /**< for pcapng; pcap has no place for it */
};

/**
 * The longest packet that can be written: readers take a pcap with a longer one for broken. The rest of that is left out;
 * its original length tells.
 */
uint32_t ffi_pcapformat_longest(const struct ffi_writer_config *config);

/** Each writes to buffer and returns how many bytes. */
uint32_t ffi_pcapformat_start(const struct ffi_writer_config *config, uint8_t *buffer);
uint32_t ffi_pcapformat_header(enum ffi_writer_format format,
		const struct ffi_pcapformat_packet *packet, uint8_t *buffer);
uint32_t ffi_pcapformat_trailer(enum ffi_writer_format format,
		const struct ffi_pcapformat_packet *packet, uint8_t *buffer);

/** Where the start of a pcapng has the longest packet, as a number of 32 bits; 0 there is PCAPFORMAT_SNAPLEN for libpcap. */
uint32_t ffi_pcapformat_snaplen_offset(void);

/** Takes the length of the check sequence, in bytes, out of the link type of a pcap. */
uint8_t ffi_pcapformat_take_fcs(uint32_t *link_type);

#endif /* MIRROR_FFI_PCAPFORMAT_H */
