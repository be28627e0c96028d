/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "scalar.h"
#include "target.h"

#define PORT_KIND "port"

void
target_forget(struct target *target)
{
	free(target->text);
	free(target);
}

int
target_parse(const char *text, struct target **target)
{
	const char *colon = strchr(text, ':');
	const size_t length = colon != NULL ? (size_t)(colon - text) : 0;
	const struct target_kind *kind = target_kind_find(text, length);
	const bool is_port = length == strlen(PORT_KIND) && memcmp(text, PORT_KIND, length) == 0;
	struct target *parsed;

	if (kind == NULL && !is_port)
		return plugin_refuse(EINVAL,
				"%.128s: no such target: give tap:INTERFACE, af_packet:INTERFACE, pcap:FILE, "
				"vhost:SOCKET, ring:NAME or port:NAME",
				text);
	if (colon[1] == '\0')
		return plugin_refuse(EINVAL, "%.128s: what is behind the colon is missing", text);
	parsed = calloc(1, sizeof(*parsed));
	if (parsed != NULL)
		parsed->text = strdup(text);
	if (parsed == NULL || parsed->text == NULL) {
		free(parsed);
		return plugin_refuse(ENOMEM, "out of memory");
	}
	parsed->value = parsed->text + length + 1;
	rte_strscpy(parsed->shown, text, sizeof(parsed->shown));
	parsed->kind = kind;
	*target = parsed;
	return 0;
}

int
target_take_port(struct target *target, bool force)
{
	uint64_t number = RTE_MAX_ETHPORTS;

	if (!force)
		return plugin_refuse(EINVAL,
				"%s: that port is not the mirror's own, and nobody else may transmit on the "
				"queues that a mirror uses: give force=yes if that is so",
				target->shown);
	if (!scalar_read_number(target->value, SCALAR_DIGITS_16, &number) &&
			rte_eth_dev_get_port_by_name(target->value, &target->port_id) == 0)
		number = target->port_id;
	if (number >= RTE_MAX_ETHPORTS || !rte_eth_dev_is_valid_port((uint16_t)number))
		return plugin_refuse(ENODEV, "%s: there is no such port", target->shown);
	target->port_id = (uint16_t)number;
	if (target_device_owns(target->port_id))
		return plugin_refuse(EINVAL,
				"%s: that port was made for a target: give the text that it was made for",
				target->shown);
	return 0;
}
