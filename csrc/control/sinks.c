/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "drains.h"
#include "registry.h"
#include "sinks.h"

/* Targets that are no ports come and go. */

int
mirror_sink_add(const struct mirror_sink_ops *ops, void *sink, uint16_t *number)
{
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	rc = mirror_drains_add_sink(ops, sink, number);
	mirror_registry_unlock();
	return rc;
}

void
mirror_sink_remove(uint16_t number)
{
	/* Also when EAL has ended: its thread has, then, and nothing of DPDK's is asked. */
	mirror_registry_lock_mutex();
	mirror_drains_remove_sink(number);
	mirror_registry_unlock_mutex();
}
