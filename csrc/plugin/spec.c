/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "scalar.h"
#include "spec_keys.h"
#include "values.h"

/* One of the values that a key may have. */
struct choice {
	const char *text;
	uint32_t value;
};

static const struct choice directions[] = {
	{ "rx", RTE_MIRROR_RX },
	{ "tx", RTE_MIRROR_TX },
	{ "both", (uint32_t)RTE_MIRROR_RX | (uint32_t)RTE_MIRROR_TX },
	{ NULL, 0 },
};

static const struct choice modes[] = {
	{ "share", RTE_MIRROR_SHARE },
	{ "split", RTE_MIRROR_SPLIT },
	{ "copy", RTE_MIRROR_COPY },
	{ "auto", RTE_MIRROR_AUTO },
	{ NULL, 0 },
};

static const char *
choice_text(const struct choice *choice, uint32_t value)
{
	while (choice->text != NULL && choice->value != value)
		choice++;
	return choice->text != NULL ? choice->text : "?";
}

static int
read_choice(const struct key *key, const char *value, uint32_t *chosen)
{
	const struct choice *choice;
	char buffer[128];
	struct text why = text_begin(buffer, sizeof(buffer));

	for (choice = key->choices; choice->text != NULL; choice++) {
		if (strcmp(choice->text, value) == 0) {
			*chosen = choice->value;
			return 0;
		}
		text_append(&why, "%s%s", choice == key->choices ? "none of " : ", ", choice->text);
	}
	return value_refuse(key->name, value, buffer);
}

static int
read_directions(struct spec *spec, const struct key *key, const char *value)
{
	return read_choice(key, value, &spec->param.directions);
}

static void
write_directions(const struct spec *spec, const struct key *key, struct text *text)
{
	text_append(text, ",%s=%s", key->name, spec_directions(spec->param.directions));
}

static int
read_mode(struct spec *spec, const struct key *key, const char *value)
{
	uint32_t mode;
	int rc = read_choice(key, value, &mode);

	if (rc == 0)
		spec->param.mode = (enum rte_mirror_mode)mode;
	return rc;
}

static void
write_mode(const struct spec *spec, const struct key *key, struct text *text)
{
	text_append(text, ",%s=%s", key->name, spec_mode(spec->param.mode));
}

static uint64_t
number_of(const struct spec *spec, const struct key *key)
{
	const void *where = (const char *)&spec->param + key->offset;

	return key->size == sizeof(uint16_t) ? *(const uint16_t *)where : *(const uint32_t *)where;
}

static int
read_number(struct spec *spec, const struct key *key, const char *value)
{
	void *where = (char *)&spec->param + key->offset;
	const struct value_limits limits = { 0,
		key->size == sizeof(uint16_t) ? UINT16_MAX : UINT32_MAX, SCALAR_DIGITS_32 };
	uint64_t number;
	int rc = value_read_number(key->name, value, limits, &number);

	if (rc != 0)
		return rc;
	if (key->size == sizeof(uint16_t))
		*(uint16_t *)where = (uint16_t)number;
	else
		*(uint32_t *)where = (uint32_t)number;
	return 0;
}

static void
write_number(const struct spec *spec, const struct key *key, struct text *text)
{
	if (number_of(spec, key) != 0)
		text_append(text, ",%s=%" PRIu64, key->name, number_of(spec, key));
}

static int
read_origin(struct spec *spec, const struct key *key, const char *value)
{
	bool origin;
	int rc = value_read_answer(key->name, value, &origin);

	if (rc == 0) {
		spec->param.flags &= ~(uint32_t)RTE_MIRROR_F_ORIGIN;
		spec->param.flags |= origin ? RTE_MIRROR_F_ORIGIN : 0;
	}
	return rc;
}

static void
write_origin(const struct spec *spec, const struct key *key, struct text *text)
{
	if ((spec->param.flags & RTE_MIRROR_F_ORIGIN) != 0)
		text_append(text, ",%s=yes", key->name);
}

static int
read_name(struct spec *spec, const struct key *key, const char *value)
{
	if (value[0] == '\0')
		return value_refuse(key->name, value, "give one, or leave it out");
	if (strlen(value) >= sizeof(spec->name))
		return value_refuse(key->name, value, "longer than 63 bytes");
	if (scalar_is_digits(value))
		return value_refuse(key->name, value, "would be taken for an id");
	strcpy(spec->name, value);
	return 0;
}

