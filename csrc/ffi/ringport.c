/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "ringport.h"

/* As many as there are entries in a port's table: the most that rte_eth_from_rings() copies. */
_Static_assert(FFI_RINGPORT_QUEUES <= RTE_PMD_RING_MAX_TX_RINGS, "net_ring has fewer queues");

static int
create_port(const char *name, struct rte_ring **rx, uint16_t nb_rx, struct rte_ring **tx,
		uint16_t nb_tx)
{
	rte_errno = 0;
	if (rte_eth_from_rings(name, rx, nb_rx, tx, nb_tx, rte_socket_id()) >= 0)
		return 0;
	return rte_errno != 0 ? -rte_errno : -EIO;
}

int
ffi_ringport_create(const char *name, uint32_t size, uint16_t tx_queues, struct rte_ring **ring)
{
	struct rte_ring *queues[FFI_RINGPORT_QUEUES];
	struct rte_ring *created;
	uint16_t i;
	int rc;

	if (tx_queues == 0 || tx_queues > FFI_RINGPORT_QUEUES)
		return -EINVAL;
	created = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_EXACT_SZ | RING_F_SC_DEQ);
	if (created == NULL)
		return -rte_errno;
	for (i = 0; i < tx_queues; i++)
		queues[i] = created;
	rc = create_port(name, queues, 1, queues, tx_queues);
	if (rc == 0)
		*ring = created;
	else
		rte_ring_free(created);
	return rc;
}

static void
remove_port(const char *name)
{
	char device[RTE_DEV_NAME_MAX_LEN];

	snprintf(device, sizeof(device), "net_ring_%s", name);
	rte_eal_hotplug_remove("vdev", device);
}

static int
create_ring(const char *port, uint16_t queue, uint32_t size, struct rte_ring **ring)
{
	char name[RTE_RING_NAMESIZE];

	if (snprintf(name, sizeof(name), "%s.%u", port, queue) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	*ring = rte_ring_create(name, size, SOCKET_ID_ANY, RING_F_EXACT_SZ);
	return *ring != NULL ? 0 : -rte_errno;
}

int
ffi_ringport_cross(
		const char *const names[2], uint32_t size, uint16_t queues, struct rte_ring **rings)
{
	uint16_t nb;
	int rc = 0;

	if (queues == 0 || queues > FFI_RINGPORT_QUEUES)
		return -EINVAL;
	for (nb = 0; nb < 2 * queues; nb++) {
		rc = create_ring(names[nb / queues], nb % queues, size, &rings[nb]);
		if (rc != 0)
			goto free_rings;
	}
	rc = create_port(names[0], rings + queues, queues, rings, queues);
	if (rc != 0)
		goto free_rings;
	rc = create_port(names[1], rings, queues, rings + queues, queues);
	if (rc == 0)
		return 0;
	remove_port(names[0]);
free_rings:
	while (nb > 0)
		rte_ring_free(rings[--nb]);
	return rc;
}

uint32_t
ffi_ringport_count(const struct rte_ring *ring)
{
	return rte_ring_count(ring);
}

void
ffi_ringport_free(struct rte_ring *ring)
{
	void *pkt;

	while (rte_ring_dequeue(ring, &pkt) == 0)
		rte_pktmbuf_free(pkt);
	rte_ring_free(ring);
}
