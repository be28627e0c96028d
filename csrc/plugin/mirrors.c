/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "mirrors.h"
#include "portinfo.h"
#include "refusal.h"
#include "targets.h"

static LIST_HEAD(, asked_mirror) asked_mirrors = LIST_HEAD_INITIALIZER(asked_mirrors);

/* How many tx queues a target has for each of the source's queues and directions to get one of its own. */
static uint16_t
wanted_queues(const struct spec *spec, const struct portinfo *source)
{
	const struct rte_mirror_param *param = &spec->param;
	uint32_t nb = param->nb_target_queues;

	if (nb == 0 && (param->directions & RTE_MIRROR_RX) != 0)
		nb += source->nb_rx_queues;
	if (param->nb_target_queues == 0 && (param->directions & RTE_MIRROR_TX) != 0)
		nb += source->nb_tx_queues;
	nb = RTE_MAX(nb + param->target_queue, 1u);
	return (uint16_t)RTE_MIN(nb, (uint32_t)UINT16_MAX);
}

/* Adds mirror, whose spec and target are there: what the library has to say to it. */
static int
add_to_library(struct asked_mirror *mirror, uint16_t source)
{
	struct rte_mirror_select select;
	const struct rte_mirror_param param = spec_param(
			&mirror->spec, targets_port(mirror->target), &select);
	int rc = rte_mirror_add(source, &param, &mirror->id);

	return rc == 0 ? 0 : plugin_refuse_as_library(rc);
}

/* While a target is made or ended, the port's number may become another's. */
static int
check_source(const struct mirrors_ports *ports)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	portinfo_name(ports->source, name);
	if (strcmp(name, ports->source_name) == 0)
		return 0;
	return plugin_refuse(ENODEV, "source: port %s has gone", ports->source_name);
}

/* Opens the new mirror's target. Others may have changed everything else after that. */
static int
open_target(const struct mirrors_ports *ports, const struct spec *spec, struct target **target)
{
	struct portinfo source;
	int rc = check_source(ports);

	if (rc == 0)
		rc = portinfo_get(ports->source, &source);
	if (rc == 0)
		rc = targets_open(
				ports->target, wanted_queues(spec, &source), ports->force, target);
	if (rc != 0)
		return rc;
	rc = check_source(ports);
	if (rc != 0)
		targets_undo(*target);
	return rc;
}

/* The mirror that is to go for the new one; NULL: none, or it has gone. */
static struct asked_mirror *
get_replaced(const struct mirrors_ports *ports)
{
	return ports->replaces ? mirrors_get(ports->replaced) : NULL;
}

/* Whether a mirror's target ends before the mirror that replaces it has its own. */
static bool
remakes_target(const struct mirrors_ports *ports, const struct spec *spec)
{
	const struct asked_mirror *replaced = get_replaced(ports);
	const struct rte_mirror_param *param = &spec->param;
	const uint32_t nb = (uint32_t)param->target_queue + RTE_MAX(param->nb_target_queues, 1);

	return replaced != NULL && targets_is_to_be_remade(replaced->target, ports->target, nb);
}

int
mirrors_check(const struct mirrors_ports *ports, const struct spec *spec)
{
	struct rte_mirror_select select;
	struct rte_mirror_param param;
	uint16_t target_port = RTE_MAX_ETHPORTS;
	int rc = 0;

	if (!remakes_target(ports, spec))
		rc = targets_check(ports->target, ports->force, &target_port);
	if (rc != 0)
		return rc;
	param = spec_param(spec, target_port, &select);
	rc = rte_mirror_check(ports->source, &param, ports->without, ports->nb_without);
	return rc == 0 ? 0 : plugin_refuse_as_library(rc);
}

