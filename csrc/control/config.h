/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_CONFIG_H
#define MIRROR_CONTROL_CONFIG_H

/**
 * @file
 * Layer 4, mode.c, lengths.c and pools.c: what a mirror's parameters come to with its source and target as they are.
 * Called with the registry's mutex held.
 */

#include <stdint.h>

#include "mirror.h"

/* mode.c */

/** Chooses what the target is given: mode, lengths and pool of mirror->config. 0 or -errno. */
int mirror_choose_mode(struct mirror *mirror);
/** Checks of them what does not depend on the target: 0 or -errno. */
int mirror_check_mode(struct mirror *mirror);

/* lengths.c */

/** Finds the longest packet that the target takes now: longest, tag_room and warning of mirror->config. */
void mirror_find_longest(struct mirror *mirror);

/* pools.c */

/** Bytes of data that an mbuf of the library's pools has room for; more where the target takes few segments. */
#define MIRROR_POOL_ROOM 2048

/** The library's pool for a mirror, made if there is none; NULL: rte_errno tells why. */
struct rte_mempool *mirror_pool_get(const struct mirror *mirror);
/** Frees the library's pools that are of no more use, as far as nobody has anything of them. */
void mirror_pools_tidy(void);

#endif /* MIRROR_CONTROL_CONFIG_H */
