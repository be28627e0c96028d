/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ring.h>

#include "../eal_gate.h"
#include "../threads.h"
#include "cpus.h"
#include "drain.h"
#include "round.h"

/*
 * Naps while nothing comes: short ones at first, longer ones later, long ones when nothing has come for a while. The
 * sum of a nap and the window is the longest that a packet waits for the thread.
 */
#define NAP_MIN_NS  20000
#define NAP_MAX_NS  400000
#define NAP_IDLE_NS 10000000
#define IDLE_US     100000
/* So long at a time one that is stuck is waited for. */
#define STUCK_NS 1000000

/* For so long after it was called it is not to make way for pollers: somebody waits. */
#define CALLED_US 2000000

/*
 * A child of fork() has a copy of what drivers, or libc for them, have just half done, and maybe goes on with it: files are
 * written twice then. So a fork waits until no thread is at work, but not for one that a driver holds up.
 */
#define FORK_US 100000

static uint32_t nb_at_work;
static bool is_forking;

static void
mirror_drain_before_fork(void)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	const uint64_t start = rte_rdtsc();

	/* Either we see a thread at work, or it sees us. */
	__atomic_store_n(&is_forking, true, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&nb_at_work, __ATOMIC_SEQ_CST) > 0 &&
			rte_rdtsc() - start < mirror_drain_to_tsc(FORK_US))
		nanosleep(&moment, NULL);
}

static void
mirror_drain_after_fork(void)
{
	__atomic_store_n(&is_forking, false, __ATOMIC_RELEASE);
}

/* Where no thread is at work, whatever was when it came to be. */
static void
mirror_drain_in_child(void)
{
	nb_at_work = 0;
	is_forking = false;
}

static void __attribute__((constructor))
mirror_drain_watch_forks(void)
{
	pthread_atfork(mirror_drain_before_fork, mirror_drain_after_fork, mirror_drain_in_child);
}

/* Whether the thread may work until mirror_drain_leave(). */
static bool
mirror_drain_enter(void)
{
	__atomic_fetch_add(&nb_at_work, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&is_forking, __ATOMIC_SEQ_CST))
		return true;
	__atomic_fetch_sub(&nb_at_work, 1, __ATOMIC_RELEASE);
	return false;
}

static void
mirror_drain_leave(void)
{
	__atomic_fetch_sub(&nb_at_work, 1, __ATOMIC_RELEASE);
}

static struct drained_ring *
mirror_drained(struct mirror_ring *ring)
{
	return container_of(ring, struct drained_ring, ring);
}

/* Sleeps, unless it is called. */
static void
mirror_drain_nap(struct mirror_drain *drain, uint64_t ns)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)ns;
	until.tv_sec += until.tv_nsec / NS_PER_S;
	until.tv_nsec %= NS_PER_S;
	pthread_mutex_lock(&drain->mutex);
	if (!drain->is_called)
		pthread_cond_timedwait(&drain->call, &drain->mutex, &until);
	drain->is_called = false;
	pthread_mutex_unlock(&drain->mutex);
}

/* Sleeps until a sink has room, where that can be told: whether it can. A nap may take the CPU from whoever makes room. */
static bool
mirror_drain_wait_for_room(const struct mirror_drain *drain)
{
	const struct timespec longest = { .tv_nsec = STUCK_NS };
	struct mirror_sink_progress progress = { .room_fd = -1 };
	struct pollfd fd = { .events = POLLIN };

	if (drain->target.ops == NULL)
		return false;
	drain->target.ops->progress(drain->target.sink, &progress);
	if (progress.room_fd < 0)
		return false;
	fd.fd = progress.room_fd;
	ppoll(&fd, 1, &longest, NULL);
	return true;
}

static bool
mirror_drain_is_to_end(struct mirror_drain *drain)
{
	return __atomic_load_n(&drain->is_ending, __ATOMIC_ACQUIRE) &&
			__atomic_load_n(&drain->first, __ATOMIC_ACQUIRE) == NULL;
}

