/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_FORMAT_H
#define MIRROR_CAPTURE_FORMAT_H

/**
 * @file
 * The bytes of capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng), both in the host's byte
 * order, as both allow. No thread, no file, no allocation.
 *
 * A capture is a section, then interfaces, packets and statistics: each packet and each statistics behind its interface.
 * A pcap is one interface, then packets; the rest is nothing there, 0 bytes.
 *
 * Each mirror_capture_put_*() returns how many bytes it takes. When that is more than room, nothing was written.
 */

#include <stddef.h>
#include <stdint.h>

#include "meta.h"

struct rte_mbuf;

/**
 * The longest packet that can be written: readers take a pcap with a longer one for broken. The rest of that is left out;
 * its original length tells.
 */
uint32_t mirror_capture_longest(enum mirror_capture_format format, uint32_t link_type);

size_t mirror_capture_put_section(enum mirror_capture_format format,
		const struct mirror_capture_section *section, uint8_t *buffer, size_t room);

/** All promise packets of MIRROR_CAPTURE_SNAPLEN, or what is usual in a pcap: readers stop at an interface that differs. */
size_t mirror_capture_put_interface(enum mirror_capture_format format,
		const struct mirror_capture_interface *interface, uint8_t *buffer, size_t room);

/** Of the packet, however many segments it has, no more is read than these say they have. */
size_t mirror_capture_put_packet(enum mirror_capture_format format,
		const struct mirror_capture_packet *packet, const struct rte_mbuf *pkt,
		uint8_t *buffer, size_t room);

size_t mirror_capture_put_statistics(enum mirror_capture_format format,
		const struct mirror_capture_statistics *statistics, uint8_t *buffer, size_t room);

/** How long the record or block is that begins here: of what was written above, with 16 bytes of it at least. */
size_t mirror_capture_record_size(enum mirror_capture_format format, const uint8_t *record);
/** Whether it is a packet. Not for what a pcap begins with. */
bool mirror_capture_is_packet(enum mirror_capture_format format, const uint8_t *record);

#endif /* MIRROR_CAPTURE_FORMAT_H */
