/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "compiled.h"
#include "mirrors.h"
#include "portinfo.h"
#include "refusal.h"
#include "targets.h"

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

/* Adds mirror, whose target is there: what the library has to say to it. */
static int
add_to_library(struct asked_mirror *mirror, uint16_t source, const struct spec *spec)
{
	struct rte_mirror_select select;
	struct rte_mirror_param param = mirror_spec_param(spec, &select);
	int rc;

	mirror_targets_set_param(mirror->target, &param);
	rc = rte_mirror_add(source, &param, &mirror->id);
	return rc == 0 ? 0 : mirror_plugin_refuse_as_library(rc);
}

/* While a target is made or ended, the port's number may become another's. */
static int
check_source(const struct mirrors_ports *ports)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	mirror_portinfo_name(ports->source, name);
	if (strcmp(name, ports->source_name) == 0)
		return 0;
	return mirror_plugin_refuse(ENODEV, "source: port %s has gone", ports->source_name);
}

/* Opens the new mirror's target. Others may have changed everything else after that. */
static int
open_target(const struct mirrors_ports *ports, const struct spec *spec, struct target **target)
{
	struct portinfo source;
	int rc = check_source(ports);

	if (rc == 0)
		rc = mirror_portinfo_get(ports->source, &source);
	if (rc == 0)
		rc = mirror_targets_open(ports->target, wanted_queues(spec, &source), ports->force,
				&spec->options, target);
	if (rc != 0)
		return rc;
	rc = check_source(ports);
	if (rc != 0)
		mirror_targets_undo(*target);
	return rc;
}

/* The mirror that is to go for the new one; NULL: none, or it has gone. */
static struct asked_mirror *
get_replaced(const struct mirrors_ports *ports)
{
	return ports->replaces ? mirror_asked_get(ports->replaced) : NULL;
}

/* Whether a mirror's target ends before the mirror that replaces it has its own. */
static bool
remakes_target(const struct mirrors_ports *ports, const struct spec *spec)
{
	const struct asked_mirror *replaced = get_replaced(ports);
	const struct rte_mirror_param *param = &spec->param;
	const uint32_t nb = (uint32_t)param->target_queue + RTE_MAX(param->nb_target_queues, 1);

	return replaced != NULL &&
			mirror_targets_is_to_be_remade(replaced->target, ports->target, nb);
}

int
mirror_asked_check(const struct mirrors_ports *ports, const struct spec *spec)
{
	struct rte_mirror_select select;
	struct rte_mirror_param param = mirror_spec_param(spec, &select);
	int rc = 0;

	if (remakes_target(ports, spec)) {
		mirror_targets_set_param(get_replaced(ports)->target, &param);
		param.target_port = RTE_MAX_ETHPORTS;
	} else {
		rc = mirror_targets_check(ports->target, ports->force, &spec->options, &param);
	}
	if (rc != 0)
		return rc;
	rc = rte_mirror_check(ports->source, &param, ports->without, ports->nb_without);
	return rc == 0 ? 0 : mirror_plugin_refuse_as_library(rc);
}

/* Adds what has been checked. */
static int
add(const struct mirrors_ports *ports, const struct spec *spec, uint32_t *id)
{
	struct asked_mirror *mirror = calloc(1, sizeof(*mirror));
	int rc;

	if (mirror == NULL)
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	strcpy(mirror->source, ports->source_name);
	mirror->adder = ports->adder;
	rc = open_target(ports, spec, &mirror->target);
	if (rc != 0)
		goto free_mirror;
	rc = add_to_library(mirror, ports->source, spec);
	if (rc != 0)
		goto undo_target;
	mirror_lease_set_time(&mirror->lease, spec->lease);
	if (ports->end_ns != 0)
		mirror->lease.end_ns = ports->end_ns;
	mirror->lease.process = spec->ends_with;
	mirror_asked_insert(mirror, spec);
	*id = mirror->id;
	return 0;

undo_target:
	mirror_targets_undo(mirror->target);
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

	rte_strscpy(why, mirror_plugin_reason(), sizeof(why));
	error = state != RTE_MIRROR_STOPPED ? -add(ports, spec, &id) : 0;
	if (error != 0)
		mirror_plugin_refuse(error, "%s; and %s, which was to go for it, is lost: %.200s",
				why, spec->name, mirror_plugin_reason());
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
	struct pairs no_changes = { .nb = 0 };
	struct rte_mirror_info info;
	struct spec old_spec;
	int rc = rte_mirror_info_get(old->id, &info);

	if (rc != 0)
		return mirror_plugin_refuse_as_library(rc);
	rc = mirror_asked_spec(old, &no_changes, &old_spec);
	if (rc != 0)
		return rc;
	rte_strscpy(old_spec.name, info.name, sizeof(old_spec.name));
	rte_strscpy(text, mirror_targets_text(old->target), sizeof(text));
	old_ports.source = info.source_port;
	strcpy(old_ports.source_name, old->source);
	old_ports.target = text;
	old_ports.end_ns = old->lease.end_ns;
	old_ports.adder = old->adder;
	/* It is needed to restore the mirror. */
	mirror_compiled_hold(old_spec.select.compiled);
	rc = mirror_asked_remove(old->id);
	if (rc == 0) {
		rc = add(ports, spec, id);
		if (rc != 0)
			restore(&old_ports, &old_spec, info.state);
		else if (info.state == RTE_MIRROR_PAUSED)
			rte_mirror_pause(*id);
	}
	mirror_compiled_release(old_spec.select.compiled);
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
	held = old != NULL ? mirror_targets_hold(old->target) : NULL;
	rc = old != NULL ? exchange(old, ports, spec, id) : add(ports, spec, id);
	/* If the mirror could be added, it uses the target, too. */
	mirror_targets_undo(opened);
	if (held != NULL)
		mirror_targets_close(held);
	return rc;
}

int
mirror_asked_add(const struct mirrors_ports *ports, const struct spec *spec, uint32_t *id)
{
	/* No device is made for a mirror that cannot be. */
	int rc = mirror_asked_check(ports, spec);

	if (rc != 0)
		return rc;
	return ports->replaces ? replace(ports, spec, id) : add(ports, spec, id);
}
