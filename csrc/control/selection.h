/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_SELECTION_H
#define MIRROR_CONTROL_SELECTION_H

/**
 * @file
 * Layer 1, select.c, flow.c, compile.c and filter.c: which packets and queues a mirror is on, checked and compiled. Knows
 * nothing of mirrors or ports.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../datapath/selector.h"
#include "rte_mirror.h"

/** Which packets and queues a mirror is on: struct rte_mirror_select, compiled. Immutable but for its users. */
struct mirror_selection {
	struct mirror_selector selector;
	unsigned int nb_users; /**< a mirror, and each list that the data path may still be using */
	uint16_t nb_queues;    /**< how many ranges; 0: all queues */
	struct rte_mirror_range queues[];
};

/* select.c. With the registry's mutex held, but where it says otherwise. */

/**
 * Checks and compiles what parameters say of packets and queues, *selection NULL if they say nothing: 0 or -errno, the
 * refusal kept. It has one user. Needs no mutex, and may wait for names to be resolved.
 */
int mirror_selection_make(
		const struct rte_mirror_param *param, struct mirror_selection **selection);
/** Takes a user more. */
struct mirror_selection *mirror_selection_use(struct mirror_selection *selection);
/** Takes a user away, and frees it after the last. NULL is no selection. */
void mirror_selection_leave(struct mirror_selection *selection);
/** Whether a queue is among those of the mirror's that it is to be on. */
bool mirror_selection_has_queue(const struct mirror_selection *selection, uint16_t queue_id);
/** What runs its filter. */
enum rte_mirror_filter_engine mirror_selection_engine(const struct mirror_selection *selection);
/** Checks that the queues are there: 0 or -ERANGE, the refusal kept. */
int mirror_selection_check_queues(
		const struct mirror_selection *selection, uint16_t port_id, uint16_t nb_queues);

/* flow.c. Each 0 or -errno, the refusal kept. */

/** Checks that a range of numbers up to a maximum is one. */
int mirror_check_range(const char *what, const struct rte_mirror_range *range, uint16_t max);
/** Checks that fields which are not used yet are 0. */
int mirror_check_reserved(const char *what, const void *reserved, size_t size);
/** Checks a flow and makes of it what the data path looks at; NULL: nothing. */
int mirror_flow_make(struct mirror_selector *selector, const struct rte_mirror_flow *flow);

/* filter.c */

#define MIRROR_FILTER_REASON_SIZE 512

/** Makes a filter of an expression, however long it takes to resolve names in it: 0, or -errno and why. Needs no mutex. */
int mirror_filter_compile(const char *expression, struct rte_mirror_filter **filter,
		char reason[static MIRROR_FILTER_REASON_SIZE]);

#endif /* MIRROR_CONTROL_SELECTION_H */
