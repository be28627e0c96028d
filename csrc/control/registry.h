/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_REGISTRY_H
#define MIRROR_CONTROL_REGISTRY_H

/**
 * @file
 * Layer 6, registry.c and watch.c: the mutex that guards all of control/, and the thread that watches ports. Above it
 * are the calls of rte_mirror.h alone: add.c, change.c, info.c, stats.c, trial.c.
 */

#include "mirror.h"
#include "rte_mirror.h"

/* registry.c */

/** Takes the registry's mutex, unless the calling thread is inside the data path: -EDEADLK. */
int mirror_registry_lock(void);
/** Takes it to give a mirror parameters, which it checks before, and compiles what they select: 0 or -errno. */
int mirror_registry_lock_for(
		const struct rte_mirror_param *param, struct mirror_selection **selection);
/** Frees what is of no more use and releases the mutex. */
void mirror_registry_unlock(void);
/** The mutex and nothing else: for a thread of the library's own, which cannot know whether EAL is still up. */
void mirror_registry_lock_mutex(void);
void mirror_registry_unlock_mutex(void);
/** Does what the end of a port makes possible, if nobody holds the mutex: to be called without it. */
void mirror_registry_try_tidy(void);
/** Carries out the plan, see mirror_plan_apply(), for a change to a mirror: 0 or -errno, the refusal kept. */
int mirror_registry_apply(const struct mirror *mirror, const struct mirror *newcomer);

/**
 * Waits until the target has what a mirror that no poller uses has taken, while others may have the mutex.
 *
 * @param[in,out] mirror
 *   The mirror; NULL afterwards if it was removed meanwhile.
 * @return
 *   0, or -ETIMEDOUT, the refusal kept: its driver has not returned for a second.
 */
int mirror_registry_wait_quiet(struct mirror **mirror, uint32_t mirror_id);

/* watch.c. With the mutex held. */

/** Watches ports from now on, for as long as there is something to watch: 0 or -errno. */
int mirror_watch(void);

#endif /* MIRROR_CONTROL_REGISTRY_H */