/* Adds what has been checked. */
static int
add(const struct mirrors_ports *ports, const struct spec *spec, uint32_t *id)
{
	struct asked_mirror *mirror = calloc(1, sizeof(*mirror));
	int rc;

	if (mirror == NULL)
		return plugin_refuse(ENOMEM, "out of memory");
	mirror->spec = *spec;
	strcpy(mirror->source, ports->source_name);
	rc = open_target(ports, spec, &mirror->target);
	if (rc != 0)
		goto free_mirror;
	rc = add_to_library(mirror, ports->source);
	if (rc != 0)
		goto undo_target;
	LIST_INSERT_HEAD(&asked_mirrors, mirror, next);
	*id = mirror->id;
	return 0;

undo_target:
	targets_undo(mirror->target);
free_mirror:
	free(mirror);
	return rc;
}

/* Adds a mirror that has gone for another, which then could not come. */
static void
restore(const struct mirrors_ports *ports, const struct spec *spec, enum rte_mirror_state state)
{
	char why[PLUGIN_REASON_SIZE / 2];
	uint32_t id;
	int error;

	rte_strscpy(why, plugin_reason(), sizeof(why));
	error = state != RTE_MIRROR_STOPPED ? -add(ports, spec, &id) : 0;
	if (error != 0)
		plugin_refuse(error, "%s; and %s, which was to go for it, is lost: %.200s", why,
				spec->name, plugin_reason());
	else if (state == RTE_MIRROR_PAUSED)
		rte_mirror_pause(id);
}

/* Removes the old mirror and adds the new one. */
static int
exchange(struct asked_mirror *old, const struct mirrors_ports *ports, const struct spec *spec,
		uint32_t *id)
{
	struct mirrors_ports old_ports = { .force = true };
	char text[PAIRS_TEXT_SIZE];
	struct rte_mirror_info info;
	struct spec old_spec = old->spec;
	int rc = rte_mirror_info_get(old->id, &info);

	if (rc != 0)
		return plugin_refuse_as_library(rc);
	rte_strscpy(old_spec.name, info.name, sizeof(old_spec.name));
	rte_strscpy(text, targets_text(old->target), sizeof(text));
	old_ports.source = info.src_port;
	strcpy(old_ports.source_name, old->source);
	old_ports.target = text;
	rc = mirrors_remove(old->id);
	if (rc != 0)
		return rc;
	rc = add(ports, spec, id);
	if (rc != 0)
		restore(&old_ports, &old_spec, info.state);
	else if (info.state == RTE_MIRROR_PAUSED)
		rte_mirror_pause(*id);
	return rc;
}

/*
 * A target that need not end before the new mirror's is made stays until the exchange is done, and the old mirror goes
 * on while a driver makes the new one's. From then on nobody else has a turn until one of the two has its mirror.
 */
static int
replace(const struct mirrors_ports *ports, const struct spec *spec, uint32_t *id)
{
	struct target *opened, *held;
	struct asked_mirror *old;
	int rc;

	if (remakes_target(ports, spec))
		return exchange(get_replaced(ports), ports, spec, id);
	rc = open_target(ports, spec, &opened);
	if (rc != 0)
		return rc;
	old = get_replaced(ports);
	held = old != NULL ? targets_hold(old->target) : NULL;
	rc = old != NULL ? exchange(old, ports, spec, id) : add(ports, spec, id);
	/* If the mirror could be added, it uses the target, too. */
	targets_undo(opened);
	if (held != NULL)
		targets_close(held);
	return rc;
}

int
mirrors_add(const struct mirrors_ports *ports, const struct spec *spec, uint32_t *id)
{
	/* No device is made for a mirror that cannot be. */
	int rc = mirrors_check(ports, spec);

	if (rc != 0)
		return rc;
	return ports->replaces ? replace(ports, spec, id) : add(ports, spec, id);
}

int
mirrors_update(struct asked_mirror *mirror, const struct spec *spec)
{
	struct rte_mirror_select select;
	const struct rte_mirror_param param = spec_param(
			spec, targets_port(mirror->target), &select);
	int rc = rte_mirror_update(mirror->id, &param);

	/* With -ETIMEDOUT the new parameters hold, too. */
	if (rc == 0 || rc == -ETIMEDOUT)
		mirror->spec = *spec;
	return rc == 0 ? 0 : plugin_refuse_as_library(rc);
}

