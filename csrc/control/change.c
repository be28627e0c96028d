/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include <rte_string_fns.h>

#include "check.h"
#include "drains.h"
#include "error.h"
#include "plan.h"
#include "registry.h"
#include "selection.h"

/* Changes to mirrors that there are. Each is called with the registry's mutex held. */

/* The mirror with that id, if it can be changed: 0 or -errno. */
static int
find_changeable(uint32_t mirror_id, struct mirror **mirror)
{
	mirror_plan_stop_gone();
	*mirror = mirror_find(mirror_id);
	if (*mirror == NULL)
		return -ENOENT;
	if ((*mirror)->state == RTE_MIRROR_STOPPED)
		return mirror_refuse(ENETDOWN, "%s is stopped, since %s: remove it",
				(*mirror)->name, (*mirror)->reason);
	return 0;
}

/* Checks parameters for a mirror as they are now. On success, changed is the mirror with them. */
static int
check_change(const struct mirror *mirror, const struct rte_mirror_param *param,
		struct mirror_selection *selection, struct mirror *changed)
{
	int rc;

	*changed = (struct mirror){ .id = mirror->id,
		.source_port = mirror->source_port,
		.param = *param,
		.selection = selection };
	changed->param.name = NULL;
	changed->param.select = NULL;
	rc = mirror_check(changed, param->name);
	if (rc != 0)
		return rc;
	/* A mirror never moves to another device, even if that has got the same number meanwhile. */
	if (changed->config.source_epoch != mirror->config.source_epoch ||
			changed->config.target_epoch != mirror->config.target_epoch)
		return mirror_refuse(ENODEV, "%s: its source or target was removed: remove it",
				mirror->name);
	return 0;
}

static void
set_state(struct mirror *mirror, enum rte_mirror_state state)
{
	mirror->state = state;
	rte_strscpy(mirror->reason, state == RTE_MIRROR_PAUSED ? "until it is resumed" : "",
			sizeof(mirror->reason));
}

static int
pause_mirror(uint32_t mirror_id)
{
	struct mirror *mirror;
	enum rte_mirror_state old;
	int rc = find_changeable(mirror_id, &mirror);

	if (rc != 0)
		return rc;
	old = mirror->state;
	set_state(mirror, RTE_MIRROR_PAUSED);
	/* Also if it is paused already: a poller may have been inside still when that was asked for. */
	rc = mirror_registry_apply(mirror, NULL);
	if (rc == 0)
		return mirror_registry_wait_quiet(&mirror, mirror_id);
	if (rc != -ETIMEDOUT)
		set_state(mirror, old);
	return rc;
}

static int
resume(uint32_t mirror_id)
{
	struct mirror *mirror, now;
	int rc = find_changeable(mirror_id, &mirror);

	if (rc != 0 || mirror->state != RTE_MIRROR_PAUSED)
		return rc;
	rc = check_change(mirror, &mirror->param, mirror->selection, &now);
	if (rc != 0)
		return rc;
	mirror->config = now.config;
	mirror_drains_open(mirror);
	set_state(mirror, RTE_MIRROR_RUNNING);
	rc = mirror_registry_apply(mirror, mirror);
	if (rc != 0) {
		set_state(mirror, RTE_MIRROR_PAUSED);
		mirror_drains_close(mirror);
	}
	return rc;
}

static int
check_target_stays(const struct mirror *mirror, const struct rte_mirror_param *param)
{
	const struct rte_mirror_param *old = &mirror->param;

	if (((param->flags ^ old->flags) & RTE_MIRROR_F_DRAIN) != 0)
		return mirror_refuse(EINVAL,
				"%s: RTE_MIRROR_F_DRAIN cannot change: remove it and add another",
				mirror->name);
	if (param->target_port == old->target_port && param->target_queue == old->target_queue &&
			param->nb_target_queues == old->nb_target_queues)
		return 0;
	return mirror_refuse(EINVAL,
			"%s: its target and target queues cannot change: remove it and add another",
			mirror->name);
}

/* On return selection is the one that the mirror does not have. */
static int
update(uint32_t mirror_id, const struct rte_mirror_param *param,
		struct mirror_selection **selection)
{
	struct mirror *mirror, old, new;
	int rc = find_changeable(mirror_id, &mirror);

	if (rc == 0)
		rc = check_target_stays(mirror, param);
	if (rc == 0)
		rc = check_change(mirror, param, *selection, &new);
	if (rc != 0)
		return rc;
	old = *mirror;
	mirror->param = new.param;
	mirror->config = new.config;
	mirror->selection = new.selection;
	rc = mirror_registry_apply(mirror, mirror);
	if (rc != 0 && rc != -ETIMEDOUT) {
		mirror->param = old.param;
		mirror->config = old.config;
		mirror->selection = old.selection;
		return rc;
	}
	*selection = old.selection;
	if (param->name != NULL)
		rte_strscpy(mirror->name, param->name, sizeof(mirror->name));
	return rc;
}

int
rte_mirror_pause(uint32_t mirror_id)
{
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	rc = pause_mirror(mirror_id);
	mirror_registry_unlock();
	return rc;
}

int
rte_mirror_resume(uint32_t mirror_id)
{
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	rc = resume(mirror_id);
	mirror_registry_unlock();
	return rc;
}

int
rte_mirror_update(uint32_t mirror_id, const struct rte_mirror_param *param)
{
	struct mirror_selection *selection;
	int rc = mirror_registry_lock_for(param, &selection);

	if (rc != 0)
		return rc;
	rc = update(mirror_id, param, &selection);
	mirror_selection_leave(selection);
	mirror_registry_unlock();
	return rc;
}