static void
mirror_drain_work(struct mirror_drain *drain)
{
	uint64_t nb_done, ns = NAP_MIN_NS, last_tsc = rte_rdtsc();
	bool is_stuck;

	while (!mirror_drain_is_to_end(drain) && mirror_eal_enter()) {
		nb_done = 0;
		is_stuck = false;
		if (mirror_drain_enter()) {
			nb_done = mirror_drain_run_round(drain, &is_stuck);
			mirror_drain_leave();
		}
		mirror_eal_leave();
		if (nb_done > 0) {
			last_tsc = rte_rdtsc();
			ns = NAP_MIN_NS;
			if (!is_stuck)
				continue;
		}
		if (rte_rdtsc() - last_tsc > mirror_drain_to_tsc(IDLE_US))
			ns = NAP_IDLE_NS;
		if (is_stuck && ns < NAP_IDLE_NS && mirror_drain_wait_for_room(drain))
			continue;
		mirror_drain_nap(drain, ns);
		ns = RTE_MIN(2 * ns, (uint64_t)NAP_MAX_NS);
	}
}

/* Frees the rings that the thread would have: what is in them has gone with EAL's memory. */
static void
mirror_drain_free_dropped(struct mirror_drain *drain)
{
	struct drained_ring **where = &drain->first, *ring;

	while ((ring = *where) != NULL) {
		if (ring->is_dropped) {
			*where = ring->following;
			free(ring);
		} else {
			where = &ring->following;
		}
	}
}

static uint32_t
mirror_drain_run(void *arg)
{
	struct mirror_drain *drain = arg;
	bool is_ending;

	/* Naps are as long as they are to be. */
	prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
	pthread_mutex_lock(&drain->mutex);
	drain->tid = gettid();
	drain->thread = pthread_self();
	pthread_mutex_unlock(&drain->mutex);
	mirror_drain_work(drain);
	if (drain->target.ops != NULL)
		drain->target.ops->end(drain->target.sink);
	pthread_mutex_lock(&drain->mutex);
	drain->tid = 0;
	mirror_drain_free_dropped(drain);
	is_ending = drain->is_ending;
	__atomic_store_n(&drain->is_over, true, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&drain->mutex);
	/* Otherwise control still has it. */
	if (is_ending)
		free(drain);
	return 0;
}

static struct mirror_drain *
mirror_drain_create(const struct mirror_drain_target *target)
{
	struct mirror_drain *drain = calloc(1, sizeof(*drain));
	pthread_condattr_t attr;

	if (drain == NULL)
		return NULL;
	drain->target = *target;
	pthread_mutex_init(&drain->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&drain->call, &attr);
	pthread_condattr_destroy(&attr);
	return drain;
}

int
mirror_drain_start(const struct mirror_drain_target *target, struct mirror_drain **drain)
{
	char name[16];
	int rc;

	*drain = mirror_drain_create(target);
	if (*drain == NULL)
		return -ENOMEM;
	snprintf(name, sizeof(name), "mirror-to-%u", target->port_id);
	rc = mirror_thread_create(name, mirror_drain_run, *drain);
	if (rc != 0)
		free(*drain);
	return rc;
}

/* With the mutex. Somebody waits for what it is called for: so it need not be when pollers have nothing to do. */
static void
mirror_drain_call(struct mirror_drain *drain)
{
	const struct sched_param none = { 0 };

	drain->called_at = rte_rdtsc();
	if (drain->tid != 0)
		sched_setscheduler(drain->tid, SCHED_OTHER, &none);
	drain->is_called = true;
	pthread_cond_signal(&drain->call);
}

void
mirror_drain_end(struct mirror_drain *drain)
{
	bool is_over;

	pthread_mutex_lock(&drain->mutex);
	drain->is_ending = true;
	is_over = drain->is_over;
	mirror_drain_call(drain);
	pthread_mutex_unlock(&drain->mutex);
	if (is_over)
		free(drain);
}

