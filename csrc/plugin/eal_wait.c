/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "../eal_gate.h"
#include "endpoints.h"

/* How often EAL is looked for: while it is starting, and before, which may be for ever. */
#define STARTING_NS 1000000
#define IDLE_NS     100000000

struct errand {
	void (*run)(void *arg);
	void *arg;
};

static void *
wait_and_run(void *arg)
{
	const struct errand errand = *(struct errand *)arg;
	struct timespec moment = { 0 };

	free(arg);
	while (!mirror_eal_is_up()) {
		moment.tv_nsec = mirror_eal_is_starting() ? STARTING_NS : IDLE_NS;
		nanosleep(&moment, NULL);
	}
	if (mirror_eal_enter()) {
		errand.run(errand.arg);
		mirror_eal_leave();
	}
	return NULL;
}

bool
mirror_eal_wait(void (*run)(void *arg), void *arg)
{
	struct errand *errand = malloc(sizeof(*errand));
	sigset_t all, before;
	pthread_t thread;
	bool is_waiting;

	if (errand == NULL)
		return false;
	*errand = (struct errand){ .run = run, .arg = arg };
	/* Signals are for the application's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	is_waiting = pthread_create(&thread, NULL, wait_and_run, errand) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (is_waiting)
		pthread_detach(thread);
	else
		free(errand);
	return is_waiting;
}
