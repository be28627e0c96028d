/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>
#include <unistd.h>

#include <rte_version.h>

#include "commands.h"
#include "params.h"
#include "portinfo.h"
#include "targets.h"

/* Grows when a client has to know. */
#define PROTOCOL 1

int
mirror_command_version(struct pairs *params, struct reply *reply)
{
	char buffer[2048];
	struct text targets = mirror_text_begin(buffer, sizeof(buffer));
	int rc = mirror_params_end(params, "");

	if (rc != 0)
		return rc;
	mirror_targets_write_kinds(&targets);
	mirror_reply_object(reply);
	mirror_reply_string(reply, "version", MIRROR_VERSION);
	mirror_reply_number(reply, "protocol", PROTOCOL);
	mirror_reply_string(reply, "dpdk", rte_version());
	mirror_reply_number(reply, "pid", getpid());
	mirror_reply_text(reply, "targets", buffer);
	return 0;
}

static int
describe(uint16_t port_id, struct reply *reply)
{
	char mac[RTE_ETHER_ADDR_FMT_SIZE] = "";
	struct portinfo info;
	int rc = mirror_portinfo_get(port_id, &info);

	if (rc != 0)
		return rc;
	if (info.is_started)
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
				RTE_ETHER_ADDR_BYTES(&info.mac));
	mirror_reply_object(reply);
	mirror_reply_number(reply, "port", port_id);
	mirror_reply_text(reply, "name", info.name);
	mirror_reply_string(reply, "driver", info.driver);
	mirror_reply_number(reply, "started", info.is_started);
	mirror_reply_number(reply, "rx_queues", info.nb_rx_queues);
	mirror_reply_number(reply, "tx_queues", info.nb_tx_queues);
	mirror_reply_number(reply, "mtu", info.mtu);
	mirror_reply_string(reply, "mac", mac);
	mirror_reply_number(reply, "is_target", mirror_targets_is_ours(port_id));
	return 0;
}

static void
list(uint32_t start, struct reply *reply)
{
	unsigned int nb = 0;
	uint32_t port;

	mirror_reply_array(reply);
	for (port = start; port < RTE_MAX_ETHPORTS && nb < REPLY_MAX_NUMBERS; port++) {
		if (!mirror_portinfo_exists((uint16_t)port))
			continue;
		mirror_reply_append(reply, port);
		nb++;
	}
}

int
mirror_command_ports(struct pairs *params, struct reply *reply)
{
	const char *name_or_id = mirror_pairs_take(params, "port");
	uint32_t start = 0;
	uint16_t port;
	int rc = 0;

	if (name_or_id == NULL)
		rc = mirror_params_number(params, "start", UINT32_MAX, &start);
	if (rc == 0)
		rc = mirror_params_end(params, "start, or port");
	if (rc == 0 && name_or_id == NULL)
		list(start, reply);
	else if (rc == 0)
		rc = mirror_portinfo_find(name_or_id, &port);
	return rc == 0 && name_or_id != NULL ? describe(port, reply) : rc;
}

int
mirror_command_port_stats(struct pairs *params, struct reply *reply)
{
	struct rte_eth_stats stats;
	const char *name_or_id;
	uint16_t port;
	int rc = mirror_params_text(params, "port", &name_or_id);

	if (rc == 0)
		rc = mirror_params_end(params, "port");
	if (rc == 0)
		rc = mirror_portinfo_find(name_or_id, &port);
	if (rc == 0)
		rc = mirror_portinfo_stats(port, &stats);
	if (rc != 0)
		return rc;
	mirror_reply_object(reply);
	mirror_reply_number(reply, "ipackets", stats.ipackets);
	mirror_reply_number(reply, "opackets", stats.opackets);
	mirror_reply_number(reply, "ibytes", stats.ibytes);
	mirror_reply_number(reply, "obytes", stats.obytes);
	mirror_reply_number(reply, "imissed", stats.imissed);
	mirror_reply_number(reply, "ierrors", stats.ierrors);
	mirror_reply_number(reply, "rx_nombuf", stats.rx_nombuf);
	mirror_reply_number(reply, "oerrors", stats.oerrors);
	return 0;
}