struct mirror_ring *
mirror_drain_add_ring(struct mirror_drain *drain, const struct mirror_sink_origin *origin,
		const struct rte_ring *behind)
{
	struct drained_ring *ring = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*ring));

	if (ring == NULL)
		return NULL;
	memset(ring, 0, sizeof(*ring));
	if (behind != NULL)
		mirror_ring_start(&ring->ring,
				RTE_MIN(rte_ring_count(behind), (unsigned int)MIRROR_RING_SIZE));
	ring->next = ring->ring.tail;
	ring->origin = *origin;
	pthread_mutex_lock(&drain->mutex);
	ring->following = drain->first;
	__atomic_store_n(&drain->first, ring, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&drain->mutex);
	return &ring->ring;
}

void
mirror_drain_set_queue(struct mirror_ring *ring, uint16_t queue_id, const struct rte_ring *behind)
{
	__atomic_store_n(&ring->target_queue, queue_id, __ATOMIC_RELAXED);
	__atomic_store_n(&mirror_drained(ring)->behind, behind, __ATOMIC_RELAXED);
}

void
mirror_drain_close_ring(struct mirror_drain *drain, struct mirror_ring *ring)
{
	pthread_mutex_lock(&drain->mutex);
	/* With the mutex, and so not between the end of the thread's round and the start of its next. */
	__atomic_store_n(&ring->is_closing, true, __ATOMIC_RELEASE);
	__atomic_store_n(&mirror_drained(ring)->is_quiet, false, __ATOMIC_RELAXED);
	mirror_drain_call(drain);
	pthread_mutex_unlock(&drain->mutex);
}

void
mirror_drain_open_ring(struct mirror_ring *ring)
{
	__atomic_store_n(&ring->is_closing, false, __ATOMIC_RELEASE);
}

bool
mirror_drain_is_quiet(struct mirror_drain *drain, struct mirror_ring *ring)
{
	if (__atomic_load_n(&drain->is_over, __ATOMIC_ACQUIRE))
		return true;
	return __atomic_load_n(&mirror_drained(ring)->is_quiet, __ATOMIC_ACQUIRE) &&
			__atomic_load_n(&mirror_drained(ring)->next, __ATOMIC_ACQUIRE) ==
			mirror_ring_tail(ring);
}

void
mirror_drain_drop_ring(struct mirror_drain *drain, struct mirror_ring *ring)
{
	mirror_drain_close_ring(drain, ring);
	pthread_mutex_lock(&drain->mutex);
	mirror_drained(ring)->is_dropped = true;
	if (drain->is_over)
		mirror_drain_free_dropped(drain);
	pthread_mutex_unlock(&drain->mutex);
}

void
mirror_drain_lock(struct mirror_drain *drain)
{
	pthread_mutex_lock(&drain->mutex);
}

void
mirror_drain_unlock(struct mirror_drain *drain)
{
	pthread_mutex_unlock(&drain->mutex);
}

void
mirror_drain_keep_off(struct mirror_drain *drain, const struct mirror_cpus *cpus)
{
	pthread_mutex_lock(&drain->mutex);
	if (drain->tid != 0 && rte_rdtsc() - drain->called_at > mirror_drain_to_tsc(CALLED_US))
		drain->yields = !mirror_cpus_keep_off(drain->tid, cpus);
	pthread_mutex_unlock(&drain->mutex);
}

bool
mirror_drain_is_thread(struct mirror_drain *drain, pid_t tid)
{
	bool is;

	pthread_mutex_lock(&drain->mutex);
	is = drain->tid == tid;
	pthread_mutex_unlock(&drain->mutex);
	return is;
}

bool
mirror_drain_yields(const struct mirror_drain *drain)
{
	return drain->yields;
}

uint64_t
mirror_drain_cpu_us(struct mirror_drain *drain)
{
	struct timespec used = { 0 };
	clockid_t clock;

	pthread_mutex_lock(&drain->mutex);
	if (drain->tid != 0 && pthread_getcpuclockid(drain->thread, &clock) == 0)
		clock_gettime(clock, &used);
	pthread_mutex_unlock(&drain->mutex);
	return (uint64_t)used.tv_sec * US_PER_S + (uint64_t)used.tv_nsec / 1000;
}
