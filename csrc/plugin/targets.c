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

/* Whether a target can be made. Nothing has changed. */
static int
check(const struct target *target)
{
	const struct target_kind *kind = target->kind;
	int rc = kind->check(target);

	if (rc == 0)
		rc = target_device_check(target);
	if (rc == 0 && kind->try != NULL)
		rc = kind->try(target);
	return rc;
}

/* Ends what is there of a target. */
static void
end(struct target *target, bool was_used)
{
	target_device_end(target);
	target_port_forget(target);
	if (target->kind->clean_up != NULL)
		target->kind->clean_up(target, was_used);
}

/* Makes a target's port, or nothing. */
static int
make(struct target *target, uint16_t nb_tx_queues)
{
	const struct target_kind *kind = target->kind;
	static unsigned int last_number;
	int rc = check(target);

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
	if (rc != 0) {
		if (kind->clean_up != NULL)
			kind->clean_up(target, false);
		return rc;
	}
	if (kind->settle != NULL)
		kind->settle(target);
	rc = target_port_start(target);
	if (rc != 0)
		end(target, false);
	return rc;
}

int
targets_init(void)
{
	return target_device_init();
}

/* A target that was made for that text before, NULL: there is none. 0, or -errno if it can be of no use any more. */
static int
find_made(const char *text, struct target **target)
{
	*target = targets_find(text);
	/* The same text may be another port by now. */
	if (*target != NULL && (*target)->kind == NULL)
		*target = NULL;
	if (*target == NULL || target_device_owns((*target)->port_id))
		return 0;
	return plugin_refuse(ENODEV,
			"%.128s: the application has removed its port: remove its mirrors, then add "
			"them again",
			text);
}

int
targets_check(const char *text, bool force, uint16_t *port_id)
{
	struct target *target;
	int rc = find_made(text, &target);

	if (rc != 0)
		return rc;
	if (target != NULL) {
		*port_id = target->port_id;
		return 0;
	}
	rc = parse(text, &target);
	if (rc != 0)
		return rc;
	target->port_id = RTE_MAX_ETHPORTS;
	rc = target->kind != NULL ? check(target) : take_port(target, force);
	*port_id = target->port_id;
	forget(target);
	return rc;
}

int
targets_open(const char *text, uint16_t nb_tx_queues, bool force, struct target **target)
{
	struct target *found;
	int rc = find_made(text, &found);

	if (rc != 0)
		return rc;
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

struct target *
targets_hold(struct target *target)
{
	target->nb_users++;
	return target;
}

static void
leave(struct target *target, bool was_used)
{
	if (--target->nb_users > 0)
		return;
	TAILQ_REMOVE(&targets, target, next);
	if (target->kind != NULL)
		end(target, was_used);
	forget(target);
}

void
targets_close(struct target *target)
{
	leave(target, true);
}

void
targets_undo(struct target *target)
{
	leave(target, false);
}

bool
targets_is_to_be_remade(const struct target *target, const char *text, uint32_t nb_tx_queues)
{
	return strcmp(target->text, text) == 0 && target->kind != NULL && target->nb_users == 1 &&
			(!target_device_owns(target->port_id) ||
					(nb_tx_queues > target->nb_queues &&
							nb_tx_queues <= target->kind->max_queues));
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
