/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <rte_common.h>

#include "refusal.h"
#include "scalar.h"
#include "spec.h"
#include "spec_select.h"
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

static const struct choice rate_units[] = {
	{ "packets", RTE_MIRROR_PACKETS },
	{ "bits", RTE_MIRROR_BITS },
	{ NULL, 0 },
};

struct key {
	const char *name;
	const char *alias; /* its second name; NULL: none */
	/* Reads a value into the spec: 0 or -EINVAL, the refusal kept. */
	int (*read)(struct spec *spec, const struct key *key, const char *value);
	size_t offset;  /* of the field in struct spec */
	size_t size;    /* of a number */
	bool is_scaled; /* a number that k, M or G may stand behind */
	bool is_time;   /* a number of seconds, or of minutes ... */
	uint32_t bits;  /* of a flag */
	uint32_t last;  /* the greatest number of ranges */
	const struct choice *choices;
	/* Of what has a grammar of its own. */
	int (*read_own)(struct spec_select *select, const char *name, const char *value);
	bool is_taken_back; /* by an empty value */
	bool is_of_rate;    /* goes with the rate */
};

static void *
field_of(struct spec *spec, const struct key *key)
{
	return (char *)spec + key->offset;
}

static int
read_number(struct spec *spec, const struct key *key, const char *value)
{
	const struct value_limits limits = {
		.max = UINT64_MAX >> (64 - 8 * key->size),
		.example = key->is_scaled    ? ", such as 1000000 or 1M" :
				key->is_time ? ", such as 90, 10m or 2h" :
					       NULL,
		.is_scaled = key->is_scaled,
		.is_time = key->is_time,
	};
	void *field = field_of(spec, key);
	uint64_t number;
	int rc = mirror_value_read_number(key->name, value, limits, &number);

	if (rc != 0)
		return rc;
	if (key->size == sizeof(uint16_t))
		*(uint16_t *)field = (uint16_t)number;
	else if (key->size == sizeof(uint32_t))
		*(uint32_t *)field = (uint32_t)number;
	else
		*(uint64_t *)field = number;
	return 0;
}

static int
read_choice(struct spec *spec, const struct key *key, const char *value)
{
	const struct choice *choice;
	char buffer[128];
	struct text why = mirror_text_begin(buffer, sizeof(buffer));

	for (choice = key->choices; choice->text != NULL; choice++) {
		if (strcmp(choice->text, value) == 0) {
			*(uint32_t *)field_of(spec, key) = choice->value;
			return 0;
		}
		mirror_text_append(&why, "%s%s", choice == key->choices ? "not one of " : ", ",
				choice->text);
	}
	return mirror_value_refuse(key->name, value, buffer);
}

static int
read_flag(struct spec *spec, const struct key *key, const char *value)
{
	bool yes = false;
	int rc = mirror_value_read_answer(key->name, value, &yes);

	if (yes)
		*(uint32_t *)field_of(spec, key) |= key->bits;
	return rc;
}

static int
read_linger(struct spec *spec, const struct key *key, const char *value)
{
	bool yes = true;
	int rc = mirror_value_read_answer(key->name, value, &yes);

	spec->options.ends_with_reader = !yes;
	return rc;
}

static int
read_process(struct spec *spec, const struct key *key, const char *value)
{
	const char *at = value;
	uint64_t pid, start;

	if (!mirror_scalar_take_number(&at, &pid) || *at++ != ':' || *at == '\0' ||
			!mirror_scalar_read_number(at, &start) || pid == 0 || pid > INT32_MAX)
		return mirror_value_refuse(key->name, value, "not a process, as PID:START");
	spec->ends_with = (struct lease_process){ .pid = (uint32_t)pid, .start = start };
	return 0;
}

static int
read_ranges(struct spec *spec, const struct key *key, const char *value)
{
	return mirror_spec_read_ranges(field_of(spec, key), key->name, value, key->last);
}

static int
read_own(struct spec *spec, const struct key *key, const char *value)
{
	return key->read_own(&spec->select, key->name, value);
}

static int
read_name(struct spec *spec, const struct key *key, const char *value)
{
	if (value[0] == '\0')
		return mirror_value_refuse(key->name, value, "give one, or leave it out");
	if (strlen(value) >= sizeof(spec->name))
		return mirror_value_refuse(key->name, value, "longer than 63 bytes");
	if (mirror_scalar_is_digits(value))
		return mirror_value_refuse(key->name, value, "would be taken for an id");
	strcpy(spec->name, value);
	return 0;
}

#define FIELD(field) .offset = offsetof(struct spec, field)
/* A field of 16, 32 or 64 bits of a part of the spec, by its name; may it be scaled? */
#define NUMBER_OF(part, field, scaled) \
	{ .name = #field,              \
		.read = read_number,   \
		FIELD(part.field),     \
		.is_scaled = scaled,   \
		.size = sizeof(((struct spec *)NULL)->part.field) }
#define NUMBER(field, scaled) NUMBER_OF(param, field, scaled)
#define TIME_OF(field, key, second_name) \
	{ .name = key,                   \
		.alias = second_name,    \
		.read = read_number,     \
		FIELD(field),            \
		.is_time = true,         \
		.size = sizeof(((struct spec *)NULL)->field) }
