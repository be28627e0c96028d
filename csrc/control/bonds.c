/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <string.h>

#include <rte_ethdev.h>

#include "../port_guard.h"
#include "bonds.h"
#include "ports.h"

/* Those of rte_eth_bond.h in which source addresses, and ARP, are rewritten to balance what comes back. */
#define MODE_TLB 5
#define MODE_ALB 6

/*
 * rte_eth_bond_mode_get(), where the process has it: EAL may have loaded the driver for itself alone, but what transmits
 * is in the same file. The library is linked to no driver.
 */
static int
mode_of(uint16_t port_id)
{
	static const char name[] = "rte_eth_bond_mode_get";
	int (*mode_get)(uint16_t) = (int (*)(uint16_t))dlsym(RTLD_DEFAULT, name);
	void *file = NULL;
	Dl_info info;
	int mode = -1;

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
mirror_port_rewrites(uint16_t port_id)
{
	struct rte_eth_dev_info dev;
	int mode;

	if (mirror_port_info_get(port_id, &dev) != 0 || strcmp(dev.driver_name, "net_bonding") != 0)
		return false;
	mode = mode_of(port_id);
	return mode < 0 || mode == MODE_TLB || mode == MODE_ALB;
}
