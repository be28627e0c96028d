/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_ether.h>

#include "compiled.h"
#include "refusal.h"
#include "scalar.h"
#include "spec_select.h"
#include "values.h"

#define TOO_MANY "more than " RTE_STR(SPEC_RANGES_MAX) " numbers and ranges"

static const struct value_limits any_number = { .max = UINT64_MAX };

/* The public header has bytes for yes and no. */
static int
read_answer(const char *name, const char *value, uint8_t *answer)
{
	bool yes = *answer != 0;
	int rc = mirror_value_read_answer(name, value, &yes);

	*answer = yes;
	return rc;
}

int
mirror_spec_read_filter(struct spec_select *spec, const char *name __rte_unused, const char *value)
{
	/* It is out of a text that has no more room. */
	strcpy(spec->filter, value);
	return 0;
}

static int
read_addresses(struct pairs *pairs, struct rte_mirror_mac *mac)
{
	const char *src = mirror_pairs_take(pairs, "src"), *dst = mirror_pairs_take(pairs, "dst");
	const char *both_ways = mirror_pairs_take(pairs, "both_ways");
	int rc = 0;

	if (src != NULL)
		rc = mirror_value_read_mac("mac: src", src, &mac->src, &mac->src_mask);
	if (rc == 0 && dst != NULL)
		rc = mirror_value_read_mac("mac: dst", dst, &mac->dst, &mac->dst_mask);
	if (rc == 0 && both_ways != NULL)
		rc = read_answer("mac: both_ways", both_ways, &mac->both_ways);
	if (rc == 0 && rte_is_zero_ether_addr(&mac->src_mask) &&
			rte_is_zero_ether_addr(&mac->dst_mask))
		rc = mirror_plugin_refuse(EINVAL,
				"parameter mac: no bit of any address counts: give src or dst, or "
				"leave mac out");
	return rc;
}

int
mirror_spec_read_mac(struct spec_select *spec, const char *name, const char *value)
{
	static const char *const keys[] = { "src", "dst", "both_ways", NULL };
	struct pairs pairs;
	int rc = mirror_value_read_pairs(name, value, keys, &pairs);

	spec->has_mac = true;
	return rc == 0 ? read_addresses(&pairs, &spec->mac) : rc;
}

int
mirror_spec_read_ranges(
		struct spec_ranges *ranges, const char *name, const char *value, uint32_t last)
{
	const char *next = value;
	int rc = 0;

	while (rc == 0 && *next != '\0') {
		if (ranges->nb == SPEC_RANGES_MAX)
			return mirror_value_refuse(name, value, TOO_MANY);
		rc = mirror_value_read_range(
				name, value, &next, last, &ranges->ranges[ranges->nb++]);
		/* A comma is followed by one more. */
		if (rc == 0 && *next != '\0' && (*next != ',' || *++next == '\0'))
			rc = mirror_value_refuse(
					name, value, "not numbers and ranges, such as 100,200-210");
	}
	return rc;
}

static int
read_ports(const char *name, const char *value, struct rte_mirror_range *range)
{
	const char *end = value;
	int rc;

	if (value[strspn(value, "0123456789-")] != '\0')
		return mirror_value_refuse(
				name, value, "not a number or a range, such as 1024-65535");
	rc = mirror_value_read_range(name, value, &end, UINT16_MAX, range);
	if (rc == 0 && *end != '\0')
		return mirror_value_refuse(
				name, value, "not a number or a range, such as 1024-65535");
	/* To the library that is any port. */
	if (rc == 0 && range->max == 0)
		return mirror_value_refuse(name, value, "not to be had alone: use a filter");
	return rc;
}

static int
read_ip_version(const char *name, const char *value, uint8_t *ip_version)
{
	uint64_t number = 0;
	int rc = mirror_value_read_number(name, value, any_number, &number);

	if (rc != 0)
		return rc;
	if (number != 4 && number != 6)
		return mirror_value_refuse(name, value, "neither 4 nor 6");
	*ip_version = (uint8_t)number;
	return 0;
}

static int
read_flow(const char *key, const char *value, struct rte_mirror_flow *flow)
{
	if (strcmp(key, "ip_version") == 0)
		return read_ip_version("flow: ip_version", value, &flow->ip_version);
	if (strcmp(key, "protocol") == 0)
		return mirror_value_read_protocol("flow: protocol", value, &flow->protocol);
	if (strcmp(key, "src") == 0)
		return mirror_value_read_prefix(
				"flow: src", value, &flow->ip_version, flow->src, &flow->src_len);
	if (strcmp(key, "dst") == 0)
		return mirror_value_read_prefix(
				"flow: dst", value, &flow->ip_version, flow->dst, &flow->dst_len);
	if (strcmp(key, "src_port") == 0)
		return read_ports("flow: src_port", value, &flow->src_port);
	if (strcmp(key, "dst_port") == 0)
		return read_ports("flow: dst_port", value, &flow->dst_port);
	return read_answer("flow: both_ways", value, &flow->both_ways);
}

