/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include <rte_cycles.h>
#include <rte_string_fns.h>

#include "drains.h"
#include "error.h"
#include "plan.h"
#include "points.h"
#include "ports.h"
#include "registry.h"
#include "selection.h"

int
rte_mirror_list(uint32_t *mirror_ids, uint32_t size)
{
	const struct mirror *mirror;
	uint32_t nb = 0;
	int rc;

	if (mirror_ids == NULL && size != 0)
		return mirror_refuse(EINVAL, "mirror_ids is NULL but size is %" PRIu32, size);
	rc = mirror_registry_lock();
	if (rc != 0)
		return rc;
	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (nb < size)
			mirror_ids[nb] = mirror->id;
		nb++;
	}
	mirror_registry_unlock();
	return nb;
}

int
rte_mirror_lookup(const char *name, uint32_t *mirror_id)
{
	const struct mirror *mirror;
	int rc;

	if (name == NULL || mirror_id == NULL)
		return mirror_refuse(EINVAL, "%s is NULL", name == NULL ? "name" : "mirror_id");
	rc = mirror_registry_lock();
	if (rc != 0)
		return rc;
	mirror = mirror_find_name(name);
	if (mirror != NULL)
		*mirror_id = mirror->id;
	mirror_registry_unlock();
	return mirror != NULL ? 0 : mirror_refuse(ENOENT, "there is no mirror named %s", name);
}

static void
describe(const struct mirror *mirror, struct rte_mirror_info *info)
{
	const struct mirror_config *config = &mirror->config;
	const struct mirror_slot *slot;

	*info = (struct rte_mirror_info){
		.id = mirror->id,
		.source_port = mirror->source_port,
		.target_port = mirror->param.target_port,
		.target_queue = mirror->param.target_queue,
		.nb_target_queues = config->nb_target_queues,
		.directions = mirror->param.directions,
		.mode = config->mode,
		.state = mirror->state,
		.snaplen = mirror->param.snaplen,
		.split_len = config->split_len,
		.flags = mirror->param.flags,
		.filter_engine = mirror_selection_engine(mirror->selection),
	};
	rte_strscpy(info->name, mirror->name, sizeof(info->name));
	rte_strscpy(info->mode_reason, config->mode_reason, sizeof(info->mode_reason));
	rte_strscpy(info->warning, config->warning, sizeof(info->warning));
	rte_strscpy(info->reason, mirror->reason, sizeof(info->reason));
	mirror_drains_describe(mirror, info);
	TAILQ_FOREACH(slot, &mirror->slots, next) {
		info->sampled_cycles += __atomic_load_n(
				&slot->progress.sampled_cycles, __ATOMIC_RELAXED);
		info->sampled_packets += __atomic_load_n(
				&slot->progress.sampled_packets, __ATOMIC_RELAXED);
		info->rx_queues += slot->live && slot->point->direction == RTE_MIRROR_RX;
		info->tx_queues += slot->live && slot->point->direction == RTE_MIRROR_TX;
	}
	info->poller_cpu_us = (double)info->sampled_cycles * MIRROR_SAMPLE_PERIOD * US_PER_S /
			rte_get_tsc_hz();
	if (mirror->state == RTE_MIRROR_RUNNING && !mirror_port_is_started(mirror->source_port)) {
		info->state = RTE_MIRROR_WAITING;
		snprintf(info->reason, sizeof(info->reason), "its source, port %u, is stopped",
				mirror->source_port);
	}
}

int
rte_mirror_info_get(uint32_t mirror_id, struct rte_mirror_info *info)
{
	const struct mirror *mirror;
	int rc;

	if (info == NULL)
		return mirror_refuse(EINVAL, "info is NULL");
	rc = mirror_registry_lock();
	if (rc != 0)
		return rc;
	mirror_plan_stop_gone();
	mirror = mirror_find(mirror_id);
	if (mirror != NULL)
		describe(mirror, info);
	mirror_registry_unlock();
	return mirror != NULL ? 0 : -ENOENT;
}

/* Appends the queues of a direction, whose slots are in the order of their numbers: nb is how many there are so far. */
static uint32_t
list_queues(const struct mirror *mirror, enum rte_mirror_direction direction,
		struct rte_mirror_queue *queues, uint32_t size, uint32_t nb)
{
	const struct mirror_slot *slot;

	TAILQ_FOREACH(slot, &mirror->slots, next) {
		if (!slot->live || slot->point->direction != direction)
			continue;
		if (nb < size)
			queues[nb] = (struct rte_mirror_queue){
				.bursts = mirror_point_passes(slot->point, slot->first_use),
				.direction = direction,
				.queue_id = slot->point->queue_id,
				.target_queue = slot->target_queue,
			};
		nb++;
	}
	return nb;
}

int
rte_mirror_queues_get(uint32_t mirror_id, struct rte_mirror_queue *queues, uint32_t size)
{
	const struct mirror *mirror;
	uint32_t nb = 0;
	int rc;

	if (queues == NULL && size != 0)
		return mirror_refuse(EINVAL, "queues is NULL but size is %" PRIu32, size);
	rc = mirror_registry_lock();
	if (rc != 0)
		return rc;
	mirror = mirror_find(mirror_id);
	if (mirror != NULL) {
		nb = list_queues(mirror, RTE_MIRROR_RX, queues, size, nb);
		nb = list_queues(mirror, RTE_MIRROR_TX, queues, size, nb);
	}
	mirror_registry_unlock();
	return mirror != NULL ? (int)nb : -ENOENT;
}
