/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>

#include "compiled.h"
#include "refusal.h"

int
mirror_compiled_make(const char *expression, struct compiled **compiled)
{
	struct compiled *made = malloc(sizeof(*made));
	int rc;

	if (made == NULL)
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	made->nb_users = 1;
	rc = rte_mirror_filter_compile(expression, &made->filter);
	if (rc != 0) {
		free(made);
		return mirror_plugin_refuse_as_library(rc);
	}
	*compiled = made;
	return 0;
}

void
mirror_compiled_hold(struct compiled *compiled)
{
	if (compiled != NULL)
		compiled->nb_users++;
}

void
mirror_compiled_release(struct compiled *compiled)
{
	if (compiled == NULL || --compiled->nb_users > 0)
		return;
	rte_mirror_filter_free(compiled->filter);
	free(compiled);
}
