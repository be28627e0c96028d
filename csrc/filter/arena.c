/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/queue.h>
#include <unistd.h>

#include "code.h"

#ifdef __aarch64__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

/*
 * Where generated code lies: in files in memory that are mapped to be read and run, never to be written. It is written
 * through the file, by pwrite(), so at no address of the process can anybody write what is run.
 *
 * Many programs share an arena, each from the start of a cache line, so that several filters do not compete for the same
 * few sets of the instruction cache. Arenas are kept for the next filters: taking one away would interrupt every CPU
 * that runs a thread of the process. Slots are given back when no poller runs what is in them; the next code there is
 * published as any list is.
 */

#define ARENA_SIZE (256u * 1024)
#define SLOT_SIZE  64u

/* Of linux/memfd.h, which older systems' has not. */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008u
#endif

/*
 * The thread that makes a filter has all signals blocked: a limit on the size of files (RLIMIT_FSIZE) makes ftruncate()
 * fail here, and raises no SIGXFSZ.
 */
struct arena {
	uint8_t *base;
	size_t nb_slots;
	int fd;
	LIST_ENTRY(arena) next;
	bool taken[]; /* slots */
};

static LIST_HEAD(, arena) arenas = LIST_HEAD_INITIALIZER(arenas);
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static size_t
slots_of(size_t length)
{
	return (length + SLOT_SIZE - 1) / SLOT_SIZE;
}

static int
open_memory(size_t size)
{
	static const char name[] = "librte_mirror-filters";
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);

	/* Before Linux 6.3. */
	if (fd < 0)
		fd = memfd_create(name, MFD_CLOEXEC);
	if (fd >= 0 && ftruncate(fd, size) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

static struct arena *
open_arena(size_t nb_slots)
{
	struct arena *arena = calloc(1, sizeof(*arena) + nb_slots * sizeof(arena->taken[0]));
	void *base;

	if (arena == NULL)
		return NULL;
	arena->nb_slots = nb_slots;
	arena->fd = open_memory(nb_slots * SLOT_SIZE);
	if (arena->fd < 0)
		goto free_arena;
	base = mmap(NULL, nb_slots * SLOT_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, arena->fd, 0);
	if (base == MAP_FAILED)
		goto close_memory;
	arena->base = base;
	LIST_INSERT_HEAD(&arenas, arena, next);
	return arena;

close_memory:
	close(arena->fd);
free_arena:
	free(arena);
	return NULL;
}

/* The first of so many free slots in a row; nb_slots of the arena: there are none. */
static size_t
find_slots(const struct arena *arena, size_t nb)
{
	size_t i, nb_free = 0;

	for (i = 0; i < arena->nb_slots; i++) {
		nb_free = arena->taken[i] ? 0 : nb_free + 1;
		if (nb_free == nb)
			return i + 1 - nb;
	}
	return arena->nb_slots;
}

static bool
write_all(int fd, const uint8_t *code, size_t length, off_t offset)
{
	ssize_t written;

	for (; length > 0; code += written, length -= written, offset += written) {
		written = pwrite(fd, code, length, offset);
		if (written <= 0)
			return false;
	}
	return true;
}

/*
 * Makes every CPU fetch what was written. On x86-64 each does so by itself, and a poller reaches the code by a pointer that
 * is published later.
 */
static void
synchronise(uint8_t *loaded, size_t length)
{
#ifdef __aarch64__
	__builtin___clear_cache((char *)loaded, (char *)loaded + length);
	syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
	syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, 0, 0);
#else
	(void)loaded;
	(void)length;
#endif
}

/* A child of fork() has its parent's arenas, and must leave them as they are; nobody of its threads holds the mutex. */
static void
in_child(void)
{
	mutex = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
	LIST_INIT(&arenas);
}

static void __attribute__((constructor))
watch_forks(void)
{
	pthread_atfork(NULL, NULL, in_child);
}

static void *
load(const uint8_t *code, size_t length)
{
	const size_t nb = slots_of(length);
	struct arena *arena;
	size_t first = 0;

	LIST_FOREACH(arena, &arenas, next)
	{
		first = find_slots(arena, nb);
		if (first < arena->nb_slots)
			break;
	}
	if (arena == NULL) {
		first = 0;
		arena = open_arena(RTE_MAX(nb, ARENA_SIZE / SLOT_SIZE));
	}
	if (arena == NULL || !write_all(arena->fd, code, length, first * SLOT_SIZE))
		return NULL;
	memset(arena->taken + first, true, nb);
	synchronise(arena->base + first * SLOT_SIZE, length);
	return arena->base + first * SLOT_SIZE;
}

void *
mirror_code_load(const uint8_t *code, size_t length)
{
	void *loaded;

	pthread_mutex_lock(&mutex);
	loaded = load(code, length);
	pthread_mutex_unlock(&mutex);
	return loaded;
}

void
mirror_code_unload(void *loaded, size_t length)
{
	struct arena *arena;

	pthread_mutex_lock(&mutex);
	LIST_FOREACH(arena, &arenas, next)
	{
		const size_t offset = (uint8_t *)loaded - arena->base;

		if (offset < arena->nb_slots * SLOT_SIZE)
			memset(arena->taken + offset / SLOT_SIZE, false, slots_of(length));
	}
	pthread_mutex_unlock(&mutex);
}
