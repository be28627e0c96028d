/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "compiled.h"
#include "ended.h"
#include "mirrors.h"
#include "refusal.h"
#include "scalar.h"
#include "targets.h"

static LIST_HEAD(, asked_mirror) asked_mirrors = LIST_HEAD_INITIALIZER(asked_mirrors);

static void
remember(struct asked_mirror *mirror, const struct spec *spec)
{
	mirror_compiled_hold(spec->select.compiled);
	mirror_compiled_release(mirror->compiled);
	mirror->compiled = spec->select.compiled;
	strcpy(mirror->spec, spec->text);
}

void
mirror_asked_insert(struct asked_mirror *mirror, const struct spec *spec)
{
	remember(mirror, spec);
	LIST_INSERT_HEAD(&asked_mirrors, mirror, next);
}

int
mirror_asked_spec(const struct asked_mirror *mirror, struct pairs *changes, struct spec *spec)
{
	int rc = mirror_spec_read(spec, mirror->spec, changes);

	if (spec->select.compiled == NULL && spec->select.filter[0] != '\0')
		spec->select.compiled = mirror->compiled;
	return rc;
}

/* A target is what it was asked for, as long as it is. */
static int
check_options(const struct asked_mirror *mirror, const struct spec *spec)
{
	struct pairs no_changes = { .nb = 0 };
	struct spec old;
	int rc = mirror_asked_spec(mirror, &no_changes, &old);

	if (rc != 0 || memcmp(&old.options, &spec->options, sizeof(old.options)) == 0)
		return rc;
	return mirror_plugin_refuse(EINVAL,
			"seconds, packets, max_size and linger stay as they are while the target exists: "
			"remove the mirror, and add it again");
}

int
mirror_asked_update(struct asked_mirror *mirror, const struct spec *spec, bool has_new_lease)
{
	struct rte_mirror_select select;
	struct rte_mirror_param param = mirror_spec_param(spec, &select);
	int rc = check_options(mirror, spec);

	if (rc != 0)
		return rc;
	mirror_targets_set_param(mirror->target, &param);
	rc = rte_mirror_update(mirror->id, &param);
	/* With -ETIMEDOUT the new parameters hold, too. */
	if (rc == 0 || rc == -ETIMEDOUT)
		remember(mirror, spec);
	if (rc == 0 || rc == -ETIMEDOUT)
		mirror->lease.process = spec->ends_with;
	if ((rc == 0 || rc == -ETIMEDOUT) && has_new_lease)
		mirror_lease_set_time(&mirror->lease, spec->lease);
	return rc == 0 ? 0 : mirror_plugin_refuse_as_library(rc);
}

static void
forget(struct asked_mirror *mirror)
{
	LIST_REMOVE(mirror, next);
	mirror_compiled_release(mirror->compiled);
	mirror_targets_close(mirror->target);
	free(mirror);
}

int
mirror_asked_remove(uint32_t mirror_id)
{
	struct asked_mirror *mirror = mirror_asked_get(mirror_id);
	int rc = rte_mirror_remove(mirror_id);

	if (rc != 0)
		return mirror_plugin_refuse_as_library(rc);
	if (mirror != NULL)
		forget(mirror);
	return 0;
}

int
mirror_asked_remove_all(uint32_t *nb_removed)
{
	const struct asked_mirror *mirror;
	int rc = 0;

	*nb_removed = 0;
	while (rc == 0 && (mirror = LIST_FIRST(&asked_mirrors)) != NULL) {
		rc = mirror_asked_remove(mirror->id);
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
mirror_asked_sweep(void)
{
	struct asked_mirror *mirror;
	uint32_t *ids;
	int nb;

	/* While a target is closed others may add and remove mirrors. */
	do {
		nb = mirror_ids_list(&ids);
		if (nb < 0)
			return nb;
		mirror = find_removed(ids, nb);
		free(ids);
		if (mirror != NULL)
			forget(mirror);
	} while (mirror != NULL);
	return 0;
}

/* A process that a mirror ends with is its stream's reader, however long that takes to come. */
static bool
will_come(const struct target *target)
{
	const struct asked_mirror *mirror;

	LIST_FOREACH(mirror, &asked_mirrors, next)
	{
		if (mirror->target == target && mirror->lease.process.pid != 0)
			return true;
	}
	return false;
}

static bool
is_over(const struct asked_mirror *mirror, char reason[RTE_MIRROR_REASON_SIZE])
{
	return mirror_targets_is_left(mirror->target, will_come(mirror->target), reason) ||
			mirror_lease_is_over(&mirror->lease, reason);
}

bool
mirror_asked_find_over(uint32_t before, uint32_t *mirror_id, char reason[RTE_MIRROR_REASON_SIZE])
{
	const struct asked_mirror *mirror;

	/* The newest is the first. */
	LIST_FOREACH(mirror, &asked_mirrors, next)
	{
		*mirror_id = mirror->id;
		if (mirror->id < before && is_over(mirror, reason))
			return true;
	}
	return false;
}

struct asked_mirror *
mirror_asked_get(uint32_t mirror_id)
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
	char ended[PLUGIN_REASON_SIZE - 128];
	struct text text = mirror_text_begin(ended, sizeof(ended));

	mirror_ended_tell(name_or_id, &text);
	if (text.length == 0)
		mirror_text_append(&text, "the command list tells which there are");
	return mirror_plugin_refuse(ENOENT, "there is no mirror %.64s: %s", name_or_id, ended);
}

int
mirror_ids_find(const char *name_or_id, uint32_t *mirror_id)
{
	uint64_t number;
	uint32_t *ids;
	bool found;
	int rc;

	if (name_or_id[0] == '\0' || !mirror_scalar_is_digits(name_or_id)) {
		rc = rte_mirror_lookup(name_or_id, mirror_id);
		if (rc == -ENOENT)
			return refuse_unknown(name_or_id);
		return rc == 0 ? 0 : mirror_plugin_refuse_as_library(rc);
	}
	rc = mirror_ids_list(&ids);
	if (rc < 0)
		return rc;
	found = mirror_scalar_read_number(name_or_id, &number) && number <= UINT32_MAX &&
			contains(ids, rc, (uint32_t)number);
	free(ids);
	if (!found)
		return refuse_unknown(name_or_id);
	*mirror_id = (uint32_t)number;
	return 0;
}

bool
mirror_asked_use(const struct target *target)
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
mirror_ids_list(uint32_t **ids)
{
	int size = 0, nb = rte_mirror_list(NULL, 0);

	*ids = NULL;
	/* The application may add mirrors meanwhile. */
	while (nb > size) {
		free(*ids);
		size = nb;
		*ids = calloc(size, sizeof(**ids));
		if (*ids == NULL)
			return mirror_plugin_refuse(ENOMEM, "out of memory");
		nb = rte_mirror_list(*ids, size);
	}
	if (nb < 0) {
		free(*ids);
		*ids = NULL;
		return mirror_plugin_refuse_as_library(nb);
	}
	return nb;
}
