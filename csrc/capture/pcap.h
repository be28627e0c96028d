/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_PCAP_H
#define MIRROR_CAPTURE_PCAP_H

/**
 * @file
 * The header and the records of a pcap, as format.h has them.
 */

#include <stddef.h>
#include <stdint.h>

#include "meta.h"

/** The longest packet that readers take of a link type. */
uint32_t mirror_capture_pcap_longest(uint32_t link_type);

#define MIRROR_CAPTURE_PCAP_START_SIZE  24
#define MIRROR_CAPTURE_PCAP_HEADER_SIZE 16

/** What a pcap begins with. */
void mirror_capture_pcap_start(const struct mirror_capture_interface *interface, uint8_t *buffer);
/** What so many bytes of a packet begin with. */
void mirror_capture_pcap_header(const struct mirror_capture_packet *packet,
		uint32_t captured_length, uint8_t *buffer);

/** How long the record is, or the file's header, that begins here. */
size_t mirror_capture_pcap_record_size(const uint8_t *record);

/** Takes the length of the check sequence, in bytes, out of the link type of a pcap. */
uint8_t mirror_capture_pcap_take_fcs(uint32_t *link_type);

#endif /* MIRROR_CAPTURE_PCAP_H */