static void
write_name(const struct spec *spec, const struct key *key, struct text *text)
{
	if (spec->name[0] != '\0')
		spec_write_value(text, key->name, spec->name);
}

void
spec_write_value(struct text *text, const char *name, const char *value)
{
	const char *quote = pairs_is_plain(value) ? "" : "\"";

	text_append(text, ",%s=%s", name, quote);
	text_append_escaped(text, value);
	text_append(text, "%s", quote);
}

#define NUMBER(field)                                                                        \
	{ #field, read_number, write_number, NULL, offsetof(struct rte_mirror_param, field), \
		sizeof(((struct rte_mirror_param *)NULL)->field), 0 }
#define RANGES(name, field, last) \
	{ name, spec_read_ranges, spec_write_ranges, NULL, offsetof(struct spec, field), 0, last }

/* In the order in which they are written. */
static const struct key keys[] = {
	{ "directions", read_directions, write_directions, directions, 0, 0, 0 },
	{ "mode", read_mode, write_mode, modes, 0, 0, 0 },
	NUMBER(target_queue),
	NUMBER(nb_target_queues),
	NUMBER(snaplen),
	NUMBER(split_len),
	{ "origin", read_origin, write_origin, NULL, 0, 0, 0 },
	{ "name", read_name, write_name, NULL, 0, 0, 0 },
	{ "filter", spec_read_filter, spec_write_filter, NULL, 0, 0, 0 },
	{ "mac", spec_read_mac, spec_write_mac, NULL, 0, 0, 0 },
	RANGES("vlan", vlans, 4095),
	RANGES("inner_vlan", inner_vlans, 4095),
	{ "flow", spec_read_flow, spec_write_flow, NULL, 0, 0, 0 },
	{ "sample", spec_read_sample, spec_write_sample, NULL, 0, 0, 0 },
	RANGES("queues", queues, UINT16_MAX),
};

struct spec
spec_default(void)
{
	return (struct spec){
		.param = { .directions = (uint32_t)RTE_MIRROR_RX | (uint32_t)RTE_MIRROR_TX,
				.mode = RTE_MIRROR_AUTO },
	};
}

/* A key's value. Directions have a second name; of both at once, one is left over, and nobody knows it. */
static const char *
take(struct pairs *pairs, const struct key *key)
{
	const char *value = pairs_take(pairs, key->name);

	if (value == NULL && key->read == read_directions)
		value = pairs_take(pairs, "direction");
	return value;
}

int
spec_read(struct spec *spec, struct pairs *pairs)
{
	const char *value;
	unsigned int i;
	int rc = 0;

	for (i = 0; rc == 0 && i < RTE_DIM(keys); i++) {
		value = take(pairs, &keys[i]);
		if (value != NULL)
			rc = keys[i].read(spec, &keys[i], value);
	}
	if (pairs->filter != NULL)
		spec->compiled = pairs->filter;
	return rc;
}

void
spec_write(const struct spec *spec, struct text *text)
{
	char buffer[SPEC_TEXT_SIZE];
	struct text pairs = text_begin(buffer, sizeof(buffer));
	unsigned int i;

	for (i = 0; i < RTE_DIM(keys); i++)
		keys[i].write(spec, &keys[i], &pairs);
	/* Without the first one's comma. */
	text_append(text, "%s", buffer + 1);
}

void
spec_write_keys(struct text *text)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(keys); i++)
		text_append(text, "%s%s", i > 0 ? ", " : "", keys[i].name);
}

struct rte_mirror_param
spec_param(const struct spec *spec, uint16_t target_port, struct rte_mirror_select *select)
{
	struct rte_mirror_param param = spec->param;

	param.target_port = target_port;
	param.name = spec->name[0] != '\0' ? spec->name : NULL;
	param.select = spec_select(spec, select) ? select : NULL;
	return param;
}

const char *
spec_directions(uint32_t value)
{
	return choice_text(directions, value);
}

const char *
spec_mode(enum rte_mirror_mode mode)
{
	return choice_text(modes, mode);
}
