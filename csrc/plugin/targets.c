/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "refusal.h"
#include "target.h"
#include "targets.h"
#include "turn.h"

/* Of those that are kept: each has an ethdev port, of which there are not many, and memory. */
#define MAX_UNUSED 8

static TAILQ_HEAD(, target) targets = TAILQ_HEAD_INITIALIZER(targets);

/* Whether we make it, rather than find it. */
static bool
is_made(const struct target *target)
{
	return target->kind->take == NULL;
}

static bool
is_kind_at_work(const struct target_kind *kind)
{
	const struct target *target;

	TAILQ_FOREACH(target, &targets, next) {
		if (target->kind == kind && target->state == TARGET_AT_WORK)
			return true;
	}
	return false;
}

/*
 * Until end_work() the target is this thread's alone, and so is its driver, as far as targets go; others' commands are
 * served, since drivers may take their time: net_vhost of 24.11 waits a second for a thread of its own to end.
 */
static int
begin_work(struct target *target)
{
	int rc = 0;

	target->state = TARGET_QUEUED;
	while (rc == 0 && is_kind_at_work(target->kind))
		rc = mirror_turn_wait();
	target->state = rc == 0 ? TARGET_AT_WORK : TARGET_READY;
	if (rc == 0)
		mirror_turn_pause();
	return rc;
}

static void
end_work(struct target *target)
{
	mirror_turn_resume();
	target->state = TARGET_READY;
	mirror_turn_changed();
}

static int
make_device(struct target *target)
{
	int rc = mirror_target_device_make(target);

	if (rc != 0)
		return rc;
	if (target->kind->settle != NULL)
		target->kind->settle(target);
	rc = mirror_target_setup(target);
	if (rc == 0)
		return 0;
	mirror_target_device_end(target);
	mirror_target_setup_forget(target);
	return rc;
}

static int
prepare_and_make(struct target *target)
{
	const struct target_kind *kind = target->kind;
	int rc = kind->prepare != NULL ? kind->prepare(target) : 0;

	if (rc != 0)
		return rc;
	rc = kind->open != NULL ? kind->open(target) : make_device(target);
	if (rc != 0 && kind->clean_up != NULL)
		kind->clean_up(target, false);
	return rc;
}

/* Nothing else would bound how many are kept. */
static int
check_unused(const struct target *wanted)
{
	const struct target *target;
	unsigned int nb = 0;

	TAILQ_FOREACH(target, &targets, next)
		nb += mirror_targets_is_kept(target) && mirror_targets_is_unused(target);
	if (!wanted->kind->is_kept || nb < MAX_UNUSED)
		return 0;
	return mirror_plugin_refuse(ENOSPC,
			"%s: %u such targets without mirrors are kept for their readers already: use one "
			"of them, or end one that nobody reads any more by target/remove with force=yes",
			wanted->shown, nb);
}

/* Whether a target can be made. Nothing has changed. */
static int
check(const struct target *target)
{
	const struct target_kind *kind = target->kind;
	int rc = mirror_target_options_check(target);

	if (rc == 0)
		rc = check_unused(target);

	if (rc == 0 && kind->check != NULL)
		rc = kind->check(target);
	if (rc == 0 && kind->open == NULL)
		rc = mirror_target_device_check(target);
	if (rc == 0 && kind->try != NULL)
		rc = kind->try(target);
	return rc;
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
	TAILQ_INSERT_TAIL(&targets, target, next);
	rc = begin_work(target);
	if (rc == 0) {
		rc = prepare_and_make(target);
		end_work(target);
	}
	if (rc != 0)
		TAILQ_REMOVE(&targets, target, next);
	return rc;
}

/* The application has removed the port of a target that is kept: a new one has the rings that are there. */
static int
make_again(struct target *target)
{
	int rc = begin_work(target);

	if (rc != 0)
		return rc;
	mirror_target_device_end(target);
	mirror_target_setup_forget(target);
	rc = make_device(target);
	end_work(target);
	return rc;
}

static void
end(struct target *target)
{
	if (is_made(target)) {
		/* The end of EAL ends it, too. */
		if (begin_work(target) != 0)
			return;
		if (target->kind->open != NULL) {
			mirror_target_capture_close(target);
		} else {
			mirror_target_device_end(target);
			mirror_target_setup_forget(target);
		}
		if (target->kind->clean_up != NULL)
			target->kind->clean_up(target, target->has_served);
		end_work(target);
	}
	TAILQ_REMOVE(&targets, target, next);
	mirror_target_forget(target);
}

/* A target that was made for that text before, and is not just being made or ended; NULL: none. 0 or -errno. */
static int
find_made(const char *text, struct target **target)
{
	int rc = 0;

	while (rc == 0 && (*target = mirror_targets_find(text)) != NULL &&
			(*target)->state != TARGET_READY)
		rc = mirror_turn_wait();
	/* The same text may be another port by now. */
	if (rc == 0 && *target != NULL && !is_made(*target))
		*target = NULL;
	return rc;
}

