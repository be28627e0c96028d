/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_VALUES_H
#define MIRROR_PLUGIN_VALUES_H

/**
 * @file
 * The values of parameters, from text. Sentences are those of Python.
 *
 * Each returns 0, or -EINVAL, the refusal kept: name is what it says the value is of. Results are untouched then.
 */

#include <stdbool.h>

#include "pairs.h"
#include "rte_mirror.h"
#include "text.h"

struct value_limits {
	uint64_t min, max;
	const char *example; /**< what a refusal says that would do, after a comma; NULL: nothing */
	bool is_scaled;      /**< k, M or G may stand behind the digits */
	bool is_time;        /**< of seconds: s, m, h or d may */
};

/** Refuses a value for a reason. Somebody's value may be long, and have any bytes. */
int mirror_value_refuse(const char *name, const char *value, const char *why);
int mirror_value_read_number(
		const char *name, const char *value, struct value_limits limits, uint64_t *number);
int mirror_value_read_answer(const char *name, const char *value, bool *yes);
/** One range at *next, which then is behind it. */
int mirror_value_read_range(const char *name, const char *value, const char **next, uint32_t last,
		struct rte_mirror_range *range);
/** An Ethernet address, with or without a mask; a mask of zeros is no address. */
int mirror_value_read_mac(const char *name, const char *value, struct rte_ether_addr *address,
		struct rte_ether_addr *mask);
/** An IP address, with or without a length: 4 or 6, which ip_version is then, if it was 0. */
int mirror_value_read_prefix(const char *name, const char *value, uint8_t *ip_version,
		uint8_t *address, uint8_t *length);
int mirror_value_read_protocol(const char *name, const char *value, uint8_t *protocol);
/** Refuses a protocol that has no ports, for a flow with some. */
int mirror_value_check_ports(const char *name, const char *value, uint8_t protocol);
/** The pairs that a value is made of; keys, which end with NULL, are those that it may have. */
int mirror_value_read_pairs(
		const char *name, const char *value, const char *const *keys, struct pairs *pairs);

#endif /* MIRROR_PLUGIN_VALUES_H */
