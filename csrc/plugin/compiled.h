/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_COMPILED_H
#define MIRROR_PLUGIN_COMPILED_H

/**
 * @file
 * A compiled filter, and how many have it: commands that are being run, and mirrors. A command may lose its turn, and its
 * mirror then go, or get another filter, before it ends. Who counts has a turn.
 */

#include "rte_mirror.h"

struct compiled {
	struct rte_mirror_filter *filter;
	unsigned int nb_users;
};

/** Compiles a filter, for one user: 0 or -errno, the refusal kept. Needs no turn. */
int mirror_compiled_make(const char *expression, struct compiled **compiled);
/** One user more. NULL is none. */
void mirror_compiled_hold(struct compiled *compiled);
/** One less; the last frees it. NULL is none. */
void mirror_compiled_release(struct compiled *compiled);

#endif /* MIRROR_PLUGIN_COMPILED_H */
