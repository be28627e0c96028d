/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "pcap.h"

#define NS_PER_S 1000000000

/* The magic number for nanoseconds, and the format's version. */
#define PCAP_MAGIC 0xa1b23c4d
#define PCAP_MAJOR 2
#define PCAP_MINOR 4

/* Link types of which libpcap reads longer packets. */
#define LINK_DBUS       231
#define LINK_USBPCAP    249
#define LINK_EBHSCR     279
#define DBUS_LONGEST    (128 << 20)
#define USBPCAP_LONGEST (128 << 20)
#define EBHSCR_LONGEST  (8 << 20)

/* In the link type: that there is a length of the check sequence, and that, in units of two bytes. */
#define PCAP_HAS_FCS   0x04000000
#define PCAP_FCS_SHIFT 28
#define PCAP_FCS_UNIT  2
#define PCAP_FCS_MAX   30

struct pcap_start {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t reserved[2];
	uint32_t snaplen;
	uint32_t link_type;
};

struct pcap_header {
	uint32_t seconds;
	uint32_t nanoseconds;
	uint32_t captured_length;
	uint32_t original_length;
};

_Static_assert(sizeof(struct pcap_start) == MIRROR_CAPTURE_PCAP_START_SIZE, "as in files");
_Static_assert(sizeof(struct pcap_header) == MIRROR_CAPTURE_PCAP_HEADER_SIZE, "as in files");

uint32_t
mirror_capture_pcap_longest(uint32_t link_type)
{
	switch (link_type) {
	case LINK_DBUS:
		return DBUS_LONGEST;
	case LINK_USBPCAP:
		return USBPCAP_LONGEST;
	case LINK_EBHSCR:
		return EBHSCR_LONGEST;
	default:
		return MIRROR_CAPTURE_SNAPLEN;
	}
}

uint8_t
mirror_capture_pcap_take_fcs(uint32_t *link_type)
{
	const uint32_t fcs = UINT32_C(0xf) << PCAP_FCS_SHIFT | PCAP_HAS_FCS, had = *link_type;

	*link_type &= ~fcs;
	return (had & PCAP_HAS_FCS) != 0 ? (had >> PCAP_FCS_SHIFT) * PCAP_FCS_UNIT : 0;
}

/* A length that a pcap cannot have is left out. */
static uint32_t
pcap_link_type(const struct mirror_capture_interface *interface)
{
	const uint32_t fcs_length = interface->fcs_length;

	if (fcs_length == 0 || fcs_length > PCAP_FCS_MAX || fcs_length % PCAP_FCS_UNIT != 0)
		return interface->link_type;
	return interface->link_type | PCAP_HAS_FCS | fcs_length / PCAP_FCS_UNIT << PCAP_FCS_SHIFT;
}

void
mirror_capture_pcap_start(const struct mirror_capture_interface *interface, uint8_t *buffer)
{
	const struct pcap_start start = {
		.magic = PCAP_MAGIC,
		.major = PCAP_MAJOR,
		.minor = PCAP_MINOR,
		.snaplen = mirror_capture_pcap_longest(interface->link_type),
		.link_type = pcap_link_type(interface),
	};

	memcpy(buffer, &start, sizeof(start));
}

void
mirror_capture_pcap_header(const struct mirror_capture_packet *packet, uint32_t captured_length,
		uint8_t *buffer)
{
	const struct pcap_header header = {
		.seconds = packet->time_ns / NS_PER_S,
		.nanoseconds = packet->time_ns % NS_PER_S,
		.captured_length = captured_length,
		.original_length = packet->original_length,
	};

	memcpy(buffer, &header, sizeof(header));
}

size_t
mirror_capture_pcap_record_size(const uint8_t *record)
{
	struct pcap_header header;

	memcpy(&header, record, sizeof(header));
	return sizeof(header) + header.captured_length;
}
