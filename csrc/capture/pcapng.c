/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "pcapng.h"

/* Types of blocks. */
#define SECTION_HEADER        0x0a0d0d0a
#define INTERFACE_DESCRIPTION 1
#define INTERFACE_STATISTICS  5
#define ENHANCED_PACKET       6

#define BYTE_ORDER_MAGIC      0x1a2b3c4d
#define TSRESOL_NS            9

/* Options, which are numbered within each type of blocks. */
#define OPTION_END              0
#define OPTION_SHB_HARDWARE     2
#define OPTION_SHB_OS           3
#define OPTION_SHB_USERAPPL     4
#define OPTION_IF_NAME          2
#define OPTION_IF_DESCRIPTION   3
#define OPTION_IF_TSRESOL       9
#define OPTION_IF_FCSLEN        13
#define OPTION_EPB_FLAGS        2
#define OPTION_EPB_DROPCOUNT    4
#define OPTION_EPB_PACKETID     5
#define OPTION_EPB_QUEUE        6
#define OPTION_ISB_STARTTIME    2
#define OPTION_ISB_ENDTIME      3
#define OPTION_ISB_IFRECV       4
#define OPTION_ISB_IFDROP       5
#define OPTION_ISB_FILTERACCEPT 6
#define OPTION_ISB_OSDROP       7

/* An option's code and length; the end of all options is that alone. */
#define OPTION_HEADER_SIZE 4
/* Every block ends with its length once more. */
#define LENGTH_SIZE 4
#define TEXT_MAX    255

struct section_header {
	uint32_t type;
	uint32_t length;
	uint32_t byte_order;
	uint16_t major;
	uint16_t minor;
	int32_t section_length
			[2]; /* -1: not known; one number of 64 bits, but that would make the compiler pad */
};

struct interface_description {
	uint32_t type;
	uint32_t length;
	uint16_t link_type;
	uint16_t reserved;
	uint32_t snaplen;
};

