/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "pool.h"

int
ffi_pool_create(const struct ffi_pool_config *config, struct rte_mempool **pool)
{
	struct rte_mempool *created;

	if (config->data_room == 0 || config->data_room > UINT16_MAX - RTE_PKTMBUF_HEADROOM)
		return -ERANGE;
	created = rte_pktmbuf_pool_create(config->name, config->size, config->cache, 0,
			(uint16_t)(config->data_room + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
	if (created == NULL)
		return -rte_errno;
	*pool = created;
	return 0;
}

void
ffi_pool_free(struct rte_mempool *pool)
{
	rte_mempool_free(pool);
}

uint32_t
ffi_pool_available(const struct rte_mempool *pool)
{
	return rte_mempool_avail_count(pool);
}
