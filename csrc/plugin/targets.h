/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_TARGETS_H
#define MIRROR_PLUGIN_TARGETS_H

/**
 * @file
 * Targets by their text, KIND:VALUE; target_kinds.c lists the kinds.
 *
 * But for port:NAME, which is there already, a target is a port of our own: made, configured and started for its first
 * user, torn down with its last. The users are mirrors and target/add. But a ring that has had a user is kept, with its port and what it
 * holds: a thread of the application may be reading it, and nothing tells when it ceases.
 *
 * All of this is called by commands alone, which take turns: never from a port's events, from the data path, or with a
 * mutex of the library's own held. While a target is made or ended, or waited for, others have their turn (turn.h).
 * Every int is 0 or a negative errno, and the sentence that goes with it has been kept by mirror_plugin_refuse() of refusal.h.
 */

#include <stdbool.h>
#include <stdint.h>

#include "rte_mirror.h"
#include "text.h"

struct target;

/** What is asked of a capture; 0: nothing. Of other targets nothing can be. */
struct target_options {
	uint64_t seconds; /**< it ends after so many, */
	uint64_t packets;
	uint64_t max_size;         /**< or bytes, whichever comes first */
	uint32_t ends_with_reader; /**< of a stream: and when its reader has gone, or has not come */
};

/** Watches the application's ports from now on. Called before the first use of what follows, when EAL is up. */
int mirror_targets_init(void);

/**
 * Finds a target, or makes it, and counts a user.
 *
 * @param text
 *   As the user writes it: KIND:REST, any bytes.
 * @param nb_tx_queues
 *   How many tx queues its first user would like, at least 1. One that is there already stays as it is.
 * @param force
 *   The user says that nobody else transmits on it: port:NAME is refused without.
 * @param options
 *   NULL: none. One that is there already has its own.
 * @param[out] target
 *   The target; stays valid until its last user has closed it.
 */
int mirror_targets_open(const char *text, uint16_t nb_tx_queues, bool force,
		const struct target_options *options, struct target **target);

/**
 * Tells whether mirror_targets_open() would do, and changes nothing.
 *
 * @param[out] param
 *   As of mirror_targets_set_param(); the port is RTE_MAX_ETHPORTS if it is to be made.
 */
int mirror_targets_check(const char *text, bool force, const struct target_options *options,
		struct rte_mirror_param *param);

/** Makes a mirror's parameters send to the target: sets its port, and what its kind adds. */
void mirror_targets_set_param(const struct target *target, struct rte_mirror_param *param);

/** Its port. The device may have been removed by the application since: mirrors to it have stopped then. */
uint16_t mirror_targets_port(const struct target *target);

/**
 * Whether nobody reads it any more, of one that ends with its reader, or none has come in time, unless it is known that
 * one will; then reason says so.
 */
bool mirror_targets_is_left(
		const struct target *target, bool will_come, char reason[RTE_MIRROR_REASON_SIZE]);

/** Its text, as its first user wrote it. */
const char *mirror_targets_text(const struct target *target);

/** The text of a port that is there already, target or not. */
void mirror_targets_write_port(uint16_t port_id, struct text *text);

/** Counts a user more of a target that is there; returns it. */
struct target *mirror_targets_hold(struct target *target);

/** Uncounts a user. The last one's end tears down what we made, if it is not kept; no mirror sends there any more. */
void mirror_targets_close(struct target *target);

/** The same for a user that has never used it: what mirror_targets_open() has made for it leaves nothing. */
void mirror_targets_undo(struct target *target);

/**
 * Whether a target has to end before its only user's successor can have one of that text: its device is gone, or has
 * fewer tx queues than are needed. What is kept keeps its queues.
 */
bool mirror_targets_is_to_be_remade(
		const struct target *target, const char *text, uint32_t nb_tx_queues);

/** Whether a target stays when it has no user. */
bool mirror_targets_is_kept(const struct target *target);

/** Whether it is one that has none. */
bool mirror_targets_is_unused(const struct target *target);

/** Ends such a one: nobody reads it, and what it holds is freed. */
void mirror_targets_end(struct target *target);

/** How many queues it was made with. */
uint16_t mirror_targets_queues(const struct target *target);

/** The target with that text, NULL: there is none. Counts no user. */
struct target *mirror_targets_find(const char *text);

/** Appends a line for each kind of target: KIND:VALUE, two spaces and what it is. */
void mirror_targets_write_kinds(struct text *text);

/** Whether a port is one that we made. */
bool mirror_targets_is_ours(uint16_t port_id);

#endif /* MIRROR_PLUGIN_TARGETS_H */