static int
open_new(const char *text, uint16_t nb_tx_queues, bool force, const struct target_options *options,
		struct target **target)
{
	int rc = mirror_target_parse(text, target);

	if (rc != 0)
		return rc;
	if (options != NULL)
		(*target)->options = *options;
	if (is_made(*target))
		rc = make(*target, nb_tx_queues);
	else
		rc = (*target)->kind->take(*target, force);
	if (rc != 0)
		mirror_target_forget(*target);
	else if (!is_made(*target))
		TAILQ_INSERT_TAIL(&targets, *target, next);
	return rc;
}

/* Whether what mirrors send to is there. A capture is as long as its target. */
static bool
is_there(const struct target *target)
{
	return target->kind->open != NULL || mirror_target_device_has_port(target);
}

/* Whether one that is there can have another user. */
static int
check_again(const struct target *target, const struct target_options *options)
{
	/* Without users it can get a new port. */
	if (is_there(target) || target->nb_users == 0)
		return mirror_target_options_check_again(target, options);
	return mirror_plugin_refuse(ENODEV,
			"%s: the application has removed its port: remove its mirrors, then add them again",
			target->shown);
}

int
mirror_targets_init(void)
{
	return mirror_target_device_init();
}

int
mirror_targets_check(const char *text, bool force, const struct target_options *options,
		struct rte_mirror_param *param)
{
	struct target *target;
	int rc = find_made(text, &target);

	if (rc != 0)
		return rc;
	if (target != NULL) {
		mirror_targets_set_param(target, param);
		if (!is_there(target))
			param->target_port = RTE_MAX_ETHPORTS;
		return check_again(target, options);
	}
	rc = mirror_target_parse(text, &target);
	if (rc != 0)
		return rc;
	target->port_id = RTE_MAX_ETHPORTS;
	if (options != NULL)
		target->options = *options;
	rc = is_made(target) ? check(target) : target->kind->take(target, force);
	if (rc == 0)
		mirror_targets_set_param(target, param);
	mirror_target_forget(target);
	return rc;
}

int
mirror_targets_open(const char *text, uint16_t nb_tx_queues, bool force,
		const struct target_options *options, struct target **target)
{
	struct target *found;
	int rc = find_made(text, &found);

	if (rc != 0)
		return rc;
	if (found == NULL)
		rc = open_new(text, nb_tx_queues, force, options, &found);
	else
		rc = check_again(found, options);
	if (rc == 0 && is_made(found) && !is_there(found))
		rc = make_again(found);
	if (rc != 0)
		return rc;
	found->nb_users++;
	*target = found;
	return 0;
}

struct target *
mirror_targets_hold(struct target *target)
{
	target->nb_users++;
	return target;
}

void
mirror_targets_undo(struct target *target)
{
	if (--target->nb_users > 0)
		return;
	if (!target->kind->is_kept || !target->has_served)
		end(target);
}

void
mirror_targets_close(struct target *target)
{
	target->has_served = true;
	mirror_targets_undo(target);
}

bool
mirror_targets_is_to_be_remade(const struct target *target, const char *text, uint32_t nb_tx_queues)
{
	return strcmp(target->text, text) == 0 && is_made(target) && target->nb_users == 1 &&
			(!is_there(target) ||
					(!target->kind->is_kept &&
							nb_tx_queues > target->nb_queues &&
							nb_tx_queues <= target->kind->max_queues));
}

bool
mirror_targets_is_kept(const struct target *target)
{
	return target->kind->is_kept;
}

bool
mirror_targets_is_unused(const struct target *target)
{
	return target->state == TARGET_READY && target->nb_users == 0;
}

void
mirror_targets_end(struct target *target)
{
	end(target);
}

uint16_t
mirror_targets_queues(const struct target *target)
{
	return target->nb_queues;
}

struct target *
mirror_targets_find(const char *text)
{
	struct target *target;

	TAILQ_FOREACH(target, &targets, next) {
		if (strcmp(target->text, text) == 0)
			break;
	}
	return target;
}

void
mirror_targets_set_param(const struct target *target, struct rte_mirror_param *param)
{
	param->target_port = target->port_id;
	/* No driver of a target that we make is to hold up the application's pollers. */
	if (is_made(target) && !target->kind->is_sent_to_at_once)
		param->flags |= RTE_MIRROR_F_DRAIN;
	if (target->kind->set_param != NULL)
		target->kind->set_param(target, param);
}

uint16_t
mirror_targets_port(const struct target *target)
{
	return target->port_id;
}

const char *
mirror_targets_text(const struct target *target)
{
	return target->text;
}

bool
mirror_targets_is_ours(uint16_t port_id)
{
	return mirror_target_device_owns(port_id);
}