/* Ports of a protocol that has none are in no packet. */
static int
check_ports(struct pairs *pairs, const struct rte_mirror_flow *flow)
{
	const char *protocol = mirror_pairs_take(pairs, "protocol");

	if (protocol == NULL || (flow->src_port.max == 0 && flow->dst_port.max == 0))
		return 0;
	return mirror_value_check_ports("flow: protocol", protocol, flow->protocol);
}

static bool
says_something(const struct rte_mirror_flow *flow)
{
	return flow->ip_version != 0 || flow->protocol != 0 || flow->src_port.max != 0 ||
			flow->dst_port.max != 0;
}

int
mirror_spec_read_flow(struct spec_select *spec, const char *name, const char *value)
{
	/* Which IP it is comes first. */
	static const char *const keys[] = { "ip_version", "protocol", "src", "dst", "src_port",
		"dst_port", "both_ways", NULL };
	struct pairs pairs;
	unsigned int i;
	int rc = mirror_value_read_pairs(name, value, keys, &pairs);

	for (i = 0; rc == 0 && keys[i] != NULL; i++) {
		const char *part = mirror_pairs_take(&pairs, keys[i]);

		if (part != NULL)
			rc = read_flow(keys[i], part, &spec->flow);
	}
	if (rc == 0)
		rc = check_ports(&pairs, &spec->flow);
	if (rc == 0 && !says_something(&spec->flow))
		rc = mirror_plugin_refuse(EINVAL,
				"parameter flow: nothing is asked for: say more of it, or leave "
				"flow out");
	spec->has_flow = true;
	return rc;
}

/* What is behind the number. */
static int
read_chance(const char *value, struct spec_sample *sample)
{
	static const char *const keys[] = { "random", "seed", NULL };
	struct pairs pairs;
	int rc = mirror_value_read_pairs("sample", value, keys, &pairs);
	const char *random, *seed;

	if (rc != 0)
		return rc;
	random = mirror_pairs_take(&pairs, "random");
	seed = mirror_pairs_take(&pairs, "seed");
	if (random != NULL)
		rc = read_answer("sample: random", random, &sample->random);
	if (rc == 0 && seed != NULL)
		rc = mirror_value_read_number("sample: seed", seed, any_number, &sample->seed);
	return rc;
}

int
mirror_spec_read_sample(struct spec_select *spec, const char *name, const char *value)
{
	const struct value_limits limits = {
		.min = 1,
		.max = UINT32_MAX,
		.example = ", such as 1000 for one packet in 1000",
	};
	const char *comma = strchr(value, ',');
	char number[PAIRS_TEXT_SIZE];
	uint64_t one_in = 0;
	int rc;

	snprintf(number, sizeof(number), "%.*s", (int)strcspn(value, ","), value);
	rc = mirror_value_read_number(name, number, limits, &one_in);
	spec->sample.one_in = (uint32_t)one_in;
	return rc == 0 && comma != NULL ? read_chance(comma + 1, &spec->sample) : rc;
}

static const struct rte_mirror_range *
ranges_of(const struct spec_ranges *ranges, uint16_t *nb)
{
	*nb = ranges->nb;
	return ranges->nb > 0 ? ranges->ranges : NULL;
}

bool
mirror_spec_select(const struct spec_select *spec, struct rte_mirror_select *select)
{
	*select = (struct rte_mirror_select){
		.mac = spec->has_mac ? &spec->mac : NULL,
		.flow = spec->has_flow ? &spec->flow : NULL,
		.compiled = spec->compiled != NULL ? spec->compiled->filter : NULL,
		.sample_one_in = spec->sample.one_in,
		.sample_random = spec->sample.random,
		.sample_seed = spec->sample.seed,
	};
	if (spec->compiled == NULL && spec->filter[0] != '\0')
		select->filter = spec->filter;
	select->queues = ranges_of(&spec->queues, &select->nb_queues);
	select->vlans = ranges_of(&spec->vlans, &select->nb_vlans);
	select->inner_vlans = ranges_of(&spec->inner_vlans, &select->nb_inner_vlans);
	return select->mac != NULL || select->flow != NULL || select->filter != NULL ||
			select->compiled != NULL || select->sample_one_in != 0 ||
			select->queues != NULL || select->vlans != NULL ||
			select->inner_vlans != NULL;
}
