/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include <rte_ethdev.h>

#include "check.h"
#include "error.h"
#include "plan.h"
#include "registry.h"
#include "selection.h"

/* What adding a mirror would come to. */

static bool
contains(const uint32_t *ids, uint32_t nb, uint32_t id)
{
	uint32_t i;

	for (i = 0; i < nb && ids[i] != id; i++)
		continue;
	return i < nb;
}

/* Nobody sees this but the checks: the mutex is held until it is undone. */
static void
set_aside(const uint32_t *ids, uint32_t nb)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next)
		mirror->is_set_aside = contains(ids, nb, mirror->id);
}

int
rte_mirror_check(uint16_t source_port, const struct rte_mirror_param *param,
		const uint32_t *without, uint32_t nb_without)
{
	struct mirror_selection *selection;
	struct mirror trial = { .source_port = source_port };
	int rc;

	if (without == NULL && nb_without != 0)
		return mirror_refuse(EINVAL, "without is NULL: give the ids, or 0 of them");
	rc = mirror_registry_lock_for(param, &selection);
	if (rc != 0)
		return rc;
	trial.param = *param;
	trial.selection = selection;
	mirror_plan_stop_gone();
	set_aside(without, nb_without);
	rc = mirror_check_only(&trial, param->name);
	set_aside(NULL, 0);
	mirror_selection_leave(selection);
	mirror_registry_unlock();
	return rc;
}
