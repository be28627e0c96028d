/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "own_fds.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int *fds;
static unsigned int nb_fds, size;

void
mirror_own_fds_lock(void)
{
	pthread_mutex_lock(&mutex);
}

void
mirror_own_fds_unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

void
mirror_own_fds_add(int fd)
{
	int *larger;

	if (nb_fds == size) {
		larger = realloc(fds, (2 * size + 8) * sizeof(*fds));
		if (larger == NULL)
			return;
		fds = larger;
		size = 2 * size + 8;
	}
	fds[nb_fds++] = fd;
}

void
mirror_own_fds_remove(int fd)
{
	unsigned int i;

	for (i = 0; i < nb_fds; i++) {
		if (fds[i] == fd)
			fds[i--] = fds[--nb_fds];
	}
}

static void
in_child(void)
{
	while (nb_fds > 0)
		close(fds[--nb_fds]);
	mirror_own_fds_unlock();
}

/* Before those that wait for threads at work: these may have to lock it, and what is asked for first is called last. */
static void __attribute__((constructor(1000)))
watch_forks(void)
{
	pthread_atfork(mirror_own_fds_lock, mirror_own_fds_unlock, in_child);
}
