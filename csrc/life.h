/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_LIFE_H
#define MIRROR_LIFE_H

/**
 * @file
 * Whether DPDK is up in this process, which EAL does not tell.
 *
 * EAL's memory and devices go with rte_eal_cleanup(), and only the application knows when it calls that. So threads of the
 * library's own, and telemetry's while they run a command of the library's, ask DPDK between life_enter() and
 * life_leave() alone, and the end of EAL waits until they have left. The application's threads need not: when they call
 * the library is theirs to decide.
 */

#include <stdbool.h>

/** Whether EAL is starting, or has started. */
bool life_is_starting(void);
/** Whether EAL's memory is there. Needs nothing of EAL, may be called at any time. */
bool life_has_begun(void);
/**
 * Has EAL tell when it ends, from the moment that it has a bus; once it does, nothing is left to be done. To be called
 * before the first device is asked for anything.
 */
void life_watch(void);
/** Whether the caller may ask DPDK until it calls life_leave(). Never waits. */
bool life_enter(void);
void life_leave(void);
/** Whether the caller, inside, is waited for: it is to come to an end, and to ask for nothing new. */
bool life_is_urged(void);
/** Whether EAL is being cleaned up, or has been, or the process is ending; or is a forked child of one that mirrors. */
bool life_is_over(void);
/** Whether this is such a child. It has the parent's memory, but none of its threads. */
bool life_is_a_childs(void);
/** Ends it: nobody comes in any more, and who is inside is waited for, but not for ever. */
void life_end(void);

#endif /* MIRROR_LIFE_H */
