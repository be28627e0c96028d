/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "scalar.h"

/* Before strtoull(), which takes spaces, signs and more. */
static size_t
count_digits(const char *text)
{
	return strspn(text, "0123456789");
}

bool
mirror_scalar_take_number(const char **text, uint64_t *number)
{
	const size_t length = count_digits(*text);
	uint64_t read;

	if (length == 0)
		return false;
	errno = 0;
	read = strtoull(*text, NULL, 10);
	if (errno != 0)
		return false;
	*number = read;
	*text += length;
	return true;
}

bool
mirror_scalar_read_number(const char *text, uint64_t *number)
{
	return mirror_scalar_is_digits(text) && mirror_scalar_take_number(&text, number);
}

bool
mirror_scalar_is_digits(const char *text)
{
	return text[count_digits(text)] == '\0';
}

bool
mirror_scalar_read_answer(const char *text, bool *yes)
{
	const bool is_yes = strcmp(text, "yes") == 0;

	if (!is_yes && strcmp(text, "no") != 0)
		return false;
	*yes = is_yes;
	return true;
}
