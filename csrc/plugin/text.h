/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_TEXT_H
#define MIRROR_PLUGIN_TEXT_H

/**
 * @file
 * Text that is put together in a buffer of fixed size.
 */

#include <stdbool.h>
#include <stddef.h>

#include <rte_common.h>

/** A text in the making: always terminated, and cut when the buffer is full. */
struct text {
	char *buffer;
	size_t size;
	size_t length; /**< without the terminating 0 */
	bool is_cut;   /**< it did not all fit; nothing more is appended */
};

/** Begins an empty text in a buffer of at least 1 byte. */
struct text mirror_text_begin(char *buffer, size_t size);
/** Appends all of it, or nothing, and is cut then. */
void mirror_text_append(struct text *text, const char *format, ...) __rte_format_printf(2, 3);
/** Appends a text in which all but printable ASCII, and quotes and backslashes, is written \xHH. */
void mirror_text_append_escaped(struct text *text, const char *value);
/** Appends a string of JSON's; bytes that are no ASCII come as the characters of those numbers. */
void mirror_text_append_json(struct text *text, const char *value);
/** Appends a text of somebody's for a person to read: as it is, but for what is no printable ASCII, which is \xHH. */
void mirror_text_append_shown(struct text *text, const char *value);

/** Whether it is UTF-8, and has no NUL before its end. */
bool mirror_text_is_utf8(const char *bytes, size_t length);

#endif /* MIRROR_PLUGIN_TEXT_H */
