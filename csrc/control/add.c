/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include <rte_string_fns.h>

#include "check.h"
#include "counters.h"
#include "drains.h"
#include "error.h"
#include "plan.h"
#include "points.h"
#include "registry.h"
#include "selection.h"

/* Mirrors come and go. */

static int
add(uint16_t source_port, const struct rte_mirror_param *param, struct mirror_selection *selection,
		uint32_t *mirror_id)
{
	struct mirror *mirror = mirror_create(source_port, param, selection);
	int rc;

	if (mirror == NULL)
		return -ENOMEM;
	/* Watched before they are checked, so that no port goes unnoticed. */
	rc = mirror_watch();
	/* What was mirrored from or to a port's former device does not stand in the way. */
	mirror_plan_stop_gone();
	if (rc == 0)
		rc = mirror_check(mirror, param->name);
	if (rc == 0)
		rc = mirror_give_identity(mirror, param->name);
	if (rc == 0)
		rc = mirror_drains_join(mirror);
	if (rc != 0)
		goto free_mirror;
	TAILQ_INSERT_TAIL(&mirror_all, mirror, next);
	rc = mirror_registry_apply(mirror, mirror);
	if (rc != 0)
		goto take_out;
	mirror_points_tidy();
	if (mirror_id != NULL)
		*mirror_id = mirror->id;
	return 0;

take_out:
	/* It has never been published: nobody can be using it. */
	TAILQ_REMOVE(&mirror_all, mirror, next);
	mirror_drains_leave(mirror);
	mirror_points_tidy();
free_mirror:
	mirror_destroy(mirror);
	return rc;
}

int
rte_mirror_add(uint16_t source_port, const struct rte_mirror_param *param, uint32_t *mirror_id)
{
	struct mirror_selection *selection;
	int rc = mirror_registry_lock_for(param, &selection);

	if (rc != 0)
		return rc;
	rc = add(source_port, param, selection, mirror_id);
	mirror_registry_unlock();
	return rc;
}

int
rte_mirror_register(uint16_t source_port, struct rte_mirror_param *param)
{
	return rte_mirror_add(source_port, param, NULL);
}

/* Has no poller offer it anything any more. */
static int
detach(struct mirror *mirror)
{
	mirror->state = RTE_MIRROR_STOPPED;
	rte_strscpy(mirror->reason, "it is being removed", sizeof(mirror->reason));
	return mirror_registry_apply(mirror, NULL);
}

static int
remove_mirror(struct mirror *mirror)
{
	const uint32_t id = mirror->id;
	int rc = detach(mirror);

	if (rc == 0)
		rc = mirror_registry_wait_quiet(&mirror, id);
	/* Somebody else has removed it meanwhile. */
	if (rc != 0 || mirror == NULL)
		return rc;
	mirror_counters_tell(mirror);
	TAILQ_REMOVE(&mirror_all, mirror, next);
	mirror_drains_leave(mirror);
	mirror_destroy(mirror);
	mirror_points_tidy();
	return 0;
}

int
rte_mirror_remove(uint32_t mirror_id)
{
	struct mirror *mirror;
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	mirror = mirror_find(mirror_id);
	rc = mirror != NULL ? remove_mirror(mirror) : -ENOENT;
	mirror_registry_unlock();
	return rc;
}

static struct mirror *
find_on_source(uint16_t source_port)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->source_port == source_port)
			break;
	}
	return mirror;
}

int
rte_mirror_unregister(uint16_t source_port)
{
	struct mirror *mirror;
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	mirror = find_on_source(source_port);
	if (mirror == NULL)
		rc = mirror_refuse(ENOENT, "port %u has no mirror", source_port);
	for (; rc == 0 && mirror != NULL; mirror = find_on_source(source_port))
		rc = remove_mirror(mirror);
	mirror_registry_unlock();
	return rc;
}
