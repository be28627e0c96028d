/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include "counters.h"
#include "error.h"
#include "registry.h"

int
rte_mirror_stats_get(uint32_t mirror_id, struct rte_mirror_stats *stats)
{
	const struct mirror *mirror;
	int rc;

	if (stats == NULL)
		return mirror_refuse(EINVAL, "stats is NULL");
	rc = mirror_registry_lock();
	if (rc != 0)
		return rc;
	mirror = mirror_find(mirror_id);
	if (mirror != NULL)
		*stats = mirror_counters_sum(mirror);
	mirror_registry_unlock();
	return mirror != NULL ? 0 : -ENOENT;
}

int
rte_mirror_stats_reset(uint32_t mirror_id)
{
	struct mirror *mirror;
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	mirror = mirror_find(mirror_id);
	if (mirror != NULL)
		mirror_counters_reset(mirror);
	mirror_registry_unlock();
	return mirror != NULL ? 0 : -ENOENT;
}
