/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <string.h>

#include "pairs.h"
#include "refusal.h"
#include "text.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

static const char in_key[] = LETTERS DIGITS "_";
static const char in_plain[] = LETTERS DIGITS "_.:/+-";
static const char hex_digits[] = DIGITS "abcdef";

/* How much of a sentence may be what somebody wrote. */
#define QUOTE_SIZE 128

static int
refuse(const char *rest)
{
	char quote[QUOTE_SIZE];
	struct text text = mirror_text_begin(quote, sizeof(quote));

	mirror_text_append_shown(&text, rest);
	return mirror_plugin_refuse(EINVAL, "parameters '%s%s': not key=value,...", quote,
			text.is_cut ? "..." : "");
}

bool
mirror_pairs_is_plain(const char *value)
{
	return value[0] != '\0' && value[strspn(value, in_plain)] == '\0';
}

/* The byte that \xHH says, or -1. */
static int
escaped_byte(const char *escape)
{
	const char *high, *low;

	if (escape[0] != '\\' || escape[1] != 'x' || escape[2] == '\0' || escape[3] == '\0')
		return -1;
	high = strchr(hex_digits, escape[2]);
	low = strchr(hex_digits, escape[3]);
	if (high == NULL || low == NULL)
		return -1;
	return (int)((high - hex_digits) << 4 | (low - hex_digits));
}

/* Reads what stands between quotes, in its place, where it only gets shorter: its end, behind the quote; NULL: none. */
static char *
read_quoted(char *value, size_t *length)
{
	char *in = value, *out = value;
	int byte;

	while (*in != '"') {
		if (*in == '\\') {
			byte = escaped_byte(in);
			if (byte < 0)
				return NULL;
			*out++ = (char)byte;
			in += 4;
		} else if (*in >= ' ' && *in <= '~') {
			*out++ = *in++;
		} else {
			return NULL;
		}
	}
	*length = out - value;
	return in + 1;
}

static int
check_value(const struct pair *pair, size_t length)
{
	if (mirror_text_is_utf8(pair->value, length))
		return 0;
	return mirror_plugin_refuse(
			EINVAL, "parameter %.32s: its value is not UTF-8, or has a NUL", pair->key);
}

/* Reads one pair at next, which then is behind it. */
static int
read_pair(struct pair *pair, char **next)
{
	char *key = *next, *equals = key + strspn(key, in_key), *value = equals + 1, *end;
	size_t length;

	if (equals == key || *equals != '=')
		return refuse(key);
	if (*value == '"') {
		end = read_quoted(++value, &length);
	} else {
		length = strspn(value, in_plain);
		end = length > 0 ? value + length : NULL;
	}
	if (end == NULL || (*end != '\0' && *end != ',') || (*end == ',' && end[1] == '\0'))
		return refuse(key);
	*next = *end == ',' ? end + 1 : end;
	*equals = '\0';
	value[length] = '\0';
	*pair = (struct pair){ .key = key, .value = value };
	return check_value(pair, length);
}

static int
check_new(const struct pairs *pairs, const char *key)
{
	unsigned int i;

	for (i = 0; i < pairs->nb; i++) {
		if (strcmp(pairs->pairs[i].key, key) == 0)
			return mirror_plugin_refuse(EINVAL, "parameter %.32s: given twice", key);
	}
	return 0;
}

int
mirror_pairs_read(struct pairs *pairs, const char *text)
{
	char *next = pairs->text;
	int rc = 0;

	pairs->nb = 0;
	pairs->filter = NULL;
	pairs->peer = (struct peer){ 0 };
	if (text == NULL)
		return 0;
	if (strlen(text) >= sizeof(pairs->text))
		return mirror_plugin_refuse(
				EINVAL, "parameters: more than %zu bytes", sizeof(pairs->text) - 1);
	strcpy(pairs->text, text);
	while (rc == 0 && *next != '\0') {
		struct pair *pair = &pairs->pairs[pairs->nb];

		if (pairs->nb == PAIRS_MAX)
			return mirror_plugin_refuse(EINVAL, "parameters: more than %d", PAIRS_MAX);
		rc = read_pair(pair, &next);
		if (rc == 0)
			rc = check_new(pairs, pair->key);
		pairs->nb++;
	}
	return rc;
}

const char *
mirror_pairs_take(struct pairs *pairs, const char *key)
{
	unsigned int i;

	for (i = 0; i < pairs->nb; i++) {
		if (strcmp(pairs->pairs[i].key, key) == 0) {
			pairs->pairs[i].is_taken = true;
			return pairs->pairs[i].value;
		}
	}
	return NULL;
}

const struct pair *
mirror_pairs_left(const struct pairs *pairs)
{
	unsigned int i;

	for (i = 0; i < pairs->nb; i++) {
		if (!pairs->pairs[i].is_taken)
			return &pairs->pairs[i];
	}
	return NULL;
}
