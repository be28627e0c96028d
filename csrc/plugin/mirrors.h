/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_MIRRORS_H
#define MIRROR_PLUGIN_MIRRORS_H

/**
 * @file
 * The mirrors that commands have added: how they were asked for, and their targets.
 *
 * Called by commands alone, which take turns: others have theirs while a target is made or ended, and may change all of
 * this meanwhile. Every int is 0 or a negative errno, the refusal kept.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <time.h>

#include <rte_ethdev.h>

#include "rte_mirror.h"
#include "spec.h"

struct target;

/** Bytes of what a client says of itself, the terminating 0 included. */
#define ADDER_SIZE 128

/** Who has added a mirror, and when. */
struct adder {
	time_t at;           /**< by the application's clock */
	char by[ADDER_SIZE]; /**< by the client's word; "": it has said nothing */
	struct peer peer;
};

struct asked_mirror {
	uint32_t id;
	char spec[SPEC_TEXT_SIZE]; /**< how it was asked for, as text */
	struct compiled *compiled; /**< its filter; NULL: none */
	struct target *target;
	char source[RTE_ETH_NAME_MAX_LEN]; /**< the source's name when the mirror was added */
	struct lease lease;
	struct adder adder;
	LIST_ENTRY(asked_mirror) next;
};

/** Counts a mirror that the library has, by that spec, as one of them until it is removed. */
void mirror_asked_insert(struct asked_mirror *mirror, const struct spec *spec);
/** How the mirror was asked for, but for changes, of which it takes the spec's keys. */
int mirror_asked_spec(const struct asked_mirror *mirror, struct pairs *changes, struct spec *spec);
/** Gives it the spec, and its lease from now on if that is new. Its target and target queues cannot change. */
int mirror_asked_update(struct asked_mirror *mirror, const struct spec *spec, bool has_new_lease);
/** Removes a mirror, also one that no command has added, and closes its target. */
int mirror_asked_remove(uint32_t mirror_id);
/** Removes all that commands have added; nb_removed is how many went, also on error. */
int mirror_asked_remove_all(uint32_t *nb_removed);
/** Closes the targets of mirrors that the application itself has removed. */
int mirror_asked_sweep(void);

/**
 * The newest mirror older than that id that is over, and why that is: whether there is one. Its lease has ended, or nobody
 * reads its stream any more.
 */
bool mirror_asked_find_over(
		uint32_t before, uint32_t *mirror_id, char reason[RTE_MIRROR_REASON_SIZE]);

/** The mirror with that id, if a command has added it; NULL: none. */
struct asked_mirror *mirror_asked_get(uint32_t mirror_id);
/** The id of the mirror with that id, if it is all digits, or that name. */
int mirror_ids_find(const char *name_or_id, uint32_t *mirror_id);
/** Whether one of the mirrors sends to a target. */
bool mirror_asked_use(const struct target *target);

/** The ids of all mirrors of the process, oldest first, to be freed: how many, or a negative errno. */
int mirror_ids_list(uint32_t **ids);

/* mirrors_add.c */

/** What add says besides the spec. */
struct mirrors_ports {
	uint16_t source;
	char source_name[RTE_ETH_NAME_MAX_LEN]; /**< another port may get the number */
	const char *target;
	bool force;      /**< nobody else transmits on the target */
	uint64_t end_ns; /**< of its lease, if that has begun before; else 0 */
	struct adder adder;
	bool replaces;     /**< another mirror goes if the new one can come */
	uint32_t replaced; /**< its id; a command has added it */
	/** Ids of mirrors that mirror_asked_check() leaves out of account; the one that is replaced is among them. */
	const uint32_t *without;
	uint32_t nb_without;
};

/** Whether mirror_asked_add() would do. Nothing has changed. */
int mirror_asked_check(const struct mirrors_ports *ports, const struct spec *spec);
/** A mirror that is replaced goes on, maybe under another id, if the new one turns out not to be possible. */
int mirror_asked_add(const struct mirrors_ports *ports, const struct spec *spec, uint32_t *id);

/* mirrors_end.c */

/** Ends mirrors that are over from now on. */
void mirror_asked_watch(void);

#endif /* MIRROR_PLUGIN_MIRRORS_H */
