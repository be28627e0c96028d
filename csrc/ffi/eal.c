/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_string_fns.h>
#include <rte_version.h>

#include "eal.h"
#include "log.h"

static bool is_up;

const char *
ffi_eal_series(void)
{
	return MIRROR_DPDK_SERIES;
}

const char *
ffi_eal_release(void)
{
	return rte_version();
}

uint32_t
ffi_eal_max_lcores(void)
{
	return RTE_MAX_LCORE;
}

/* So that signals go on to reach the application's threads. Those that tell of a thread's own fault do in any case. */
static void
block_signals(sigset_t *before)
{
	sigset_t set;

	sigfillset(&set);
	sigdelset(&set, SIGBUS);
	sigdelset(&set, SIGFPE);
	sigdelset(&set, SIGILL);
	sigdelset(&set, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &set, before);
}

int
ffi_eal_init(int argc, char **argv)
{
	sigset_t before;
	int rc;

	rc = ffi_log_open();
	if (rc == 0)
		rc = ffi_log_catch_stdio();
	if (rc != 0)
		return rc;
	block_signals(&before);
	rte_errno = 0;
	if (rte_eal_init(argc, argv) < 0)
		rc = rte_errno != 0 ? -rte_errno : -EIO;
	is_up = is_up || rc == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	ffi_log_release_stdio();
	return rc;
}

bool
ffi_eal_is_up(void)
{
	return is_up;
}

int
ffi_eal_cleanup(void)
{
	int rc;

	is_up = false;
	rte_errno = 0;
	rc = rte_eal_cleanup();
	if (rc == -1 && rte_errno != 0)
		rc = -rte_errno;
	ffi_log_open();
	return rc;
}

int
ffi_eal_runtime_directory(char *path, uint32_t size)
{
	return rte_strscpy(path, rte_eal_get_runtime_dir(), size) < 0 ? -ERANGE : 0;
}

uint32_t
ffi_eal_workers(uint32_t *lcores, uint32_t size)
{
	uint32_t nb = 0;
	unsigned int lcore;

	RTE_LCORE_FOREACH_WORKER(lcore) {
		if (nb < size)
			lcores[nb] = lcore;
		nb++;
	}
	return nb;
}

int
ffi_eal_plug(const char *bus, const char *device, const char *args)
{
	int rc = rte_eal_hotplug_add(bus, device, args);

	/* Many drivers just return -1: that is no errno. */
	return rc == -1 ? -EIO : rc;
}

int
ffi_eal_unplug(const char *bus, const char *device)
{
	return rte_eal_hotplug_remove(bus, device);
}

static bool
is_of(uint16_t port_id, const char *device)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(port_id, &info) == 0 && info.device != NULL &&
			strcmp(rte_dev_name(info.device), device) == 0;
}

uint32_t
ffi_eal_ports(const char *device, struct ffi_eal_port *ports, uint32_t size)
{
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t port_id;
	uint32_t nb = 0;

	/* All of them: a port may belong to another, as in a bond. */
	for (port_id = rte_eth_find_next(0); port_id < RTE_MAX_ETHPORTS;
			port_id = rte_eth_find_next(port_id + 1)) {
		if (device != NULL && !is_of(port_id, device))
			continue;
		if (rte_eth_dev_get_name_by_port(port_id, name) != 0)
			continue;
		if (nb < size)
			rte_strscpy(ports[nb].name, name, sizeof(ports[nb].name));
		nb++;
	}
	return nb;
}
