/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <rte_common.h>

#include "compat.h"
#include "threads.h"

/* How long the thread that makes threads stays when it has nothing to do. */
#define LINGER_S 2

struct request {
	const char *name;
	uint32_t (*run)(void *);
	void *arg;
	int rc;
	bool is_done;
	struct request *next;
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t asked = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static struct request *requests;
static bool is_there;

/* In a child of fork() there are none of its parent's threads. */
static void
in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	asked = done = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	requests = NULL;
	is_there = false;
}

static void __attribute__((constructor))
watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

/* Waits until something is asked for; false: nothing has been for a while. */
static bool
wait_for_request(void)
{
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LINGER_S;
	while (requests == NULL && rc == 0)
		rc = pthread_cond_clockwait(&asked, &mutex, CLOCK_MONOTONIC, &until);
	return requests != NULL;
}

static uint32_t
make_threads(void *arg __rte_unused)
{
	struct request *request;

	pthread_mutex_lock(&mutex);
	while (wait_for_request()) {
		request = requests;
		requests = request->next;
		request->rc = mirror_thread_start(request->name, request->run, request->arg);
		request->is_done = true;
		pthread_cond_broadcast(&done);
	}
	is_there = false;
	pthread_mutex_unlock(&mutex);
	return 0;
}

/* Has that thread be there. */
static int
begin(void)
{
	sigset_t all, before;
	int rc;

	if (is_there)
		return 0;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = mirror_thread_start("mirror-threads", make_threads, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	is_there = rc == 0;
	return rc;
}

int
mirror_thread_create(const char *name, uint32_t (*run)(void *), void *arg)
{
	struct request request = { .name = name, .run = run, .arg = arg };
	int rc;

	pthread_mutex_lock(&mutex);
	rc = begin();
	if (rc == 0) {
		request.next = requests;
		requests = &request;
		pthread_cond_signal(&asked);
		while (!request.is_done)
			pthread_cond_wait(&done, &mutex);
		rc = request.rc;
	}
	pthread_mutex_unlock(&mutex);
	return rc;
}
