/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "control.h"

/* How long a poller may stay inside the data path before that is an error. Bursts take microseconds. */
#define TIMEOUT_US 5000000

struct mirror_head mirrors = TAILQ_HEAD_INITIALIZER(mirrors);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_id;

int
mirror_registry_lock(void)
{
	/* Looked at first: who holds the mutex may be waiting for this very thread to leave. */
	if (mirror_poller_is_inside())
		return mirror_refuse(EDEADLK,
				"called from inside a mirror's data path: call from another thread");
	pthread_mutex_lock(&mutex);
	return 0;
}

void
mirror_registry_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

struct mirror *
mirror_find(uint32_t mirror_id)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirrors, next) {
		if (mirror->id == mirror_id)
			return mirror;
	}
	mirror_refuse(ENOENT,
			"there is no mirror %" PRIu32 ": rte_mirror_list() tells which there are",
			mirror_id);
	return NULL;
}

static void
destroy(struct mirror *mirror)
{
	struct mirror_slot *slot;

	while ((slot = TAILQ_FIRST(&mirror->slots)) != NULL) {
		TAILQ_REMOVE(&mirror->slots, slot, next);
		free(slot);
	}
	free(mirror);
}

static bool
is_name_taken(const char *name)
{
	const struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirrors, next) {
		if (strcmp(mirror->name, name) == 0)
			return true;
	}
	return false;
}

static int
give_identity(struct mirror *mirror, const char *name)
{
	/* Somebody may have chosen a name like ours for a mirror of theirs: that id is passed over. */
	do {
		if (last_id == UINT32_MAX)
			return mirror_refuse(ENOMEM,
					"this process has used up its mirror ids: restart it");
		mirror->id = ++last_id;
		if (name != NULL)
			rte_strscpy(mirror->name, name, sizeof(mirror->name));
		else
			snprintf(mirror->name, sizeof(mirror->name), "mirror%" PRIu32, mirror->id);
	} while (is_name_taken(mirror->name));
	return 0;
}

/* Says why the plan could not be carried out. */
static int
refuse_plan(int rc, const struct mirror *mirror)
{
	switch (rc) {
	case -ETIMEDOUT:
		return mirror_refuse(ETIMEDOUT,
				"a poller has stayed inside a mirror for %d s: does the caller hold its "
				"lock? Call again once it has left",
				TIMEOUT_US / 1000000);
	case -ENOMEM:
		return mirror_refuse(ENOMEM, "out of memory");
	case -ENOTSUP:
		return mirror_refuse(ENOTSUP,
				"this DPDK has no rx/tx callbacks: build it with RTE_ETHDEV_RXTX_CALLBACKS");
	default:
		return mirror_refuse(-rc, "port %u: cannot attach to its queues: %s",
				mirror->src_port, strerror(-rc));
	}
}

static int
add(uint16_t src_port, const struct rte_mirror_param *param, uint32_t *mirror_id)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));
	int rc;

	if (mirror == NULL)
		return mirror_refuse(ENOMEM, "out of memory");
	TAILQ_INIT(&mirror->slots);
	rc = mirror_check_param(param);
	/* Watched before they are checked, so that no port goes unnoticed. */
	if (rc == 0)
		rc = mirror_watch();
	/* What was mirrored from or to a port's former device does not stand in the way. */
	mirror_plan_stop_gone();
	if (rc == 0)
		rc = mirror_check(src_port, param, mirror);
	if (rc == 0)
		rc = give_identity(mirror, param->name);
	if (rc != 0)
		goto free_mirror;
	TAILQ_INSERT_TAIL(&mirrors, mirror, next);
	rc = mirror_plan_apply(mirror, TIMEOUT_US);
	if (rc != 0)
		goto take_out;
	mirror_taps_tidy();
	if (mirror_id != NULL)
		*mirror_id = mirror->id;
	return 0;

take_out:
	/* It has never been published: nobody can be using it. */
	TAILQ_REMOVE(&mirrors, mirror, next);
	mirror_taps_tidy();
	rc = refuse_plan(rc, mirror);
free_mirror:
	destroy(mirror);
	return rc;
}

int
rte_mirror_add(uint16_t src_port, const struct rte_mirror_param *param, uint32_t *mirror_id)
{
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	rc = add(src_port, param, mirror_id);
	mirror_registry_unlock();
	return rc;
}

int
rte_mirror_register(uint16_t src_port, struct rte_mirror_param *param)
{
	return rte_mirror_add(src_port, param, NULL);
}

static int
remove_mirror(struct mirror *mirror)
{
	int rc;

	mirror->state = RTE_MIRROR_STOPPED;
	rte_strscpy(mirror->reason, "it is being removed", sizeof(mirror->reason));
	rc = mirror_plan_apply(NULL, TIMEOUT_US);
	if (rc != 0)
		return refuse_plan(rc, mirror);
	TAILQ_REMOVE(&mirrors, mirror, next);
	destroy(mirror);
	mirror_taps_tidy();
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
find_on_source(uint16_t src_port)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirrors, next) {
		if (mirror->src_port == src_port)
			break;
	}
	return mirror;
}

int
rte_mirror_unregister(uint16_t src_port)
{
	struct mirror *mirror;
	int rc = mirror_registry_lock();

	if (rc != 0)
		return rc;
	mirror = find_on_source(src_port);
	if (mirror == NULL)
		rc = mirror_refuse(ENOENT, "port %u has no mirror", src_port);
	for (; rc == 0 && mirror != NULL; mirror = find_on_source(src_port))
		rc = remove_mirror(mirror);
	mirror_registry_unlock();
	return rc;
}

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
	TAILQ_FOREACH(mirror, &mirrors, next) {
		if (nb < size)
			mirror_ids[nb] = mirror->id;
		nb++;
	}
	mirror_registry_unlock();
	return nb;
}

static void
describe(const struct mirror *mirror, struct rte_mirror_info *info)
{
	const struct mirror_slot *slot;

	*info = (struct rte_mirror_info){
		.id = mirror->id,
		.src_port = mirror->src_port,
		.target_port = mirror->target_port,
		.target_queue = mirror->target_queue,
		.nb_target_queues = mirror->nb_target_queues,
		.directions = mirror->directions,
		.mode = mirror->mode,
		.state = mirror->state,
	};
	rte_strscpy(info->name, mirror->name, sizeof(info->name));
	rte_strscpy(info->reason, mirror->reason, sizeof(info->reason));
	TAILQ_FOREACH(slot, &mirror->slots, next) {
		info->nb_rx_queues += slot->live && slot->tap->direction == RTE_MIRROR_RX;
		info->nb_tx_queues += slot->live && slot->tap->direction == RTE_MIRROR_TX;
	}
	if (mirror->state == RTE_MIRROR_RUNNING && !mirror_port_is_started(mirror->src_port)) {
		info->state = RTE_MIRROR_WAITING;
		snprintf(info->reason, sizeof(info->reason), "its source, port %u, is stopped",
				mirror->src_port);
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
