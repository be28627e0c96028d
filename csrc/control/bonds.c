/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <string.h>

#include <rte_eth_bond.h>
#include <rte_ethdev.h>

#include "../port_guard.h"
#include "bonds.h"
#include "ports.h"

/* Those of rte_eth_bond.h in which source addresses, and ARP, are rewritten to balance what comes back. */
#define MODE_TLB 5
#define MODE_ALB 6

#define BOND     "net_bonding"

/*
 * rte_eth_bond_mode_get(), where the process has it: EAL may have loaded the driver for itself alone, but what transmits
 * is in the same file. The library is linked to no driver.
 */
static int
mode_of(uint16_t port_id)
{
	static const char name[] = "rte_eth_bond_mode_get";
	int (*mode_get)(uint16_t) = rte_eth_bond_mode_get;
	void *file = NULL;
	Dl_info info;
	int mode = -1;

	if (mode_get == NULL)
		mode_get = (int (*)(uint16_t))dlsym(RTLD_DEFAULT, name);
	if (mode_get == NULL && dladdr((void *)rte_eth_fp_ops[port_id].tx_pkt_burst, &info) != 0)
		file = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
	if (file != NULL)
		mode_get = (int (*)(uint16_t))dlsym(file, name);
	if (mode_get != NULL && mirror_port_hold(port_id)) {
		mode = mode_get(port_id);
		mirror_port_release(port_id);
	}
	if (file != NULL)
		dlclose(file);
	return mode;
}

bool
mirror_driver_has_parts(const char *driver_name)
{
	return strcmp(driver_name, BOND) == 0 || strcmp(driver_name, "net_failsafe") == 0;
}

bool
mirror_port_is_part(uint16_t port_id)
{
	/* As net_failsafe calls itself. */
	return mirror_port_is_member(port_id) || mirror_port_is_owned_by(port_id, "Fail-safe");
}

static bool
is_bond(uint16_t port_id)
{
	struct rte_eth_dev_info dev;

	return mirror_port_info_get(port_id, &dev) == 0 && strcmp(dev.driver_name, BOND) == 0;
}

static bool
may_rewrite(uint16_t bond)
{
	const int mode = mode_of(bond);

	return mode < 0 || mode == MODE_TLB || mode == MODE_ALB;
}

/* Bonds' members cannot be asked for in one way in all releases, so any other bond's may be this one's. */
static bool
has_member_that_rewrites(void)
{
	uint16_t port = 0;

	while (port < RTE_MAX_ETHPORTS &&
			!(mirror_port_is_member(port) && is_bond(port) && may_rewrite(port)))
		port++;
	return port < RTE_MAX_ETHPORTS;
}

bool
mirror_port_rewrites(uint16_t port_id)
{
	return is_bond(port_id) && (may_rewrite(port_id) || has_member_that_rewrites());
}
