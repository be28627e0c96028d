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

/* Whether a mirror's target ends before the mirror that replaces it has its own. */
static bool
remakes_target(const struct mirrors_ports *ports, const struct spec *spec)
{
	const struct rte_mirror_param *param = &spec->param;
	const uint32_t nb = (uint32_t)param->target_queue + RTE_MAX(param->nb_target_queues, 1);

	return ports->replaced != NULL &&
			targets_is_to_be_remade(ports->replaced->target, ports->target, nb);
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
add(const struct mirrors_ports *ports, const struct spec *spec, const struct asked_mirror **added)
{
	struct asked_mirror *mirror;
	struct portinfo source;
	int rc = portinfo_get(ports->source, &source);

	if (rc != 0)
		return rc;
	mirror = calloc(1, sizeof(*mirror));
	if (mirror == NULL)
		return plugin_refuse(ENOMEM, "out of memory");
	mirror->spec = *spec;
	strcpy(mirror->source, source.name);
	rc = targets_open(
			ports->target, wanted_queues(spec, &source), ports->force, &mirror->target);
	if (rc != 0)
		goto free_mirror;
	rc = add_to_library(mirror, ports->source);
	if (rc != 0)
		goto undo_target;
	LIST_INSERT_HEAD(&asked_mirrors, mirror, next);
	*added = mirror;
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
	const struct asked_mirror *again;
	char why[PLUGIN_REASON_SIZE / 2];
	int error;

	rte_strscpy(why, plugin_reason(), sizeof(why));
	error = state != RTE_MIRROR_STOPPED ? -add(ports, spec, &again) : 0;
	if (error != 0)
		plugin_refuse(error, "%s; and %s, which was to go for it, is lost: %.200s", why,
				spec->name, plugin_reason());
	else if (state == RTE_MIRROR_PAUSED)
		rte_mirror_pause(again->id);
}

static int
replace(const struct mirrors_ports *ports, const struct spec *spec,
		const struct asked_mirror **added)
{
	struct asked_mirror *old = ports->replaced;
	struct mirrors_ports old_ports = { .force = true };
	struct target *held = NULL;
	char text[PAIRS_TEXT_SIZE];
	struct rte_mirror_info info;
	struct spec old_spec = old->spec;
	int rc = rte_mirror_info_get(old->id, &info);

	if (rc != 0)
		return plugin_refuse_as_library(rc);
	rte_strscpy(old_spec.name, info.name, sizeof(old_spec.name));
	rte_strscpy(text, targets_text(old->target), sizeof(text));
	old_ports.source = info.src_port;
	old_ports.target = text;
	if (!remakes_target(ports, spec))
		held = targets_hold(old->target);
	rc = mirrors_remove(old->id);
	if (rc == 0) {
		rc = add(ports, spec, added);
		if (rc != 0)
			restore(&old_ports, &old_spec, info.state);
		else if (info.state == RTE_MIRROR_PAUSED)
			rte_mirror_pause((*added)->id);
	}
	if (held != NULL)
		targets_close(held);
	return rc;
}

int
mirrors_add(const struct mirrors_ports *ports, const struct spec *spec,
		const struct asked_mirror **added)
{
	/* No device is made for a mirror that cannot be. */
	int rc = mirrors_check(ports, spec);

	if (rc != 0)
		return rc;
	return ports->replaced != NULL ? replace(ports, spec, added) : add(ports, spec, added);
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

int
mirrors_sweep(void)
{
	struct asked_mirror *mirror, *next;
	uint32_t *ids;
	int nb = mirrors_list(&ids);

	if (nb < 0)
		return nb;
	for (mirror = LIST_FIRST(&asked_mirrors); mirror != NULL; mirror = next) {
		next = LIST_NEXT(mirror, next);
		if (!contains(ids, nb, mirror->id))
			forget(mirror);
	}
	free(ids);
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
