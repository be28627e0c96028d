/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include "mirrors.h"
#include "params.h"
#include "refusal.h"
#include "scalar.h"
#include "values.h"

int
mirror_params_text(struct pairs *params, const char *key, const char **value)
{
	*value = mirror_pairs_take(params, key);
	if (*value == NULL)
		return mirror_plugin_refuse(EINVAL, "parameter %s: missing, give %s=...", key, key);
	return 0;
}

int
mirror_params_number(struct pairs *params, const char *key, uint32_t max, uint32_t *value)
{
	const struct value_limits limits = { .max = max };
	const char *text = mirror_pairs_take(params, key);
	uint64_t number = *value;
	int rc = text != NULL ? mirror_value_read_number(key, text, limits, &number) : 0;

	*value = (uint32_t)number;
	return rc;
}

int
mirror_params_answer(struct pairs *params, const char *key, bool *value)
{
	const char *text = mirror_pairs_take(params, key);

	*value = false;
	return text != NULL ? mirror_value_read_answer(key, text, value) : 0;
}

int
mirror_params_mirror(struct pairs *params, uint32_t *mirror_id)
{
	const char *name_or_id;
	int rc = mirror_params_text(params, "mirror", &name_or_id);

	return rc == 0 ? mirror_ids_find(name_or_id, mirror_id) : rc;
}

int
mirror_params_mirror_alone(struct pairs *params, uint32_t *mirror_id)
{
	int rc = mirror_params_mirror(params, mirror_id);

	return rc == 0 ? mirror_params_end(params, "mirror") : rc;
}

int
mirror_params_end(const struct pairs *params, const char *known)
{
	const struct pair *left = mirror_pairs_left(params);

	if (left == NULL)
		return 0;
	return mirror_plugin_refuse(EINVAL, "parameter %.32s: no such parameter, there %s%s",
			left->key, known[0] != '\0' ? "are " : "is none", known);
}
