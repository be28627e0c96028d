/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_CALLER_H
#define MIRROR_CONTROL_CALLER_H

/**
 * @file
 * Layer 0: who may call the library. Uses refusals alone, and needs no mutex.
 */

/** Whether the library may be called now, from this thread: 0 or -errno, the refusal kept. */
int mirror_check_caller(void);

#endif /* MIRROR_CONTROL_CALLER_H */
