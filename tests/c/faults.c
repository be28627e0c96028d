/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <inttypes.h>
#include <stdlib.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "faults.h"
#include "harness.h"

struct faults faults;
__thread unsigned int fail_calloc;
static int nb_callbacks;

int
nb_callbacks_now(void)
{
	return __atomic_load_n(&nb_callbacks, __ATOMIC_RELAXED);
}

/* ethdev's own function of that name. */
static void *
next_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	CHECK(function != NULL);
	return function;
}

void *
calloc(size_t nb, size_t size)
{
	static __typeof__(calloc) *next;

	/* Before main() there may be no checks yet. */
	if (next == NULL)
		next = dlsym(RTLD_NEXT, __func__);
	if (fail_calloc != 0 && --fail_calloc == 0)
		return NULL;
	return next(nb, size);
}

static bool
callback_fails(void)
{
	if (!faults.no_callbacks && (faults.fail_callback == 0 || --faults.fail_callback != 0))
		return false;
	rte_errno = faults.callback_errno;
	return true;
}

const struct rte_eth_rxtx_callback *
rte_eth_add_first_rx_callback(
		uint16_t port_id, uint16_t queue_id, rte_rx_callback_fn fn, void *user_param)
{
	__typeof__(rte_eth_add_first_rx_callback) *add = next_function(__func__);
	const struct rte_eth_rxtx_callback *callback;

	if (callback_fails())
		return NULL;
	callback = add(port_id, queue_id, fn, user_param);
	__atomic_fetch_add(&nb_callbacks, callback != NULL, __ATOMIC_RELAXED);
	return callback;
}

const struct rte_eth_rxtx_callback *
rte_eth_add_tx_callback(
		uint16_t port_id, uint16_t queue_id, rte_tx_callback_fn fn, void *user_param)
{
	__typeof__(rte_eth_add_tx_callback) *add = next_function(__func__);
	const struct rte_eth_rxtx_callback *callback;

	if (callback_fails())
		return NULL;
	callback = add(port_id, queue_id, fn, user_param);
	__atomic_fetch_add(&nb_callbacks, callback != NULL, __ATOMIC_RELAXED);
	return callback;
}

int
rte_eth_remove_rx_callback(
		uint16_t port_id, uint16_t queue_id, const struct rte_eth_rxtx_callback *callback)
{
	__typeof__(rte_eth_remove_rx_callback) *remove = next_function(__func__);
	const int rc = remove(port_id, queue_id, callback);

	__atomic_fetch_sub(&nb_callbacks, rc == 0, __ATOMIC_RELAXED);
	return rc;
}

int
rte_eth_remove_tx_callback(
		uint16_t port_id, uint16_t queue_id, const struct rte_eth_rxtx_callback *callback)
{
	__typeof__(rte_eth_remove_tx_callback) *remove = next_function(__func__);
	const int rc = remove(port_id, queue_id, callback);

	__atomic_fetch_sub(&nb_callbacks, rc == 0, __ATOMIC_RELAXED);
	return rc;
}

int
rte_eth_dev_info_get(uint16_t port_id, struct rte_eth_dev_info *info)
{
	__typeof__(rte_eth_dev_info_get) *get = next_function(__func__);
	const int rc = get(port_id, info);

	if (rc != 0)
		return rc;
	info->tx_offload_capa |= faults.tx_capabilities;
	if (port_id == faults.queue_port)
		info->tx_queue_offload_capa |= faults.queue_tx_offloads;
	if (faults.nb_seg_max != 0)
		info->tx_desc_lim.nb_seg_max = faults.nb_seg_max;
	if (faults.nb_mtu_seg_max != 0)
		info->tx_desc_lim.nb_mtu_seg_max = faults.nb_mtu_seg_max;
	return 0;
}

int
rte_eth_rx_queue_info_get(uint16_t port_id, uint16_t queue_id, struct rte_eth_rxq_info *info)
{
	__typeof__(rte_eth_rx_queue_info_get) *get = next_function(__func__);

	if (port_id != faults.rx_port || faults.rx_pool == NULL)
		return get(port_id, queue_id, info);
	*info = (struct rte_eth_rxq_info){ .mp = faults.rx_pool };
	return 0;
}

int
rte_eth_tx_queue_info_get(uint16_t port_id, uint16_t queue_id, struct rte_eth_txq_info *info)
{
	__typeof__(rte_eth_tx_queue_info_get) *get = next_function(__func__);
	int rc = get(port_id, queue_id, info);

	if (port_id == faults.queue_port && queue_id == 0 && faults.queue_tx_offloads != 0) {
		*info = (struct rte_eth_txq_info){ .conf.offloads = faults.queue_tx_offloads };
		rc = 0;
	}
	return rc;
}