static void
forget(struct asked_mirror *mirror)
{
	LIST_REMOVE(mirror, next);
	targets_close(mirror->target);
	free(mirror);
}

int
mirrors_remove(uint32_t mirror_id)
{
	struct asked_mirror *mirror = mirrors_get(mirror_id);
	int rc = rte_mirror_remove(mirror_id);

	if (rc != 0)
		return plugin_refuse_as_library(rc);
	if (mirror != NULL)
		forget(mirror);
	return 0;
}

int
mirrors_remove_all(uint32_t *nb_removed)
{
	const struct asked_mirror *mirror;
	int rc = 0;

	*nb_removed = 0;
	while (rc == 0 && (mirror = LIST_FIRST(&asked_mirrors)) != NULL) {
		rc = mirrors_remove(mirror->id);
		*nb_removed += rc == 0;
	}
	return rc;
}

static bool
contains(const uint32_t *ids, int nb, uint32_t id)
{
	int i;

	for (i = 0; i < nb; i++) {
		if (ids[i] == id)
			return true;
	}
	return false;
}

/* One that the library does not have any more; NULL: none. */
static struct asked_mirror *
find_removed(const uint32_t *ids, int nb)
{
	struct asked_mirror *mirror;

	LIST_FOREACH(mirror, &asked_mirrors, next)
	{
		if (!contains(ids, nb, mirror->id))
			break;
	}
	return mirror;
}

int
mirrors_sweep(void)
{
	struct asked_mirror *mirror;
	uint32_t *ids;
	int nb;

	/* While a target is closed others may add and remove mirrors. */
	do {
		nb = mirrors_list(&ids);
		if (nb < 0)
			return nb;
		mirror = find_removed(ids, nb);
		free(ids);
		if (mirror != NULL)
			forget(mirror);
	} while (mirror != NULL);
	return 0;
}

struct asked_mirror *
mirrors_get(uint32_t mirror_id)
{
	struct asked_mirror *mirror;

	LIST_FOREACH(mirror, &asked_mirrors, next)
	{
		if (mirror->id == mirror_id)
			break;
	}
	return mirror;
}

static int
refuse_unknown(const char *name_or_id)
{
	return plugin_refuse(ENOENT,
			"there is no mirror %.64s: the command list tells which there are",
			name_or_id);
}

int
mirrors_find(const char *name_or_id, uint32_t *mirror_id)
{
	const size_t nb_digits = strspn(name_or_id, "0123456789");
	uint64_t number;
	uint32_t *ids;
	bool found;
	int rc;

	if (name_or_id[0] == '\0' || name_or_id[nb_digits] != '\0') {
		rc = rte_mirror_lookup(name_or_id, mirror_id);
		if (rc == -ENOENT)
			return refuse_unknown(name_or_id);
		return rc == 0 ? 0 : plugin_refuse_as_library(rc);
	}
	rc = mirrors_list(&ids);
	if (rc < 0)
		return rc;
	number = strtoull(name_or_id, NULL, 10);
	found = number <= UINT32_MAX && contains(ids, rc, (uint32_t)number);
	free(ids);
	if (!found)
		return refuse_unknown(name_or_id);
	*mirror_id = (uint32_t)number;
	return 0;
}

bool
mirrors_use(const struct target *target)
{
	const struct asked_mirror *mirror;

	LIST_FOREACH(mirror, &asked_mirrors, next)
	{
		if (mirror->target == target)
			return true;
	}
	return false;
}

int
mirrors_list(uint32_t **ids)
{
	int size = 0, nb = rte_mirror_list(NULL, 0);

	*ids = NULL;
	/* The application may add mirrors meanwhile. */
	while (nb > size) {
		free(*ids);
		size = nb;
		*ids = calloc(size, sizeof(**ids));
		if (*ids == NULL)
			return plugin_refuse(ENOMEM, "out of memory");
		nb = rte_mirror_list(*ids, size);
	}
	if (nb < 0) {
		free(*ids);
		*ids = NULL;
		return plugin_refuse_as_library(nb);
	}
	return nb;
}
