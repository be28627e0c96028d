/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include <rte_ethdev.h>

#include "refusal.h"
#include "targets.h"

#define PORT "port:"

struct target {
	char *text;
	uint16_t port_id;
	unsigned int nb_users;
	LIST_ENTRY(target) next;
};

static LIST_HEAD(, target) targets = LIST_HEAD_INITIALIZER(targets);

int
targets_init(void)
{
	return 0;
}

static int
find_port(const char *text, bool force, uint16_t *port_id)
{
	if (strncmp(text, PORT, strlen(PORT)) != 0)
		return plugin_refuse(ENOTSUP, "target %s: no such kind, take port:NAME", text);
	if (!force)
		return plugin_refuse(EINVAL,
				"target %s: a port of the application's own, on which nobody else may "
				"transmit: say force=yes if that is so",
				text);
	if (rte_eth_dev_get_port_by_name(text + strlen(PORT), port_id) != 0)
		return plugin_refuse(ENODEV, "target %s: there is no such port", text);
	return 0;
}

int
targets_open(const char *text, uint16_t nb_tx_queues __rte_unused, bool force,
		struct target **target)
{
	struct target *found = targets_find(text);
	uint16_t port_id;
	int rc;

	if (found == NULL) {
		rc = find_port(text, force, &port_id);
		if (rc != 0)
			return rc;
		found = calloc(1, sizeof(*found));
		if (found == NULL || (found->text = strdup(text)) == NULL) {
			free(found);
			return plugin_refuse(ENOMEM, "target %s: out of memory", text);
		}
		found->port_id = port_id;
		LIST_INSERT_HEAD(&targets, found, next);
	}
	found->nb_users++;
	*target = found;
	return 0;
}

uint16_t
targets_port(const struct target *target)
{
	return target->port_id;
}

const char *
targets_text(const struct target *target)
{
	return target->text;
}

void
targets_close(struct target *target)
{
	if (--target->nb_users > 0)
		return;
	LIST_REMOVE(target, next);
	free(target->text);
	free(target);
}

struct target *
targets_find(const char *text)
{
	struct target *target;

	LIST_FOREACH(target, &targets, next)
	{
		if (strcmp(target->text, text) == 0)
			break;
	}
	return target;
}

bool
targets_is_ours(uint16_t port_id __rte_unused)
{
	return false;
}
