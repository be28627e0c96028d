/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stddef.h>

#include "control.h"

/* The pollers go on counting meanwhile: each counter is read whole, not all of them at one instant. */
static struct mirror_counters
read_counters(const struct mirror_slot *slot)
{
	const struct mirror_counters *counters = &slot->counters;

	return (struct mirror_counters){
		.packets = __atomic_load_n(&counters->packets, __ATOMIC_RELAXED),
		.bytes = __atomic_load_n(&counters->bytes, __ATOMIC_RELAXED),
		.filtered = __atomic_load_n(&counters->filtered, __ATOMIC_RELAXED),
		.unsampled = __atomic_load_n(&counters->unsampled, __ATOMIC_RELAXED),
		.declined = __atomic_load_n(&counters->declined, __ATOMIC_RELAXED),
		.unsupported = __atomic_load_n(&counters->unsupported, __ATOMIC_RELAXED),
		.oversize = __atomic_load_n(&counters->oversize, __ATOMIC_RELAXED),
		.nombuf = __atomic_load_n(&counters->nombuf, __ATOMIC_RELAXED),
		.full = __atomic_load_n(&counters->full, __ATOMIC_RELAXED),
	};
}

static struct rte_mirror_stats
sum(const struct mirror *mirror)
{
	struct rte_mirror_stats stats = { 0 };
	const struct mirror_slot *slot;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		const struct mirror_counters now = read_counters(slot);

		stats.packets += now.packets - slot->base.packets;
		stats.bytes += now.bytes - slot->base.bytes;
		stats.filtered += now.filtered - slot->base.filtered;
		stats.unsampled += now.unsampled - slot->base.unsampled;
		stats.declined += now.declined - slot->base.declined;
		stats.unsupported += now.unsupported - slot->base.unsupported;
		stats.oversize += now.oversize - slot->base.oversize;
		stats.nombuf += now.nombuf - slot->base.nombuf;
		stats.full += now.full - slot->base.full;
	}
	/* Each packet ends in one of the counters, so the data path need not count it when it comes, too. */
	stats.seen = stats.packets + stats.filtered + stats.unsampled + stats.declined +
			stats.unsupported + stats.oversize + stats.nombuf + stats.full;
	return stats;
}

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
		*stats = sum(mirror);
	mirror_registry_unlock();
	return mirror != NULL ? 0 : -ENOENT;
}

int
rte_mirror_stats_reset(uint32_t mirror_id)
{
	struct mirror_slot *slot;
	struct mirror *mirror;
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	mirror = mirror_find(mirror_id);
	if (mirror != NULL) {
		/* The counters have one writer, the poller: what it has counted so far is left out from now on. */
		TAILQ_FOREACH(slot, &mirror->slots, next)
			slot->base = read_counters(slot);
	}
	mirror_registry_unlock();
	return mirror != NULL ? 0 : -ENOENT;
}
