/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_PCAPNG_H
#define MIRROR_CAPTURE_PCAPNG_H

/**
 * @file
 * The blocks of a pcapng. As format.h has them; of a packet, what comes before its bytes and what comes behind them.
 */

#include <stddef.h>
#include <stdint.h>

#include "meta.h"

size_t mirror_capture_pcapng_section(
		const struct mirror_capture_section *section, uint8_t *buffer, size_t room);
size_t mirror_capture_pcapng_interface(
		const struct mirror_capture_interface *interface, uint8_t *buffer, size_t room);
size_t mirror_capture_pcapng_statistics(
		const struct mirror_capture_statistics *statistics, uint8_t *buffer, size_t room);

#define MIRROR_CAPTURE_PCAPNG_HEADER_SIZE 28

/** How long a packet's block is with so many bytes of it. */
uint64_t mirror_capture_pcapng_packet_size(
		const struct mirror_capture_packet *packet, uint32_t captured_length);
/** Writes what goes around so many bytes of a packet, which lie behind the header already. Returns the whole block's size. */
size_t mirror_capture_pcapng_frame(const struct mirror_capture_packet *packet,
		uint32_t captured_length, uint8_t *buffer);

/** How long the block is that begins here, and whether it is a packet's. */
size_t mirror_capture_pcapng_block_size(const uint8_t *block);
bool mirror_capture_pcapng_is_packet(const uint8_t *block);

/** Where a pcapng's interface has the longest packet, as a number of 32 bits. */
size_t mirror_capture_pcapng_snaplen_offset(void);

#endif /* MIRROR_CAPTURE_PCAPNG_H */
