/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_TURN_H
#define MIRROR_PLUGIN_TURN_H

/**
 * @file
 * Commands take turns. One that has to wait for a driver lets others have theirs meanwhile: whatever it knew of mirrors
 * and targets may have changed after that, but for what it has marked as its own.
 */

#include <stdbool.h>

/** Waits for this thread's turn. */
void mirror_turn_take(void);
/** Takes it if nobody has it: whether it has been taken. Waits for nothing. */
bool mirror_turn_try(void);
void mirror_turn_give(void);

/** Lets others have their turn until mirror_turn_resume(). A thread that has no turn to give away goes on without one. */
void mirror_turn_pause(void);
void mirror_turn_resume(void);
/**
 * Waits, the turn given away, until another thread says that something has changed, or for a moment.
 * 0, or -ESHUTDOWN, the refusal kept: EAL is ending, and waits for this thread.
 */
int mirror_turn_wait(void);
/** Wakes those who wait. */
void mirror_turn_changed(void);

#endif /* MIRROR_PLUGIN_TURN_H */
