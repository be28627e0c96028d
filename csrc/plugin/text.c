/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

struct text
mirror_text_begin(char *buffer, size_t size)
{
	buffer[0] = '\0';
	return (struct text){ .buffer = buffer, .size = size };
}

void
mirror_text_append(struct text *text, const char *format, ...)
{
	const size_t room = text->size - text->length;
	va_list args;
	int length;

	if (text->is_cut)
		return;
	va_start(args, format);
	length = vsnprintf(text->buffer + text->length, room, format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room) {
		text->buffer[text->length] = '\0';
		text->is_cut = true;
		return;
	}
	text->length += length;
}

/* Appends a text in which all but printable ASCII, and the characters of others, is written \xHH. */
static void
append_but(struct text *text, const char *value, const char *others)
{
	for (; *value != '\0'; value++) {
		const unsigned char c = (unsigned char)*value;

		if (c < 0x20 || c > 0x7e || strchr(others, c) != NULL)
			mirror_text_append(text, "\\x%02x", c);
		else
			mirror_text_append(text, "%c", c);
	}
}

void
mirror_text_append_escaped(struct text *text, const char *value)
{
	append_but(text, value, "\"\\");
}

void
mirror_text_append_shown(struct text *text, const char *value)
{
	append_but(text, value, "");
}

void
mirror_text_append_json(struct text *text, const char *value)
{
	mirror_text_append(text, "\"");
	for (; *value != '\0'; value++) {
		const unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			mirror_text_append(text, "\\%c", c);
		else if (c < 0x20 || c > 0x7e)
			mirror_text_append(text, "\\u%04x", c);
		else
			mirror_text_append(text, "%c", c);
	}
	mirror_text_append(text, "\"");
}

/* The bytes of the character at the beginning; 0: none of UTF-8's. */
static size_t
utf8_length(const unsigned char *bytes, size_t length)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t nb = bytes[0] < 0x80 ? 1 : bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	uint32_t code;
	size_t i;

	if (nb == 1)
		return bytes[0] != 0;
	if (bytes[0] < 0xc0 || bytes[0] >= 0xf8 || nb > length)
		return 0;
	code = bytes[0] & (0x7f >> nb);
	for (i = 1; i < nb; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (bytes[i] & 0x3f);
	}
	if (code < least[nb] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	return nb;
}

bool
mirror_text_is_utf8(const char *bytes, size_t length)
{
	const unsigned char *next = (const unsigned char *)bytes;
	size_t nb;

	for (; length > 0; next += nb, length -= nb) {
		nb = utf8_length(next, length);
		if (nb == 0)
			return false;
	}
	return true;
}
