/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_META_H
#define MIRROR_CAPTURE_META_H

/**
 * @file
 * What captures say beside the packets' bytes.
 */

#include <stdint.h>

enum mirror_capture_format {
	MIRROR_CAPTURE_PCAPNG,
	MIRROR_CAPTURE_PCAP, /* with nanoseconds */
};

/** Which way a packet went, where that is known; the values are pcapng's. */
enum mirror_capture_direction {
	MIRROR_CAPTURE_UNKNOWN = 0,
	MIRROR_CAPTURE_INBOUND = 1,
	MIRROR_CAPTURE_OUTBOUND = 2,
};

/** What packets were seen on. */
struct mirror_capture_interface {
	const char *name;   /* for pcapng, less than 256 bytes; pcap has no place for it */
	uint32_t link_type; /* as capture files number it */
	uint8_t fcs_length; /* bytes of check sequence that frames end with */
};

/** What is told of a packet. */
struct mirror_capture_packet {
	uint64_t time_ns; /* since 1970 */
	uint32_t captured_length;
	uint32_t original_length;
	enum mirror_capture_direction direction; /* for pcapng; pcap has no place for it */
};

#endif /* MIRROR_CAPTURE_META_H */