#define CHOICE(key, second_name, field, texts) \
	{ .name = key, .alias = second_name, .read = read_choice, FIELD(field), .choices = texts }
#define FLAG(key, flag) { .name = key, .read = read_flag, FIELD(param.flags), .bits = flag }
#define RANGES(key, second_name, field, greatest) \
	{ .name = key,                            \
		.alias = second_name,             \
		.read = read_ranges,              \
		FIELD(field),                     \
		.last = greatest,                 \
		.is_taken_back = true }
#define SELECTION(key, reader) \
	{ .name = key, .read = read_own, .read_own = reader, .is_taken_back = true }

/* All parameters, in the order in which they are written. */
static const struct key keys[] = {
	CHOICE("directions", "direction", param.directions, directions),
	CHOICE("mode", NULL, param.mode, modes),
	NUMBER(target_queue, false),
	NUMBER(nb_target_queues, false),
	NUMBER(snaplen, false),
	NUMBER(split_len, false),
	NUMBER(rate, true),
	{ .name = "rate_unit",
			.read = read_choice,
			FIELD(param.rate_unit),
			.choices = rate_units,
			.is_of_rate = true },
	FLAG("origin", RTE_MIRROR_F_ORIGIN),
	TIME_OF(options.seconds, "seconds", NULL),
	NUMBER_OF(options, packets, true),
	NUMBER_OF(options, max_size, true),
	{ .name = "linger", .read = read_linger },
	TIME_OF(lease, "lease", "for"),
	{ .name = "ends_with", .read = read_process, .is_taken_back = true },
	{ .name = "name", .read = read_name },
	SELECTION("filter", mirror_spec_read_filter),
	SELECTION("mac", mirror_spec_read_mac),
	RANGES("vlans", "vlan", select.vlans, 4095),
	RANGES("inner_vlans", "inner_vlan", select.inner_vlans, 4095),
	SELECTION("flow", mirror_spec_read_flow),
	SELECTION("sample", mirror_spec_read_sample),
	RANGES("queues", "queue", select.queues, UINT16_MAX),
};

_Static_assert(sizeof(enum rte_mirror_mode) == sizeof(uint32_t), "choices have 32 bits");

/* A key's value, by either of its names, if there is one; else value stays. */
static int
take(struct pairs *pairs, const struct key *key, const char **value)
{
	const char *said = mirror_pairs_take(pairs, key->name);
	const char *other = key->alias != NULL ? mirror_pairs_take(pairs, key->alias) : NULL;

	if (said != NULL && other != NULL)
		return mirror_plugin_refuse(EINVAL,
				"parameter %s: another name of %s: give one of them", key->alias,
				key->name);
	if (said != NULL || other != NULL)
		*value = said != NULL ? said : other;
	return 0;
}

static void
append_pair(struct text *text, const char *name, const char *value)
{
	const char *quote = mirror_pairs_is_plain(value) ? "" : "\"";

	mirror_text_append(text, "%s%s=%s", text->length > 0 ? "," : "", name, quote);
	mirror_text_append_escaped(text, value);
	mirror_text_append(text, "%s", quote);
}

int
mirror_spec_read(struct spec *spec, const char *text, struct pairs *changes)
{
	struct text merged = mirror_text_begin(spec->text, sizeof(spec->text));
	struct pairs said;
	const char *value;
	unsigned int i;
	int rc = mirror_pairs_read(&said, text);

	memset(&spec->param, 0, sizeof(*spec) - offsetof(struct spec, param));
	for (i = 0; rc == 0 && i < RTE_DIM(keys); i++) {
		value = NULL;
		rc = take(&said, &keys[i], &value);
		if (keys[i].is_of_rate && spec->param.rate == 0)
			value = NULL;
		if (rc == 0)
			rc = take(changes, &keys[i], &value);
		if (rc != 0 || value == NULL || (value[0] == '\0' && keys[i].is_taken_back))
			continue;
		append_pair(&merged, keys[i].name, value);
		rc = keys[i].read(spec, &keys[i], value);
	}
	spec->select.compiled = changes->filter;
	if (rc == 0 && merged.is_cut)
		return mirror_plugin_refuse(EINVAL,
				"parameters: more than %zu bytes with those that the mirror has: "
				"give it shorter ones",
				sizeof(spec->text) - 1);
	return rc;
}

void
mirror_spec_write_keys(struct text *text)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(keys); i++)
		mirror_text_append(text, "%s%s", i > 0 ? ", " : "", keys[i].name);
}

struct rte_mirror_param
mirror_spec_param(const struct spec *spec, struct rte_mirror_select *select)
{
	struct rte_mirror_param param = spec->param;

	param.name = spec->name[0] != '\0' ? spec->name : NULL;
	param.select = mirror_spec_select(&spec->select, select) ? select : NULL;
	return param;
}

static const char *
choice_text(const struct choice *choice, uint32_t value)
{
	while (choice->text != NULL && choice->value != value)
		choice++;
	return choice->text != NULL ? choice->text : "?";
}

const char *
mirror_spec_directions(uint32_t value)
{
	return choice_text(directions, value);
}

const char *
mirror_spec_mode(enum rte_mirror_mode mode)
{
	return choice_text(modes, mode);
}
