/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "head.h"

/* As much as is looked at to tell text. */
#define TEXT_SIZE             256

#define SECTION_HEADER        0x0a0d0d0a
#define INTERFACE_DESCRIPTION 1
#define BYTE_ORDER_MAGIC      0x1a2b3c4d
#define BYTE_ORDER_OFFSET     8
/* A block's type and length, and its length again at its end. */
#define BLOCK_HEADER_SIZE  8
#define BLOCK_TRAILER_SIZE 4
/* What comes before the options of an interface: link type, room, snaplen. */
#define INTERFACE_SIZE   8
#define OPTION_SIZE      4
#define OPTION_END       0
#define OPTION_IF_FCSLEN 13

static bool
is_text(const uint8_t *head, size_t size)
{
	size_t i;

	for (i = 0; i < RTE_MIN(size, (size_t)TEXT_SIZE); i++)
		if (!isprint(head[i]) && !isspace(head[i]))
			return false;
	return size > 0;
}

static uint32_t
get_32(const uint8_t *from, bool swapped)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return swapped ? rte_bswap32(value) : value;
}

static uint16_t
get_16(const uint8_t *from, bool swapped)
{
	uint16_t value;

	memcpy(&value, from, sizeof(value));
	return swapped ? rte_bswap16(value) : value;
}

const char *
ffi_head_reason(const uint8_t *head, size_t size)
{
	static const struct {
		const char *magic;
		const char *reason;
	} kinds[] = {
		{ "\x1f\x8b", "it is compressed: give what gzip -dc makes of it" },
		{ "\x28\xb5\x2f\xfd", "it is compressed: give what zstd -dc makes of it" },
		{ "\xfd"
		  "7zXZ",
				"it is compressed: give what xz -dc makes of it" },
		{ "BZh", "it is compressed: give what bzip2 -dc makes of it" },
		{ "\x04\x22\x4d\x18", "it is compressed: give what lz4 -dc makes of it" },
		{ "PK\x03\x04", "it is a zip archive: unpack it" },
	};
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++)
		if (size >= strlen(kinds[i].magic) &&
				memcmp(head, kinds[i].magic, strlen(kinds[i].magic)) == 0)
			return kinds[i].reason;
	if (size >= sizeof(uint32_t) && get_32(head, false) == SECTION_HEADER)
		return "a pcapng whose first blocks are cut off or broken";
	return is_text(head, size) ? "it is text" : NULL;
}

static uint8_t
find_fcs_length(const uint8_t *options, size_t size, bool swapped)
{
	size_t at = 0, length;
	uint16_t code;

	while (size - at >= OPTION_SIZE) {
		code = get_16(options + at, swapped);
		length = get_16(options + at + 2, swapped);
		at += OPTION_SIZE;
		if (code == OPTION_END || length > size - at)
			break;
		if (code == OPTION_IF_FCSLEN && length == 1)
			return options[at];
		at += RTE_MIN(RTE_ALIGN_CEIL(length, sizeof(uint32_t)), size - at);
	}
	return 0;
}

uint8_t
ffi_head_fcs_length(const uint8_t *head, size_t size)
{
	const size_t before = BLOCK_HEADER_SIZE + INTERFACE_SIZE;
	const size_t around = before + BLOCK_TRAILER_SIZE;
	size_t at = 0, length;
	bool swapped;

	if (size < BYTE_ORDER_OFFSET + sizeof(uint32_t) || get_32(head, false) != SECTION_HEADER)
		return 0;
	swapped = get_32(head + BYTE_ORDER_OFFSET, false) != BYTE_ORDER_MAGIC;
	while (size - at >= BLOCK_HEADER_SIZE) {
		length = get_32(head + at + sizeof(uint32_t), swapped);
		if (length < BLOCK_HEADER_SIZE + BLOCK_TRAILER_SIZE || length > size - at)
			break;
		if (get_32(head + at, swapped) == INTERFACE_DESCRIPTION)
			return length < around ? 0 :
						 find_fcs_length(head + at + before,
								 length - around, swapped);
		at += length;
	}
	return 0;
}
