/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "refusal.h"
#include "scalar.h"
#include "values.h"

static const struct {
	const char *name;
	uint8_t number;
	bool has_ports;
} protocols[] = {
	{ "tcp", IPPROTO_TCP, true },
	{ "udp", IPPROTO_UDP, true },
	{ "icmp", IPPROTO_ICMP, false },
	{ "icmp6", IPPROTO_ICMPV6, false },
	{ "igmp", IPPROTO_IGMP, false },
	{ "sctp", IPPROTO_SCTP, true },
	{ "dccp", IPPROTO_DCCP, true },
	{ "udplite", IPPROTO_UDPLITE, true },
	{ "gre", IPPROTO_GRE, false },
	{ "esp", IPPROTO_ESP, false },
	{ "ah", IPPROTO_AH, false },
	{ "ospf", 89, false },
	{ "pim", IPPROTO_PIM, false },
	{ "vrrp", 112, false },
};

int
mirror_value_refuse(const char *name, const char *value, const char *why)
{
	char buffer[128];
	struct text text = mirror_text_begin(buffer, sizeof(buffer));

	mirror_text_append_shown(&text, value);
	return mirror_plugin_refuse(EINVAL, "parameter %s=%s%s: %s", name, buffer,
			text.is_cut ? "..." : "", why);
}

static int
refuse_limits(const char *name, const char *value, struct value_limits limits)
{
	char why[64];

	snprintf(why, sizeof(why), "not within %" PRIu64 " to %" PRIu64, limits.min, limits.max);
	return mirror_value_refuse(name, value, why);
}

struct unit {
	char letter;
	uint32_t scale;
};

static const struct unit multiples[] = { { 'k', 1000 }, { 'M', 1000000 }, { 'G', 1000000000 },
	{ '\0', 1 } };
static const struct unit times[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	{ '\0', 1 } };
static const struct unit none[] = { { '\0', 1 } };

/* What the letter behind a number multiplies it by; 0: something else is there. */
static uint64_t
scale_of(const char *letter, struct value_limits limits)
{
	const struct unit *unit = limits.is_scaled ? multiples : limits.is_time ? times : none;

	if (letter[0] != '\0' && letter[1] != '\0')
		return 0;
	while (unit->letter != letter[0] && unit->letter != '\0')
		unit++;
	return unit->letter == letter[0] ? unit->scale : 0;
}

int
mirror_value_read_number(
		const char *name, const char *value, struct value_limits limits, uint64_t *number)
{
	const char *end = value;
	uint64_t read, scale = 0;
	char why[64];

	if (mirror_scalar_take_number(&end, &read))
		scale = scale_of(end, limits);
	else if (value[0] != '\0' && mirror_scalar_is_digits(value))
		return refuse_limits(name, value, limits);
	if (scale == 0) {
		snprintf(why, sizeof(why), "not a whole number%s",
				limits.example != NULL ? limits.example : "");
		return mirror_value_refuse(name, value, why);
	}
	if (read < limits.min || read > limits.max / scale)
		return refuse_limits(name, value, limits);
	*number = read * scale;
	return 0;
}

int
mirror_value_read_answer(const char *name, const char *value, bool *yes)
{
	return mirror_scalar_read_answer(value, yes) ?
			0 :
			mirror_value_refuse(name, value, "neither yes nor no");
}

int
mirror_value_read_range(const char *name, const char *value, const char **next, uint32_t last,
		struct rte_mirror_range *range)
{
	const struct value_limits limits = { .max = last };
	const char *end = *next;
	uint64_t min, max;
	char why[64];

	if (!mirror_scalar_take_number(&end, &min))
		return mirror_value_refuse(
				name, value, "not numbers and ranges, such as 100,200-210");
	max = min;
	if (*end == '-') {
		end++;
		if (!mirror_scalar_take_number(&end, &max))
			return mirror_value_refuse(
					name, value, "not numbers and ranges, such as 100,200-210");
	}
	if (min > last || max > last)
		return refuse_limits(name, value, limits);
	if (min > max) {
		snprintf(why, sizeof(why), "the range %" PRIu64 "-%" PRIu64 " is empty", min, max);
		return mirror_value_refuse(name, value, why);
	}
	*next = end;
	*range = (struct rte_mirror_range){ .min = (uint16_t)min, .max = (uint16_t)max };
	return 0;
}

static uint8_t
hex_digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

/* Takes an address from the front of a text: what is behind it, or NULL. */
static const char *
take_mac(const char *text, struct rte_ether_addr *address)
{
	unsigned int i;

	for (i = 0; i < RTE_ETHER_ADDR_LEN; i++) {
		if (i > 0 && *text++ != ':')
			return NULL;
		if (!isxdigit((unsigned char)text[0]) || !isxdigit((unsigned char)text[1]))
			return NULL;
		address->addr_bytes[i] = (uint8_t)(hex_digit(text[0]) << 4 | hex_digit(text[1]));
		text += 2;
	}
	return text;
}

