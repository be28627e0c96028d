/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include "portinfo.h"
#include "refusal.h"
#include "scalar.h"
#include "target.h"

static int
take(struct target *target, bool force)
{
	uint64_t number = RTE_MAX_ETHPORTS;

	if (!force)
		return mirror_plugin_refuse(EINVAL,
				"%s: that port is not the mirror's own, and nobody else may transmit on the "
				"queues that a mirror uses: give force=yes if that is so",
				target->shown);
	if (!mirror_scalar_read_number(target->value, &number) &&
			rte_eth_dev_get_port_by_name(target->value, &target->port_id) == 0)
		number = target->port_id;
	if (number >= RTE_MAX_ETHPORTS || !rte_eth_dev_is_valid_port((uint16_t)number))
		return mirror_plugin_refuse(ENODEV, "%s: there is no such port", target->shown);
	target->port_id = (uint16_t)number;
	if (mirror_target_device_owns(target->port_id))
		return mirror_plugin_refuse(EINVAL,
				"%s: that port was made for a target: give the text that it was made for",
				target->shown);
	return 0;
}

const struct target_kind mirror_target_port = {
	.name = "port",
	.value = "NAME",
	.meaning = "an existing port that nobody else transmits on; requires force=yes",
	.take = take,
};

void
mirror_targets_write_port(uint16_t port_id, struct text *text)
{
	char name[RTE_ETH_NAME_MAX_LEN];

	mirror_portinfo_name(port_id, name);
	mirror_text_append(text, "%s:%s", mirror_target_port.name, name);
}
