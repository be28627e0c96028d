/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "commands.h"
#include "mirrors.h"
#include "params.h"
#include "portinfo.h"
#include "refusal.h"
#include "targets.h"

/* A target that target/add has made, or found, and that stays until target/remove. It is one of the target's users. */
struct kept {
	struct target *target;
	LIST_ENTRY(kept) next;
};

static LIST_HEAD(, kept) kept_targets = LIST_HEAD_INITIALIZER(kept_targets);

static struct kept *
find(const char *text)
{
	const struct target *target = mirror_targets_find(text);
	struct kept *kept;

	LIST_FOREACH(kept, &kept_targets, next)
	{
		if (kept->target == target)
			break;
	}
	return kept;
}

/* How many tx queues a mirror of the application's largest port would like; 0: none of its ports is started. */
static uint32_t
most_queues(void)
{
	struct portinfo info;
	uint32_t most = 0;
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (mirror_portinfo_exists(port) && !mirror_targets_is_ours(port) &&
				mirror_portinfo_get(port, &info) == 0)
			most = RTE_MAX(most, (uint32_t)info.nb_rx_queues + info.nb_tx_queues);
	}
	return most;
}

/* The text of one that has been made says more than what was asked for, if that left it to us: "stream:". */
static int
keep(const char *text, uint32_t nb_tx_queues, struct target **target)
{
	struct kept *kept = malloc(sizeof(*kept));
	int rc;

	if (kept == NULL)
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	nb_tx_queues = RTE_MAX(nb_tx_queues, 1u);
	rc = mirror_targets_open(text, (uint16_t)RTE_MIN(nb_tx_queues, (uint32_t)UINT16_MAX), false,
			NULL, &kept->target);
	if (rc != 0) {
		free(kept);
		return rc;
	}
	*target = kept->target;
	/* Another client may have asked for it while it was made. */
	if (find(mirror_targets_text(*target)) != NULL) {
		mirror_targets_close(*target);
		free(kept);
		return 0;
	}
	LIST_INSERT_HEAD(&kept_targets, kept, next);
	return 0;
}

/* One that is there has the queues that it was made with. */
static int
check_queues(const char *text, uint32_t nb_tx_queues)
{
	const struct target *target = mirror_targets_find(text);

	if (nb_tx_queues == 0 || target == NULL || mirror_targets_queues(target) == 0 ||
			mirror_targets_queues(target) == nb_tx_queues)
		return 0;
	return mirror_plugin_refuse(EEXIST,
			"target %s is there, and has %u queues: add it without tx_queues, or remove it first",
			text, mirror_targets_queues(target));
}

int
mirror_command_target_add(struct pairs *params, struct reply *reply)
{
	const uint32_t most = most_queues();
	uint32_t nb_tx_queues = 0;
	struct target *target = NULL;
	const char *text;
	int rc = mirror_params_text(params, "to", &text);

	if (rc == 0)
		rc = mirror_params_number(params, "tx_queues", UINT16_MAX, &nb_tx_queues);
	if (rc == 0)
		rc = mirror_params_end(params, "to, tx_queues");
	/* EAL does not tell when it is up; before, no device may be added. The application's ports tell. */
	if (rc == 0 && most == 0)
		rc = mirror_plugin_refuse(EAGAIN,
				"no port of the application is started yet: try again when one is");
	if (rc == 0)
		rc = check_queues(text, nb_tx_queues);
	if (rc != 0)
		return rc;
	if (find(text) != NULL)
		target = mirror_targets_find(text);
	else
		rc = keep(text, nb_tx_queues != 0 ? nb_tx_queues : most, &target);
	if (rc != 0)
		return rc;
	mirror_reply_object(reply);
	mirror_reply_number(reply, "port", mirror_targets_port(target));
	mirror_reply_text(reply, "target", mirror_targets_text(target));
	return 0;
}

static int
check_release(const char *text, bool force)
{
	struct target *target = mirror_targets_find(text);

	if (target == NULL)
		return mirror_plugin_refuse(ENOENT, "there is no target %s", text);
	if (mirror_asked_use(target))
		return mirror_plugin_refuse(
				EBUSY, "target %s has mirrors: remove them first", text);
	if (find(text) == NULL && !mirror_targets_is_unused(target))
		return mirror_plugin_refuse(ENOENT, "target %s was not added by target/add", text);
	if (mirror_targets_is_kept(target) && !force)
		return mirror_plugin_refuse(EBUSY,
				"target %s may still be read by the application: give force=yes if nobody "
				"reads it any more",
				text);
	return 0;
}

static void
release(const char *text)
{
	struct target *target = mirror_targets_find(text);
	const bool is_kept = mirror_targets_is_kept(target);
	struct kept *kept = find(text);

	if (kept != NULL) {
		LIST_REMOVE(kept, next);
		free(kept);
		mirror_targets_close(target);
	}
	if (is_kept && mirror_targets_is_unused(target))
		mirror_targets_end(target);
}

int
mirror_command_target_remove(struct pairs *params, struct reply *reply)
{
	const char *text;
	bool force;
	int rc = mirror_params_text(params, "to", &text);

	if (rc == 0)
		rc = mirror_params_answer(params, "force", &force);
	if (rc == 0)
		rc = mirror_params_end(params, "to, force");
	if (rc == 0)
		rc = check_release(text, force);
	if (rc != 0)
		return rc;
	release(text);
	mirror_reply_object(reply);
	mirror_reply_number(reply, "removed", 1);
	return 0;
}
