/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_bus.h>
#include <rte_bus_vdev.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_string_fns.h>

#include "hotplug.h"
#include "refusal.h"

/* The application goes through the list in some microseconds, if it is not kept from running. */
#define SCAN_MS 1000
/* How long the application is made to wait for the list, and how long a command waits for the application. */
#define MAX_HOLD_MS 2000
#define MAX_WAIT_MS 3000

/* Of librte_bus_vdev, a driver, which many applications have loaded rather than linked. */
static int (*vdev_init)(const char *name, const char *args);
static int (*vdev_uninit)(const char *name);
static int (*vdev_add_custom_scan)(void (*on_scan)(void *arg), void *arg);

/*
 * Devices' arguments are in a list of EAL's, which has no lock: whoever plugs a device adds to its end and then goes
 * through it. So ours are at its beginning, before one that stays, where nobody else adds or removes anything; and whoever
 * is at one that leaves finds the way on from there, since it is freed only RETIRE_MS later.
 */
#define RETIRE_MS 10000

static struct rte_devargs *last_of_ours;
static struct retired {
	struct rte_devargs *devargs;
	uint64_t until_ms;
	struct retired *next;
} *retired;

/* One at a time here. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static bool is_changing;

/* The thread that goes through the list, and since when; 0: none does. */
static uintptr_t scanner;
static uint64_t scanned_ms;

