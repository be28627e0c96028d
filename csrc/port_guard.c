/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <pthread.h>

#include <rte_ethdev.h>
#include <rte_pause.h>

#include "eal_gate.h"
#include "port_guard.h"

/* How many threads ask a port's driver something. */
static uint32_t nb_asking[RTE_MAX_ETHPORTS];

/* Ports from their DESTROY event to the next device's NEW. */
static uint8_t is_going[RTE_MAX_ETHPORTS];

/*
 * Runs in the thread that removes the device, with whatever locks that holds: it takes no mutex, and waits for nothing
 * but questions to the very driver that is going, which hold nothing that the removal could want.
 */
static int
on_destroy(uint16_t port_id, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret_param __rte_unused)
{
	__atomic_store_n(&is_going[port_id], 1, __ATOMIC_RELEASE);
	/* Either mirror_port_hold() sees that the device is going, or we see that it is being asked. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (__atomic_load_n(&nb_asking[port_id], __ATOMIC_ACQUIRE) != 0 && !mirror_eal_is_over())
		rte_pause();
	return 0;
}

static int
on_new(uint16_t port_id, enum rte_eth_event_type event __rte_unused, void *arg __rte_unused,
		void *ret_param __rte_unused)
{
	__atomic_store_n(&is_going[port_id], 0, __ATOMIC_RELEASE);
	return 0;
}

int
mirror_port_guard_watch(void)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static bool is_watching;
	int rc = 0;

	pthread_mutex_lock(&mutex);
	if (!is_watching) {
		rc = rte_eth_dev_callback_register(RTE_ETH_ALL, RTE_ETH_EVENT_NEW, on_new, NULL);
		if (rc == 0)
			rc = rte_eth_dev_callback_register(
					RTE_ETH_ALL, RTE_ETH_EVENT_DESTROY, on_destroy, NULL);
		is_watching = rc == 0;
	}
	pthread_mutex_unlock(&mutex);
	return rc;
}

bool
mirror_port_is_there(uint16_t port_id)
{
	return port_id < RTE_MAX_ETHPORTS && rte_eth_dev_is_valid_port(port_id) &&
			__atomic_load_n(&is_going[port_id], __ATOMIC_ACQUIRE) == 0;
}

bool
mirror_port_hold(uint16_t port_id)
{
	if (port_id >= RTE_MAX_ETHPORTS)
		return false;
	__atomic_fetch_add(&nb_asking[port_id], 1, __ATOMIC_RELAXED);
	/* Pairs with the fence in on_destroy(). */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (mirror_port_is_there(port_id))
		return true;
	mirror_port_release(port_id);
	return false;
}

void
mirror_port_release(uint16_t port_id)
{
	__atomic_fetch_sub(&nb_asking[port_id], 1, __ATOMIC_RELEASE);
}
