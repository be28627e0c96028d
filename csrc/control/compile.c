/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../filter/filter.h"
#include "caller.h"
#include "error.h"
#include "selection.h"

/*
 * libpcap waits for name servers as long as these let it, and cannot be interrupted. So it works in a thread of its own,
 * which nobody waits for beyond a limit. There is one at a time: the next has to wait, but not for one that is late.
 */

#define LIMIT_S 10

/** The longest expression, of which libpcap makes tens of thousands of instructions; and a stack that it parses that on. */
#define LENGTH_MAX UINT16_MAX
#define STACK_SIZE (8u << 20)

/* A filter that is being compiled. Its thread and its caller each let go of it; the last frees it. */
struct work {
	char *expression;
	struct timespec deadline;
	bool is_done;
	bool is_abandoned; /* nobody waits for it any more */
	int rc;
	struct rte_mirror_filter *filter;
	char reason[MIRROR_FILTER_REASON_SIZE];
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct work *current;

/* A child of fork() has none of its parent's threads: nobody holds the mutex, or waits, or compiles. */
static void
in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	changed = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
	current = NULL;
}

static void __attribute__((constructor))
watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

static void
work_free(struct work *work)
{
	mirror_filter_leave(work->filter);
	free(work->expression);
	free(work);
}

static struct work *
work_create(const char *expression)
{
	struct work *work = calloc(1, sizeof(*work));

	if (work == NULL)
		return NULL;
	work->expression = strdup(expression);
	if (work->expression == NULL) {
		free(work);
		return NULL;
	}
	return work;
}

static void *
run(void *arg)
{
	struct work *work = arg;

	work->rc = mirror_filter_compile(work->expression, &work->filter, work->reason);
	pthread_mutex_lock(&mutex);
	work->is_done = true;
	current = NULL;
	if (work->is_abandoned)
		work_free(work);
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&mutex);
	return NULL;
}

static void
set_deadline(struct work *work)
{
	clock_gettime(CLOCK_MONOTONIC, &work->deadline);
	work->deadline.tv_sec += LIMIT_S;
}

/* Signals are for the application's threads. How much stack these have is the application's choice, and may be little. */
static int
start(struct work *work)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int rc;

	set_deadline(work);
	sigfillset(&all);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, &attr, run, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	if (rc != 0)
		return mirror_refuse(rc, "filter: cannot start the thread that compiles it: %s",
				strerror(rc));
	pthread_detach(thread);
	current = work;
	return 0;
}

/* Waits for something to happen, until a deadline: 0 or ETIMEDOUT. */
static int
wait_until(struct timespec deadline)
{
	return pthread_cond_clockwait(&changed, &mutex, CLOCK_MONOTONIC, &deadline);
}

/* Waits for others' work: that it is late, or that there has been too much of it, is ETIMEDOUT. */
static int
wait_for_others(const struct work *work)
{
	const struct timespec a = current->deadline, b = work->deadline;
	const bool is_first = a.tv_sec < b.tv_sec ||
			(a.tv_sec == b.tv_sec && a.tv_nsec < b.tv_nsec);

	return current->is_abandoned ? ETIMEDOUT : wait_until(is_first ? a : b);
}

/* Hands the work to the thread, with the mutex held: 0 or -errno, the refusal kept. */
static int
do_work(struct work *work)
{
	int rc;

	set_deadline(work);
	while (current != NULL) {
		if (wait_for_others(work) == ETIMEDOUT)
			return mirror_refuse(EBUSY,
					"filter: another one is still being compiled, since it is long or "
					"waits for a name server: try again later, or choose by mac, "
					"vlans or flow");
	}
	rc = start(work);
	while (rc == 0 && !work->is_done) {
		if (wait_until(work->deadline) != ETIMEDOUT || work->is_done)
			continue;
		work->is_abandoned = true;
		return mirror_refuse(ETIMEDOUT,
				"filter: it took more than %d s to compile: give addresses instead "
				"of names, or less of it",
				LIMIT_S);
	}
	return rc;
}

int
rte_mirror_filter_compile(const char *expression, struct rte_mirror_filter **filter)
{
	struct work *work;
	int rc = mirror_check_caller();

	if (rc != 0)
		return rc;
	if (expression == NULL || filter == NULL)
		return mirror_refuse(EINVAL, "filter: expression or filter is NULL: give both");
	if (strlen(expression) > LENGTH_MAX)
		return mirror_refuse(EINVAL,
				"filter: it has more than %d bytes: give less of it to each of several mirrors",
				LENGTH_MAX);
	work = work_create(expression);
	if (work == NULL)
		return mirror_refuse(ENOMEM, "out of memory");
	pthread_mutex_lock(&mutex);
	rc = do_work(work);
	if (!work->is_abandoned) {
		if (rc == 0 && work->rc != 0)
			rc = mirror_refuse(-work->rc, "%s", work->reason);
		if (rc == 0) {
			*filter = work->filter;
			work->filter = NULL;
		}
		work_free(work);
	}
	pthread_mutex_unlock(&mutex);
	return rc;
}

void
rte_mirror_filter_free(struct rte_mirror_filter *filter)
{
	mirror_filter_leave(filter);
}
