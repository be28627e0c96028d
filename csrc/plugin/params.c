/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "mirrors.h"
#include "params.h"
#include "refusal.h"

int
params_text(struct pairs *params, const char *key, const char **value)
{
	*value = pairs_take(params, key);
	if (*value == NULL)
		return plugin_refuse(EINVAL, "parameter %s: missing, give %s=...", key, key);
	return 0;
}

int
params_number(struct pairs *params, const char *key, uint32_t max, uint32_t *value)
{
	const char *text = pairs_take(params, key);
	uint64_t number;

	if (text == NULL)
		return 0;
	if (text[0] == '\0' || strlen(text) > 10 || text[strspn(text, "0123456789")] != '\0')
		return plugin_refuse(EINVAL, "parameter %s=%.32s: not a number", key, text);
	number = strtoull(text, NULL, 10);
	if (number > max)
		return plugin_refuse(EINVAL, "parameter %s=%s: not within 0 to %" PRIu32, key, text,
				max);
	*value = (uint32_t)number;
	return 0;
}

int
params_answer(struct pairs *params, const char *key, bool *value)
{
	const char *text = pairs_take(params, key);

	*value = text != NULL && strcmp(text, "yes") == 0;
	if (text == NULL || *value || strcmp(text, "no") == 0)
		return 0;
	return plugin_refuse(EINVAL, "parameter %s=%.32s: none of no, yes", key, text);
}

int
params_mirror(struct pairs *params, uint32_t *mirror_id)
{
	const char *name_or_id;
	int rc = params_text(params, "mirror", &name_or_id);

	return rc == 0 ? mirrors_find(name_or_id, mirror_id) : rc;
}

int
params_end(const struct pairs *params, const char *known)
{
	const struct pair *left = pairs_left(params);

	if (left == NULL)
		return 0;
	return plugin_refuse(EINVAL, "parameter %.32s: no such parameter, there %s%s", left->key,
			known[0] != '\0' ? "are " : "is none", known);
}
