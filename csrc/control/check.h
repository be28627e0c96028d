/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_CHECK_H
#define MIRROR_CONTROL_CHECK_H

/**
 * @file
 * Layer 5, check.c and origin.c: whether a mirror can be. Called with the registry's mutex held, but for
 * mirror_check_param().
 */

#include "mirror.h"

/* check.c */

/** Checks what can be told from the parameters alone: 0 or -errno. */
int mirror_check_param(const struct rte_mirror_param *param);
/**
 * Checks mirror->param for mirror->source_port against ports and mirrors other than the one with mirror->id. On success
 * mirror->config is what they come to.
 */
int mirror_check(struct mirror *mirror, const char *name);
/** The same, but takes nothing that cannot be given back; a target_port of RTE_MAX_ETHPORTS is not there yet. */
int mirror_check_only(struct mirror *mirror, const char *name);

/* origin.c */

/** Reserves what an mbuf says where it comes from in: 0 or -ENOMEM, the refusal kept. */
int mirror_origin_register(void);

#endif /* MIRROR_CONTROL_CHECK_H */
