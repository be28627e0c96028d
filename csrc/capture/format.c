/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>
#include <string.h>

#include <rte_cycles.h>

#include "format.h"

/* pcap: the magic number for nanoseconds, and the format's version. */
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

/* In a pcap's link type: that there is a length of the check sequence, and that, in units of two bytes. */
#define PCAP_HAS_FCS   0x04000000
#define PCAP_FCS_SHIFT 28
#define PCAP_FCS_UNIT  2
#define PCAP_FCS_MAX   30

/* pcapng: types of blocks and options. */
#define SECTION_HEADER        0x0a0d0d0a
#define INTERFACE_DESCRIPTION 1
#define ENHANCED_PACKET       6
#define BYTE_ORDER_MAGIC      0x1a2b3c4d
#define OPTION_END            0
#define OPTION_IF_NAME        2
#define OPTION_EPB_FLAGS      2
#define OPTION_IF_TSRESOL     9
#define OPTION_IF_FCSLEN      13
#define TSRESOL_NS            9

/* Every block ends with its length once more. */
#define PCAPNG_LENGTH_SIZE 4

/* A packet's flags, the only option that one has here, with its header, and the end of the options. */
#define PACKET_OPTIONS_SIZE 12

struct pcap_header {
	uint32_t magic;
	uint16_t major;
	uint16_t minor;
	uint32_t reserved[2];
	uint32_t snaplen;
	uint32_t link_type;
};

struct pcap_record {
	uint32_t seconds;
	uint32_t nanoseconds;
	uint32_t captured_length;
	uint32_t original_length;
};

struct section_header {
	uint32_t type;
	uint32_t length;
	uint32_t byte_order;
	uint16_t major;
	uint16_t minor;
	int32_t section_length
			[2]; /* -1: not known; one number of 64 bits, but that would make the compiler pad */
	uint32_t length_again;
};

struct interface_description {
	uint32_t type;
	uint32_t length;
	uint16_t link_type;
	uint16_t reserved;
	uint32_t snaplen; /* 0: unlimited */
};

struct enhanced_packet {
	uint32_t type;
	uint32_t length;
	uint32_t interface;
	uint32_t time_high;
	uint32_t time_low;
	uint32_t captured_length;
	uint32_t original_length;
};

static uint32_t
padding(uint32_t length)
{
	return -length & 3;
}

static uint32_t
put(uint8_t *buffer, const void *data, uint32_t length)
{
	memcpy(buffer, data, length);
	return length;
}

static uint32_t
put_option(uint8_t *buffer, uint16_t code, const void *value, uint16_t length)
{
	const uint16_t header[] = { code, length };
	uint32_t at = put(buffer, header, sizeof(header));

	if (length > 0)
		at += put(buffer + at, value, length);
	memset(buffer + at, 0, padding(length));
	return at + padding(length);
}

static uint32_t
put_interface(uint8_t *buffer, const struct mirror_capture_interface *interface)
{
	struct interface_description block = {
		.type = INTERFACE_DESCRIPTION,
		.link_type = interface->link_type,
	};
	const uint8_t resolution = TSRESOL_NS;
	uint32_t at = sizeof(block);

	at += put_option(buffer + at, OPTION_IF_NAME, interface->name, strlen(interface->name));
	at += put_option(buffer + at, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
	if (interface->fcs_length != 0)
		at += put_option(buffer + at, OPTION_IF_FCSLEN, &interface->fcs_length,
				sizeof(interface->fcs_length));
	at += put_option(buffer + at, OPTION_END, NULL, 0);
	block.length = at + PCAPNG_LENGTH_SIZE;
	put(buffer, &block, sizeof(block));
	return at + put(buffer + at, &block.length, PCAPNG_LENGTH_SIZE);
}

uint32_t
mirror_capture_longest(
		enum mirror_capture_format format, const struct mirror_capture_interface *interface)
{
	if (format != MIRROR_CAPTURE_PCAP)
		return UINT32_MAX;
	switch (interface->link_type) {
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

uint32_t
mirror_capture_snaplen_offset(void)
{
	return sizeof(struct section_header) + offsetof(struct interface_description, snaplen);
}

uint8_t
mirror_capture_take_fcs(uint32_t *link_type)
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

uint32_t
mirror_capture_start(enum mirror_capture_format format,
		const struct mirror_capture_interface *interface, uint8_t *buffer)
{
	const struct pcap_header header = {
		.magic = PCAP_MAGIC,
		.major = PCAP_MAJOR,
		.minor = PCAP_MINOR,
		.snaplen = mirror_capture_longest(format, interface),
		.link_type = pcap_link_type(interface),
	};
	const struct section_header section = {
		.type = SECTION_HEADER,
		.length = sizeof(section),
		.byte_order = BYTE_ORDER_MAGIC,
		.major = 1,
		.section_length = { -1, -1 },
		.length_again = sizeof(section),
	};
	uint32_t at;

	if (format == MIRROR_CAPTURE_PCAP)
		return put(buffer, &header, sizeof(header));
	at = put(buffer, &section, sizeof(section));
	return at + put_interface(buffer + at, interface);
}

static uint32_t
packet_block_length(const struct mirror_capture_packet *packet)
{
	return sizeof(struct enhanced_packet) + packet->captured_length +
			padding(packet->captured_length) +
			(packet->direction != MIRROR_CAPTURE_UNKNOWN ? PACKET_OPTIONS_SIZE : 0) +
			PCAPNG_LENGTH_SIZE;
}

uint32_t
mirror_capture_header(enum mirror_capture_format format, const struct mirror_capture_packet *packet,
		uint8_t *buffer)
{
	const struct pcap_record record = {
		.seconds = packet->time_ns / NS_PER_S,
		.nanoseconds = packet->time_ns % NS_PER_S,
		.captured_length = packet->captured_length,
		.original_length = packet->original_length,
	};
	struct enhanced_packet block = {
		.type = ENHANCED_PACKET,
		.length = packet_block_length(packet),
		.time_high = packet->time_ns >> 32,
		.time_low = (uint32_t)packet->time_ns,
		.captured_length = packet->captured_length,
		.original_length = packet->original_length,
	};

	if (format == MIRROR_CAPTURE_PCAP)
		return put(buffer, &record, sizeof(record));
	return put(buffer, &block, sizeof(block));
}

uint32_t
mirror_capture_trailer(enum mirror_capture_format format,
		const struct mirror_capture_packet *packet, uint8_t *buffer)
{
	uint32_t length = packet_block_length(packet), at = padding(packet->captured_length);
	const uint32_t flags = packet->direction;

	if (format == MIRROR_CAPTURE_PCAP)
		return 0;
	memset(buffer, 0, at);
	if (packet->direction != MIRROR_CAPTURE_UNKNOWN) {
		at += put_option(buffer + at, OPTION_EPB_FLAGS, &flags, sizeof(flags));
		at += put_option(buffer + at, OPTION_END, NULL, 0);
	}
	return at + put(buffer + at, &length, PCAPNG_LENGTH_SIZE);
}
