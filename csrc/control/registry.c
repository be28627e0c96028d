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

#include "../life.h"
#include "control.h"

/* How long a poller may stay inside the data path before that is an error. Bursts take microseconds. */
#define TIMEOUT_US 5000000

struct mirror_head mirrors = TAILQ_HEAD_INITIALIZER(mirrors);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint32_t last_id;

/* In a child of fork() nobody holds it. Whether the child may call is mirror_check_caller()'s to say. */
static void
in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static void __attribute__((constructor))
watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

int
mirror_check_caller(void)
{
	const char *inert = mirror_inert();

	if (inert != NULL)
		return mirror_refuse(ENOTSUP, "%s", inert);
	/* What it would change is the parent's. */
	if (life_is_a_childs())
		return mirror_refuse(ENOTSUP,
				"this process was forked from the one that has the mirrors: call from there");
	/* Looked at first: who holds the mutex may be waiting for this very thread to leave. */
	if (mirror_poller_is_inside())
		return mirror_refuse(EDEADLK,
				"called from inside a mirror's data path: call from another thread");
	return 0;
}

/* A command goes no further once EAL ends: what it comes to next may be gone when it does. */
static int
lock(void)
{
	pthread_mutex_lock(&mutex);
	if (!life_is_urged())
		return 0;
	pthread_mutex_unlock(&mutex);
	return mirror_refuse(ESHUTDOWN, "the application is ending");
}

int
mirror_registry_lock(void)
{
	int rc = mirror_check_caller();

	return rc == 0 ? lock() : rc;
}

int
mirror_registry_lock_for(const struct rte_mirror_param *param, struct mirror_selection **selection)
{
	int rc = mirror_check_caller();

	if (rc == 0)
		rc = mirror_check_param(param);
	/* Without the mutex: it takes as long as it takes to resolve the names in a filter. */
	if (rc == 0)
		rc = mirror_selection_make(param, selection);
	if (rc != 0)
		return rc;
	rc = lock();
	if (rc != 0)
		mirror_selection_leave(*selection);
	return rc;
}

void
mirror_registry_unlock(void)
{
	mirror_pools_tidy();
	pthread_mutex_unlock(&mutex);
}

void
mirror_registry_lock_mutex(void)
{
	pthread_mutex_lock(&mutex);
}

void
mirror_registry_unlock_mutex(void)
{
	pthread_mutex_unlock(&mutex);
}

void
mirror_registry_try_tidy(void)
{
	if (pthread_mutex_trylock(&mutex) != 0)
		return;
	mirror_pools_tidy();
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
	mirror_selection_leave(mirror->selection);
	free(mirror);
}

struct mirror *
mirror_find_name(const char *name)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirrors, next) {
		if (strcmp(mirror->name, name) == 0)
			break;
	}
	return mirror;
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
	} while (mirror_find_name(mirror->name) != NULL);
	return 0;
}

int
mirror_registry_apply(const struct mirror *mirror, const struct mirror *newcomer)
{
	int rc = mirror_plan_apply(newcomer, TIMEOUT_US);

	switch (rc) {
	case 0:
		return 0;
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

/* Takes over the selection; NULL: no memory. */
static struct mirror *
create(uint16_t src_port, const struct rte_mirror_param *param, struct mirror_selection *selection)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (mirror == NULL) {
		mirror_selection_leave(selection);
		mirror_refuse(ENOMEM, "out of memory");
		return NULL;
	}
	TAILQ_INIT(&mirror->slots);
	mirror->selection = selection;
	mirror->src_port = src_port;
	mirror->param = *param;
	mirror->param.name = NULL;
	mirror->param.select = NULL;
	return mirror;
}

static int
add(uint16_t src_port, const struct rte_mirror_param *param, struct mirror_selection *selection,
		uint32_t *mirror_id)
{
	struct mirror *mirror = create(src_port, param, selection);
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
		rc = give_identity(mirror, param->name);
	if (rc != 0)
		goto free_mirror;
	TAILQ_INSERT_TAIL(&mirrors, mirror, next);
	rc = mirror_registry_apply(mirror, mirror);
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
free_mirror:
	destroy(mirror);
	return rc;
}

int
rte_mirror_add(uint16_t src_port, const struct rte_mirror_param *param, uint32_t *mirror_id)
{
	struct mirror_selection *selection;
	int rc = mirror_registry_lock_for(param, &selection);

	if (rc != 0)
		return rc;
	rc = add(src_port, param, selection, mirror_id);
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
	rc = mirror_registry_apply(mirror, NULL);
	if (rc != 0)
		return rc;
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