struct interface_statistics {
	uint32_t type;
	uint32_t length;
	uint32_t interface;
	uint32_t time_high;
	uint32_t time_low;
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

_Static_assert(sizeof(struct enhanced_packet) == MIRROR_CAPTURE_PCAPNG_HEADER_SIZE, "as in files");

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

/* Nothing where there is nothing to say; no character is cut in two. */
static uint32_t
put_text(uint8_t *buffer, uint16_t code, const char *text)
{
	uint32_t length = text != NULL ? strlen(text) : 0;

	if (length > TEXT_MAX)
		for (length = TEXT_MAX; length > 0 && (text[length] & 0xc0) == 0x80;)
			length--;
	return length > 0 ? put_option(buffer, code, text, length) : 0;
}

static uint32_t
put_number(uint8_t *buffer, uint16_t code, uint64_t number)
{
	return put_option(buffer, code, &number, sizeof(number));
}

/* The higher half comes first, whatever the byte order. */
static uint32_t
put_time(uint8_t *buffer, uint16_t code, uint64_t time_ns)
{
	const uint32_t halves[] = { time_ns >> 32, (uint32_t)time_ns };

	return put_option(buffer, code, halves, sizeof(halves));
}

/* The end of a block of which so much is there; both of its lengths. Returns the second. */
static uint32_t
end_block(uint8_t *block, uint32_t at)
{
	const uint32_t length = at + LENGTH_SIZE;

	put(block + offsetof(struct section_header, length), &length, sizeof(length));
	put(block + at, &length, sizeof(length));
	return length;
}

/* A block as it is, where there is room. */
static size_t
put_block(const uint8_t *block, uint32_t length, uint8_t *buffer, size_t room)
{
	if (length <= room)
		memcpy(buffer, block, length);
	return length;
}

size_t
mirror_capture_pcapng_section(
		const struct mirror_capture_section *section, uint8_t *buffer, size_t room)
{
	const struct section_header header = {
		.type = SECTION_HEADER,
		.byte_order = BYTE_ORDER_MAGIC,
		.major = 1,
		.section_length = { -1, -1 },
	};
	uint8_t block[MIRROR_CAPTURE_SECTION_SIZE];
	uint32_t at = put(block, &header, sizeof(header));

	at += put_text(block + at, OPTION_SHB_HARDWARE, section->hardware);
	at += put_text(block + at, OPTION_SHB_OS, section->os);
	at += put_text(block + at, OPTION_SHB_USERAPPL, section->application);
	if (at > sizeof(header))
		at += put_option(block + at, OPTION_END, NULL, 0);
	return put_block(block, end_block(block, at), buffer, room);
}

size_t
mirror_capture_pcapng_interface(
		const struct mirror_capture_interface *interface, uint8_t *buffer, size_t room)
{
	const struct interface_description header = {
		.type = INTERFACE_DESCRIPTION,
		.link_type = interface->link_type,
		.snaplen = MIRROR_CAPTURE_SNAPLEN,
	};
	const uint8_t resolution = TSRESOL_NS;
	uint8_t block[MIRROR_CAPTURE_INTERFACE_SIZE];
	uint32_t at = put(block, &header, sizeof(header));

	at += put_text(block + at, OPTION_IF_NAME, interface->name);
	at += put_text(block + at, OPTION_IF_DESCRIPTION, interface->description);
	at += put_option(block + at, OPTION_IF_TSRESOL, &resolution, sizeof(resolution));
	if (interface->fcs_length != 0)
		at += put_option(block + at, OPTION_IF_FCSLEN, &interface->fcs_length,
				sizeof(interface->fcs_length));
	at += put_option(block + at, OPTION_END, NULL, 0);
	return put_block(block, end_block(block, at), buffer, room);
}

size_t
mirror_capture_pcapng_statistics(
		const struct mirror_capture_statistics *statistics, uint8_t *buffer, size_t room)
{
	const struct mirror_capture_counters *counters = &statistics->counters;
	const struct interface_statistics header = {
		.type = INTERFACE_STATISTICS,
		.interface = statistics->interface,
		.time_high = statistics->time_ns >> 32,
		.time_low = (uint32_t)statistics->time_ns,
	};
	uint8_t block[MIRROR_CAPTURE_STATISTICS_SIZE];
	uint32_t at = put(block, &header, sizeof(header));

	at += put_time(block + at, OPTION_ISB_STARTTIME, statistics->start_ns);
	if (statistics->end_ns != 0)
		at += put_time(block + at, OPTION_ISB_ENDTIME, statistics->end_ns);
	at += put_number(block + at, OPTION_ISB_IFRECV, counters->received);
	at += put_number(block + at, OPTION_ISB_IFDROP, counters->dropped);
	at += put_number(block + at, OPTION_ISB_FILTERACCEPT, counters->accepted);
	at += put_number(block + at, OPTION_ISB_OSDROP, counters->full);
	at += put_option(block + at, OPTION_END, NULL, 0);
	return put_block(block, end_block(block, at), buffer, room);
}

size_t
mirror_capture_pcapng_snaplen_offset(void)
{
	return offsetof(struct interface_description, snaplen);
}

static uint32_t
options_size(const struct mirror_capture_packet *packet)
{
	uint32_t size = 0;

	if (packet->direction != MIRROR_CAPTURE_UNKNOWN)
		size += OPTION_HEADER_SIZE + sizeof(uint32_t);
	if (packet->dropped != 0)
		size += OPTION_HEADER_SIZE + sizeof(uint64_t);
	if (packet->id != 0)
		size += OPTION_HEADER_SIZE + sizeof(uint64_t);
	if (packet->has_queue)
		size += OPTION_HEADER_SIZE + sizeof(uint32_t);
	return size > 0 ? size + OPTION_HEADER_SIZE : 0;
}

uint64_t
mirror_capture_pcapng_packet_size(
		const struct mirror_capture_packet *packet, uint32_t captured_length)
{
	return sizeof(struct enhanced_packet) + (uint64_t)captured_length +
			padding(captured_length) + options_size(packet) + LENGTH_SIZE;
}

static uint32_t
put_packet_options(uint8_t *buffer, const struct mirror_capture_packet *packet)
{
	const uint32_t flags = packet->direction, queue = packet->queue;
	uint32_t at = 0;

	if (packet->direction != MIRROR_CAPTURE_UNKNOWN)
		at += put_option(buffer + at, OPTION_EPB_FLAGS, &flags, sizeof(flags));
	if (packet->dropped != 0)
		at += put_number(buffer + at, OPTION_EPB_DROPCOUNT, packet->dropped);
	if (packet->id != 0)
		at += put_number(buffer + at, OPTION_EPB_PACKETID, packet->id);
	if (packet->has_queue)
		at += put_option(buffer + at, OPTION_EPB_QUEUE, &queue, sizeof(queue));
	return at > 0 ? at + put_option(buffer + at, OPTION_END, NULL, 0) : 0;
}

size_t
mirror_capture_pcapng_frame(const struct mirror_capture_packet *packet, uint32_t captured_length,
		uint8_t *buffer)
{
	const struct enhanced_packet header = {
		.type = ENHANCED_PACKET,
		.interface = packet->interface,
		.time_high = packet->time_ns >> 32,
		.time_low = (uint32_t)packet->time_ns,
		.captured_length = captured_length,
		.original_length = packet->original_length,
	};
	size_t at = put(buffer, &header, sizeof(header)) + (size_t)captured_length;

	memset(buffer + at, 0, padding(captured_length));
	at += padding(captured_length);
	at += put_packet_options(buffer + at, packet);
	return end_block(buffer, at);
}

size_t
mirror_capture_pcapng_block_size(const uint8_t *block)
{
	uint32_t length;

	memcpy(&length, block + offsetof(struct section_header, length), sizeof(length));
	return length;
}

bool
mirror_capture_pcapng_is_packet(const uint8_t *block)
{
	uint32_t type;

	memcpy(&type, block, sizeof(type));
	return type == ENHANCED_PACKET;
}