int
mirror_value_read_mac(const char *name, const char *value, struct rte_ether_addr *address,
		struct rte_ether_addr *mask)
{
	struct rte_ether_addr read_address, read_mask;
	const char *end = take_mac(value, &read_address);

	memset(&read_mask, 0xff, sizeof(read_mask));
	if (end != NULL && *end == '/')
		end = take_mac(end + 1, &read_mask);
	if (end == NULL || *end != '\0')
		return mirror_value_refuse(name, value,
				"not an address such as 02:00:00:00:00:01, or "
				"02:00:00:00:00:00/ff:ff:ff:00:00:00");
	*address = read_address;
	*mask = read_mask;
	return 0;
}

int
mirror_value_read_prefix(const char *name, const char *value, uint8_t *ip_version, uint8_t *address,
		uint8_t *length)
{
	static const char why[] = "not an address or a prefix such as 192.0.2.1 or 2001:db8::/32";
	const size_t size = strcspn(value, "/");
	const uint8_t version = memchr(value, ':', size) != NULL ? 6 : 4;
	const char *end = value + size;
	uint64_t bits = version == 6 ? 128 : 32, read = bits;
	char text[INET6_ADDRSTRLEN], clash[64];
	uint8_t bytes[16] = { 0 };

	if (size >= sizeof(text))
		return mirror_value_refuse(name, value, why);
	memcpy(text, value, size);
	text[size] = '\0';
	if (inet_pton(version == 6 ? AF_INET6 : AF_INET, text, bytes) != 1)
		return mirror_value_refuse(name, value, why);
	if (*end == '/' && (end++, !mirror_scalar_take_number(&end, &read)))
		return mirror_value_refuse(name, value, why);
	if (*end != '\0' || read > bits)
		return mirror_value_refuse(name, value, why);
	if (*ip_version != 0 && *ip_version != version) {
		snprintf(clash, sizeof(clash), "of IPv%u, but the flow is of IPv%u", version,
				*ip_version);
		return mirror_value_refuse(name, value, clash);
	}
	*ip_version = version;
	*length = (uint8_t)read;
	memcpy(address, bytes, sizeof(bytes));
	return 0;
}

int
mirror_value_read_protocol(const char *name, const char *value, uint8_t *protocol)
{
	char buffer[256];
	struct text why = mirror_text_begin(buffer, sizeof(buffer));
	uint64_t number;
	unsigned int i;

	for (i = 0; i < RTE_DIM(protocols); i++) {
		if (strcmp(protocols[i].name, value) == 0) {
			*protocol = protocols[i].number;
			return 0;
		}
	}
	if (mirror_scalar_read_number(value, &number) && number >= 1 && number <= UINT8_MAX) {
		*protocol = (uint8_t)number;
		return 0;
	}
	mirror_text_append(&why, "neither a number from 1 to 255 nor one of ");
	for (i = 0; i < RTE_DIM(protocols); i++)
		mirror_text_append(&why, i > 0 ? ", %s" : "%s", protocols[i].name);
	return mirror_value_refuse(name, value, buffer);
}

int
mirror_value_check_ports(const char *name, const char *value, uint8_t protocol)
{
	char buffer[128];
	struct text why = mirror_text_begin(buffer, sizeof(buffer));
	unsigned int i;

	mirror_text_append(&why, "has no ports: leave them out, or take ");
	for (i = 0; i < RTE_DIM(protocols); i++) {
		if (!protocols[i].has_ports)
			continue;
		if (protocols[i].number == protocol)
			return 0;
		mirror_text_append(&why, i > 0 ? ", %s" : "%s", protocols[i].name);
	}
	return mirror_value_refuse(name, value, buffer);
}

#define WANTED "not key=value,... with each of "

int
mirror_value_read_pairs(
		const char *name, const char *value, const char *const *keys, struct pairs *pairs)
{
	char buffer[256];
	struct text why = mirror_text_begin(buffer, sizeof(buffer));
	bool are_known = mirror_pairs_read(pairs, value) == 0 && pairs->nb > 0;
	const struct pair *left;
	unsigned int i;

	mirror_text_append(&why, WANTED);
	for (i = 0; keys[i] != NULL; i++) {
		if (are_known)
			(void)mirror_pairs_take(pairs, keys[i]);
		mirror_text_append(&why, i > 0 ? ", %s" : "%s", keys[i]);
	}
	if (!are_known) {
		mirror_text_append(&why, " at most once");
		return mirror_value_refuse(name, value, buffer);
	}
	left = mirror_pairs_left(pairs);
	if (left == NULL)
		return 0;
	return mirror_plugin_refuse(EINVAL, "parameter %s: %.32s: no such key, there are %s", name,
			left->key, buffer + strlen(WANTED));
}
