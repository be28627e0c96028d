/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_EAL_GATE_H
#define MIRROR_EAL_GATE_H

/**
 * @file
 * Whether DPDK is up in this process, which EAL does not tell.
 *
 * EAL's memory and devices go with rte_eal_cleanup(), and only the application knows when it calls that. So threads of the
 * library's own, and telemetry's while they run a command of the library's, ask DPDK between mirror_eal_enter() and
 * mirror_eal_leave() alone, and the end of EAL shuts the gate and waits until they have left. The application's threads
 * need not: when they call the library is theirs to decide.
 */

#include <stdbool.h>

/** Whether EAL is starting, or has started. */
bool mirror_eal_is_starting(void);
/** Whether EAL's memory is there. Needs nothing of EAL, may be called at any time. */
bool mirror_eal_is_up(void);
/**
 * Shuts the gate when EAL ends, once EAL has a bus: until then it does nothing and is to be called again. To be called
 * before the first device is asked for anything.
 */
void mirror_eal_watch(void);
/** Whether the caller may ask DPDK until it calls mirror_eal_leave(). Never waits. */
bool mirror_eal_enter(void);
void mirror_eal_leave(void);
/** Whether the caller, inside, is waited for: it is to come to an end, and to ask for nothing new. */
bool mirror_eal_must_leave(void);
/** Whether EAL is being cleaned up, or has been, or the process is ending; or is a forked child of one that mirrors. */
bool mirror_eal_is_over(void);
/** Whether this process is such a child. It has the parent's memory, but none of its threads. */
bool mirror_eal_is_inherited(void);
/** Shuts the gate: nobody comes in any more, and whoever is inside is waited for, but not for ever. */
void mirror_eal_shut(void);

#endif /* MIRROR_EAL_GATE_H */