/* A number that each thread has for itself. */
static uintptr_t
self(void)
{
	return (uintptr_t)pthread_self();
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void
pause_briefly(void)
{
	const struct timespec moment = { .tv_nsec = 50000 };

	nanosleep(&moment, NULL);
}

/*
 * The bus calls it in each thread that plugs a device, between adding to the list and going through it. Either we see
 * there that the list is being changed, or begin_change() sees us. Waits for no more than a moment: with what this
 * thread may hold, the change might wait for it.
 */
static void
on_scan(void *arg)
{
	const uint64_t begin = now_ms();

	(void)arg;
	__atomic_store_n(&scanned_ms, begin, __ATOMIC_RELAXED);
	__atomic_store_n(&scanner, self(), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (__atomic_load_n(&is_changing, __ATOMIC_ACQUIRE) && now_ms() < begin + MAX_HOLD_MS)
		pause_briefly();
	__atomic_store_n(&scanned_ms, now_ms(), __ATOMIC_RELEASE);
}

void
mirror_hotplug_seen_port(void)
{
	uintptr_t this_thread = self();

	__atomic_compare_exchange_n(
			&scanner, &this_thread, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* A scan for what has no port, or cannot be made, has no end that shows. */
static bool
is_being_scanned(void)
{
	return __atomic_load_n(&scanner, __ATOMIC_ACQUIRE) != 0 &&
			now_ms() < __atomic_load_n(&scanned_ms, __ATOMIC_ACQUIRE) + SCAN_MS;
}

/* Whether the list may be changed now, until end_change(). */
static bool
begin_change(void)
{
	const uint64_t until = now_ms() + MAX_WAIT_MS;

	pthread_mutex_lock(&mutex);
	do {
		__atomic_store_n(&is_changing, true, __ATOMIC_RELAXED);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (!is_being_scanned())
			return true;
		__atomic_store_n(&is_changing, false, __ATOMIC_RELEASE);
		pause_briefly();
	} while (now_ms() < until);
	return false;
}

static void
end_change(void)
{
	__atomic_store_n(&is_changing, false, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&mutex);
}

/* Of the loader, if our own reference has found nothing. */
static void *
find(void *referred, const char *name)
{
	void *found = referred != NULL ? referred : dlsym(RTLD_DEFAULT, name), *library;
	const void *bus = rte_bus_find_by_name("vdev");
	Dl_info info;

	if (found != NULL || bus == NULL || dladdr(bus, &info) == 0)
		return found;
	library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
	return library != NULL ? dlsym(library, name) : NULL;
}

#define FIND(name) ((__typeof__(&name))(uintptr_t)find((void *)(uintptr_t)&name, #name))

int
mirror_hotplug_init(void)
{
	if (vdev_add_custom_scan != NULL)
		return 0;
	vdev_init = FIND(rte_vdev_init);
	vdev_uninit = FIND(rte_vdev_uninit);
	vdev_add_custom_scan = FIND(rte_vdev_add_custom_scan);
	if (vdev_init == NULL || vdev_uninit == NULL || vdev_add_custom_scan == NULL) {
		vdev_add_custom_scan = NULL;
		return mirror_plugin_refuse(ENOTSUP,
				"the application has no bus of virtual devices that its plugins see: start "
				"it with -d librte_bus_vdev.so, or link it with --export-dynamic");
	}
	if (vdev_add_custom_scan(on_scan, NULL) != 0) {
		vdev_add_custom_scan = NULL;
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	}
	return 0;
}

static struct rte_devargs *
first(void)
{
	return rte_devargs_next(NULL, NULL);
}

static struct rte_devargs *
alloc(const char *device)
{
	struct rte_devargs *devargs = calloc(1, sizeof(*devargs));

	if (devargs == NULL)
		return NULL;
	devargs->bus = rte_bus_find_by_name("vdev");
	rte_strscpy(devargs->name, device, sizeof(devargs->name));
	return devargs;
}

static void
link_first(struct rte_devargs *devargs)
{
	struct rte_devargs *next = first();

	devargs->next.tqe_next = next;
	devargs->next.tqe_prev = next->next.tqe_prev;
	next->next.tqe_prev = &devargs->next.tqe_next;
	__atomic_store_n(devargs->next.tqe_prev, devargs, __ATOMIC_RELEASE);
}

/* Who is there goes on to the next one. */
static void
unlink_ours(struct rte_devargs *devargs)
{
	struct rte_devargs *next = devargs->next.tqe_next;

	next->next.tqe_prev = devargs->next.tqe_prev;
	__atomic_store_n(devargs->next.tqe_prev, next, __ATOMIC_RELEASE);
}

/* Ours of that name, NULL: there is none, or none any more. */
static struct rte_devargs *
find_ours(const char *device)
{
	struct rte_devargs *devargs = first();

	while (devargs != last_of_ours && strcmp(devargs->name, device) != 0)
		devargs = devargs->next.tqe_next;
	return devargs != last_of_ours ? devargs : NULL;
}

static int
begin_list(void)
{
	struct rte_devargs *devargs;

	if (last_of_ours != NULL)
		return 0;
	devargs = alloc("mirror_targets");
	if (devargs == NULL)
		return -ENOMEM;
	if (first() != NULL)
		link_first(devargs);
	else
		rte_devargs_insert(&devargs);
	last_of_ours = devargs;
	return 0;
}

static void
retire(struct rte_devargs *devargs)
{
	struct retired *last = malloc(sizeof(*last)), **where = &retired, *next;

	while ((next = *where) != NULL) {
		if (now_ms() < next->until_ms) {
			where = &next->next;
			continue;
		}
		*where = next->next;
		rte_devargs_reset(next->devargs);
		free(next->devargs);
		free(next);
	}
	/* Without memory it is not freed at all. */
	if (last == NULL)
		return;
	*last = (struct retired){ devargs, now_ms() + RETIRE_MS, retired };
	retired = last;
}

/* The bus finds the arguments that are there, and gives them its own values. When it fails it frees them. */
static int
add(const char *device, const char *args)
{
	struct rte_devargs *devargs;
	int rc = begin_list();

	if (rc != 0)
		return rc;
	devargs = alloc(device);
	if (devargs == NULL)
		return -ENOMEM;
	link_first(devargs);
	rc = vdev_init(device, args);
	/* The application was made to wait too long, and has entered our device itself, which then is nobody's. */
	return rc == -EEXIST && find_ours(device) != NULL ? -EAGAIN : rc;
}

int
mirror_hotplug_add(const char *device, const char *args)
{
	int rc = begin_change() ? add(device, args) : -EAGAIN;

	end_change();
	return rc;
}

/* Secondary processes that have started since have the device, too, and are told; when one does not answer it goes here. */
static int
remove_everywhere(const char *device)
{
	int rc = rte_eal_hotplug_remove("vdev", device);

	return rc == 0 ? 0 : vdev_uninit(device);
}

/* The bus does not find the arguments, and so does not free them. */
void
mirror_hotplug_remove(const char *device)
{
	struct rte_devargs *devargs;
	int rc;

	/* If the application does not cease, it is done all the same: what has no port is in nobody's way. */
	begin_change();
	devargs = find_ours(device);
	if (devargs != NULL)
		unlink_ours(devargs);
	rc = remove_everywhere(device);
	if (devargs != NULL && (rc == 0 || rc == -ENOENT))
		retire(devargs);
	end_change();
}
