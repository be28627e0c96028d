/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "target.h"
#include "targets.h"

#define PORT_KIND "port"

static TAILQ_HEAD(, target) targets = TAILQ_HEAD_INITIALIZER(targets);

static void
forget(struct target *target)
{
	free(target->text);
	free(target);
}

/* A target of that text, with nothing behind it yet: 0 or -errno. */
static int
parse(const char *text, struct target **target)
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

static bool
is_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0' && strlen(text) <= 5;
}

/* A port that is there already. */
static int
take_port(struct target *target, bool force)
{
	unsigned long number = RTE_MAX_ETHPORTS;

	if (!force)
		return plugin_refuse(EINVAL,
				"%s: that port is not the mirror's own, and nobody else may transmit on the "
				"queues that a mirror uses: give force=yes if that is so",
				target->shown);
	if (is_number(target->value))
		number = strtoul(target->value, NULL, 10);
	else if (rte_eth_dev_get_port_by_name(target->value, &target->port_id) == 0)
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

/* Makes a target's port, or nothing. */
static int
make(struct target *target, uint16_t nb_tx_queues)
{
	const struct target_kind *kind = target->kind;
	static unsigned int last_number;
	int rc = kind->check(target);

	if (rc != 0)
		return rc;
	target->number = ++last_number;
	target->nb_queues = RTE_MIN(nb_tx_queues, kind->max_queues);
	if (target->nb_queues == 0)
		target->nb_queues = 1;
	if (kind->prepare != NULL)
		rc = kind->prepare(target);
	if (rc != 0)
		return rc;
	rc = target_device_make(target);
	if (rc != 0)
		goto clean_up;
	if (kind->settle != NULL)
		kind->settle(target);
	rc = target_port_start(target);
	if (rc == 0)
		return 0;
	target_device_end(target);
	target_port_forget(target);
clean_up:
	if (kind->clean_up != NULL)
		kind->clean_up(target, false);
	return rc;
}

static void
end(struct target *target)
{
	target_device_end(target);
	target_port_forget(target);
	if (target->kind->clean_up != NULL)
		target->kind->clean_up(target, true);
}

int
targets_init(void)
{
	return target_device_init();
}

int
targets_open(const char *text, uint16_t nb_tx_queues, bool force, struct target **target)
{
	struct target *found = targets_find(text);
	int rc = 0;

	if (found != NULL && found->kind == NULL) {
		/* The same text may be another port by now. */
		found = NULL;
	} else if (found != NULL && !target_device_owns(found->port_id)) {
		return plugin_refuse(ENODEV,
				"%.128s: the application has removed its port: remove its mirrors, then add "
				"them again",
				text);
	}
	if (found == NULL) {
		rc = parse(text, &found);
		if (rc != 0)
			return rc;
		rc = found->kind != NULL ? make(found, nb_tx_queues) : take_port(found, force);
		if (rc != 0) {
			forget(found);
			return rc;
		}
		TAILQ_INSERT_TAIL(&targets, found, next);
	}
	found->nb_users++;
	*target = found;
	return 0;
}

void
targets_close(struct target *target)
{
	if (--target->nb_users > 0)
		return;
	TAILQ_REMOVE(&targets, target, next);
	if (target->kind != NULL)
		end(target);
	forget(target);
}

struct target *
targets_find(const char *text)
{
	struct target *target;

	TAILQ_FOREACH(target, &targets, next) {
		if (strcmp(target->text, text) == 0)
			break;
	}
	return target;
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

bool
targets_is_ours(uint16_t port_id)
{
	return target_device_owns(port_id);
}
