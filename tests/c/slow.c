/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <stdbool.h>

#include <rte_ethdev.h>

#include "testbed.h"
#include "slow.h"

static struct {
	uint16_t port_id;
	bool is_slow, is_in_driver;
} now;

static bool
is_set(const bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void
set(bool *flag, bool value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

/* The library and DPDK's, too, find the program's functions first. */
int
rte_eth_dev_stop(uint16_t port_id)
{
	int (*stop_port)(uint16_t) = (int (*)(uint16_t))(uintptr_t)dlsym(
			RTLD_NEXT, "rte_eth_dev_stop");

	if (is_set(&now.is_slow) && port_id == now.port_id) {
		set(&now.is_in_driver, true);
		CHECK_WITHIN(20000, !is_set(&now.is_slow));
	}
	return stop_port(port_id);
}

void
slow_begin(uint16_t port_id)
{
	now.port_id = port_id;
	set(&now.is_in_driver, false);
	set(&now.is_slow, true);
}

void
slow_wait(void)
{
	CHECK_WITHIN(10000, is_set(&now.is_in_driver));
}

void
slow_end(void)
{
	set(&now.is_slow, false);
}
