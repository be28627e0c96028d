/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "../eal_gate.h"
#include "refusal.h"
#include "turn.h"

/* Nobody tells those who wait that EAL ends: they look. */
#define LOOK_NS 100000000

/* The application's threads never take it, nor do events of ports. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static __thread bool has_turn;

void
mirror_turn_take(void)
{
	pthread_mutex_lock(&mutex);
	has_turn = true;
}

bool
mirror_turn_try(void)
{
	has_turn = pthread_mutex_trylock(&mutex) == 0;
	return has_turn;
}

void
mirror_turn_give(void)
{
	has_turn = false;
	pthread_mutex_unlock(&mutex);
}

void
mirror_turn_pause(void)
{
	if (has_turn)
		pthread_mutex_unlock(&mutex);
}

void
mirror_turn_resume(void)
{
	if (has_turn)
		pthread_mutex_lock(&mutex);
}

int
mirror_turn_wait(void)
{
	struct timespec until;

	if (mirror_eal_must_leave())
		return mirror_plugin_refuse(ESHUTDOWN, "the application is ending");
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += LOOK_NS;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_clockwait(&changed, &mutex, CLOCK_MONOTONIC, &until);
	return 0;
}

void
mirror_turn_changed(void)
{
	pthread_cond_broadcast(&changed);
}
