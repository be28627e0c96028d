/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CAPTURE_META_H
#define MIRROR_CAPTURE_META_H

/**
 * @file
 * What captures say beside the packets' bytes. A pcap has no field for most of it: only for a packet's time and lengths,
 * and for one interface's link type.
 */

#include <stdbool.h>
#include <stdint.h>

/** The longest packet of most link types that libpcap reads unless a file promises longer ones. */
#define MIRROR_CAPTURE_SNAPLEN 262144

/** The most that a section, an interface, a statistics takes. */
#define MIRROR_CAPTURE_SECTION_SIZE    384
#define MIRROR_CAPTURE_INTERFACE_SIZE  576
#define MIRROR_CAPTURE_STATISTICS_SIZE 104
/** The most that a packet takes beside its bytes. */
#define MIRROR_CAPTURE_PACKET_OVERHEAD 80
/** With so many bytes there is room for all of these. */
#define MIRROR_CAPTURE_LEAST                                           \
	(MIRROR_CAPTURE_SECTION_SIZE + MIRROR_CAPTURE_INTERFACE_SIZE + \
			MIRROR_CAPTURE_STATISTICS_SIZE + MIRROR_CAPTURE_PACKET_OVERHEAD)

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

/** What a capture is made with. "": not known. */
struct mirror_capture_section {
	char hardware[128];
	char os[128];
	char application[64];
};

/** What packets were seen on. Texts are UTF-8, cut behind 255 bytes; NULL or "": nothing to say. */
struct mirror_capture_interface {
	const char *name;
	const char *description;
	uint32_t link_type; /* as capture files number it */
	uint8_t fcs_length; /* bytes of check sequence that frames end with */
};

/** What is told of a packet. */
struct mirror_capture_packet {
	uint64_t time_ns;   /* since 1970 */
	uint64_t id;        /* its number; 0: none */
	uint64_t dropped;   /* packets that were lost since the one before */
	uint32_t interface; /* its number: they count from 0 in the order in which they are written */
	uint32_t captured_length; /* as much of it is written, or less: all that there is */
	uint32_t original_length;
	uint16_t queue;
	bool has_queue; /* the queue is known */
	enum mirror_capture_direction direction;
	uint64_t end; /* written by whoever takes it: how many bytes the capture has with it */
};

/** What became of the packets that an interface has seen so far. */
struct mirror_capture_counters {
	uint64_t received;
	uint64_t accepted; /* of these, by selection */
	uint64_t dropped;  /* of these, since they could not be taken */
	uint64_t full; /* of these, since nobody took them in time; the others are in the capture */
};

struct mirror_capture_statistics {
	uint32_t interface;
	uint64_t time_ns;
	uint64_t start_ns;
	uint64_t end_ns; /* 0: it goes on */
	struct mirror_capture_counters counters;
};

#endif /* MIRROR_CAPTURE_META_H */
