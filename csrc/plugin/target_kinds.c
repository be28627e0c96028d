/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "target.h"
#include "targets.h"

/* In the order in which they are told. Each is mirror_target_NAME of target_NAME.c. */
#define KINDS(kind)                                                                         \
	kind(file) kind(stream) kind(tap) kind(af_packet) kind(vhost) kind(ring) kind(null) \
			kind(port) kind(pcap)

#define DECLARE(name) extern const struct target_kind mirror_target_##name;
KINDS(DECLARE)

#define ADDRESS(name) &mirror_target_##name,
static const struct target_kind *const kinds[] = { KINDS(ADDRESS) };

static const struct target_kind *
find_kind(const char *name, size_t length)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++) {
		if (strlen(kinds[i]->name) == length && memcmp(kinds[i]->name, name, length) == 0)
			return kinds[i];
	}
	return NULL;
}

static int
refuse_kind(const char *asked)
{
	char buffer[256];
	struct text known = mirror_text_begin(buffer, sizeof(buffer));
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++) {
		if (i > 0)
			mirror_text_append(&known, i + 1 < RTE_DIM(kinds) ? ", " : " or ");
		mirror_text_append(&known, "%s:%s", kinds[i]->name, kinds[i]->value);
	}
	return mirror_plugin_refuse(EINVAL, "%.128s: no such target: give %s", asked, buffer);
}

void
mirror_targets_write_kinds(struct text *text)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(kinds); i++)
		mirror_text_append(text, "%s%s:%s  %s", i > 0 ? "\n" : "", kinds[i]->name,
				kinds[i]->value, kinds[i]->meaning);
}

/* The value that a target is given, or the one that its kind chooses where that is left out. */
static int
find_value(const struct target_kind *kind, const char *text, const char **value,
		char chosen[SOCKET_PATH_SIZE])
{
	*value = strchr(text, ':') + 1;
	if (**value != '\0')
		return 0;
	if (kind->choose_value == NULL)
		return mirror_plugin_refuse(
				EINVAL, "%.128s: what is behind the colon is missing", text);
	*value = chosen;
	return kind->choose_value(chosen);
}

int
mirror_target_parse(const char *text, struct target **target)
{
	const size_t length = strcspn(text, ":");
	const struct target_kind *kind = text[length] == ':' ? find_kind(text, length) : NULL;
	char chosen[SOCKET_PATH_SIZE];
	struct target *parsed;
	const char *value;
	int rc;

	if (kind == NULL)
		return refuse_kind(text);
	rc = find_value(kind, text, &value, chosen);
	if (rc != 0)
		return rc;
	parsed = calloc(1, sizeof(*parsed));
	if (parsed == NULL || asprintf(&parsed->text, "%s:%s", kind->name, value) < 0) {
		free(parsed);
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	}
	parsed->value = parsed->text + length + 1;
	rte_strscpy(parsed->shown, parsed->text, sizeof(parsed->shown));
	parsed->kind = kind;
	*target = parsed;
	return 0;
}

void
mirror_target_forget(struct target *target)
{
	free(target->text);
	free(target);
}
