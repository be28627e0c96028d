/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_LOAD_H
#define MIRROR_CONTROL_LOAD_H

/**
 * @file
 * Layer 0: whether the library works in this process. Uses nothing else of control/, and needs no mutex.
 */

/** Why the library does nothing in this process; NULL: it works. */
const char *mirror_inert(void);

/** Set before anything is logged, if the library works. */
extern int mirror_logtype;

#endif /* MIRROR_CONTROL_LOAD_H */
