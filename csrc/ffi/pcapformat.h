/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef FFI_PCAPFORMAT_H
#define FFI_PCAPFORMAT_H

/**
 * @file
 * The bytes around the packets in capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
 * Both are in the host's byte order, as both allow.
 */

#include <stdint.h>

#include "writer.h"

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

/** Each writes to buffer and returns how many bytes. */
uint32_t ffi_pcapformat_start(const struct ffi_writer_config *config, uint8_t *buffer);
uint32_t ffi_pcapformat_header(enum ffi_writer_format format,
		const struct ffi_pcapformat_packet *packet, uint8_t *buffer);
uint32_t ffi_pcapformat_trailer(enum ffi_writer_format format,
		const struct ffi_pcapformat_packet *packet, uint8_t *buffer);

#endif /* FFI_PCAPFORMAT_H */
