/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_eth_ring.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "bed.h"
#include "traffic.h"

/* mbufs that an lcore keeps of a pool: as many as of the library's own. */
#define POOL_CACHE 256

void
bench_fail(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s: %s\n", file, line, what, rte_strerror(rte_errno));
	/* Another thread may be at work: no handlers, no cleanup. */
	_exit(1);
}

bool
bed_has_reader(void)
{
	return rte_lcore_count() > 1;
}

/* lcores 0 and 1 on the last CPUs that this process may use: a machine's first ones have most of its interrupts. */
static void
describe_lcores(char *text, size_t size)
{
	int cpu, nb = 0, length = 0;
	cpu_set_t set;

	ENSURE(sched_getaffinity(0, sizeof(set), &set) == 0);
	for (cpu = CPU_SETSIZE - 1; cpu >= 0 && nb < 2; cpu--) {
		if (CPU_ISSET(cpu, &set))
			length += snprintf(text + length, size - length, "%s%d@%d",
					nb > 0 ? "," : "", nb, cpu),
					nb++;
	}
}

static void
start_eal(void)
{
	char lcores[32];
	char *args[] = { "bench", "--no-huge", "--no-shconf", "--no-pci", "--no-telemetry",
		"--log-level=lib.mirror:error", "-m", "64", "--lcores", lcores, NULL };

	describe_lcores(lcores, sizeof(lcores));
	ENSURE(rte_eal_init(RTE_DIM(args) - 1, args) >= 0);
}

static struct rte_mempool *
pool_make(const char *name, unsigned int size, int socket)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
			name, size, POOL_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE, socket);

	ENSURE(pool != NULL);
	return pool;
}

static struct rte_ring *
ring_make(const char *name, unsigned int index, unsigned int size, unsigned int flags)
{
	char full_name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(full_name, sizeof(full_name), "%s_%u", name, index);
	ring = rte_ring_create(full_name, size, rte_socket_id(), RING_F_EXACT_SZ | flags);
	ENSURE(ring != NULL);
	return ring;
}

static void
port_start(uint16_t port_id, uint16_t nb_rx_queues, uint16_t nb_tx_queues, uint16_t nb_descriptors,
		struct rte_mempool *pool)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	uint16_t queue;

	ENSURE(rte_eth_dev_info_get(port_id, &info) == 0);
	conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	ENSURE(rte_eth_dev_configure(port_id, nb_rx_queues, nb_tx_queues, &conf) == 0);
	for (queue = 0; queue < nb_rx_queues; queue++)
		ENSURE(rte_eth_rx_queue_setup(port_id, queue, 256, 0, NULL, pool) == 0);
	for (queue = 0; queue < nb_tx_queues; queue++)
		ENSURE(rte_eth_tx_queue_setup(port_id, queue, nb_descriptors, 0, NULL) == 0);
	ENSURE(rte_eth_dev_start(port_id) == 0);
}

static void
source_open(struct source *source, unsigned int index, const struct bed *bed)
{
	const unsigned int flags = RING_F_SP_ENQ | RING_F_SC_DEQ;
	char name[RTE_RING_NAMESIZE];
	unsigned int i;
	int id;

	for (i = 0; i < BED_SOURCE_QUEUES; i++)
		source->rx[i] = ring_make("rx", index * BED_SOURCE_QUEUES + i,
				BED_DESCRIPTORS + BED_MAX_BURST, flags);
	source->tx = ring_make("tx", index, BED_DESCRIPTORS + BED_MAX_BURST, flags);
	snprintf(name, sizeof(name), "source%u", index);
	id = rte_eth_from_rings(name, source->rx, BED_SOURCE_QUEUES, &source->tx, 1,
			(unsigned int)bed->memory.socket);
	ENSURE(id >= 0);
	source->port_id = (uint16_t)id;
	port_start(source->port_id, BED_SOURCE_QUEUES, 1, 64, bed->packets);
}

void
source_configure(const struct source *source, uint16_t nb_rx_queues, struct rte_mempool *pool)
{
	ENSURE(rte_eth_dev_stop(source->port_id) == 0);
	port_start(source->port_id, nb_rx_queues, 1, 64, pool);
}

static void
ring_target_open(struct bed *bed, unsigned int index)
{
	char name[RTE_RING_NAMESIZE];
	unsigned int i;
	int id;

	for (i = 0; i < BED_SOURCES; i++)
		bed->rings[index][i] = ring_make("target", index * BED_SOURCES + i, BED_RING_SIZE,
				RING_F_SP_ENQ | RING_F_SC_DEQ);
	snprintf(name, sizeof(name), "later%u", index);
	id = rte_eth_from_rings(name, bed->rings[index], 1, bed->rings[index], BED_SOURCES, 0);
	ENSURE(id >= 0);
	bed->ring_ports[index] = (uint16_t)id;
	port_start(bed->ring_ports[index], 1, BED_SOURCES, 512, bed->packets);
}

static void
null_target_open(struct bed *bed, unsigned int index)
{
	uint16_t *port_id = &bed->null_ports[index];
	char name[16];

	snprintf(name, sizeof(name), "net_null%u", index);
	ENSURE(rte_eal_hotplug_add("vdev", name, "") == 0);
	ENSURE(rte_eth_dev_get_port_by_name(name, port_id) == 0);
	port_start(*port_id, 1, BED_SOURCES * BED_SOURCE_QUEUES, 64, bed->packets);
}

void
bed_open(struct bed *bed)
{
	unsigned int i;

	start_eal();
	bed->memory = memory_open();
	bed->packets = pool_make("packets", TRAFFIC_SEGMENTS + 1024, bed->memory.socket);
	bed->forward = pool_make("forward", 32767, bed->memory.socket);
	bed->copies = pool_make("copies", 16383, bed->memory.socket);
	bed->pdump = ring_make("pdump", 0, BED_RING_SIZE, 0);
	for (i = 0; i < BED_SOURCES; i++)
		source_open(&bed->sources[i], i, bed);
	for (i = 0; i < BED_RINGS; i++)
		ring_target_open(bed, i);
	for (i = 0; i < BED_NULLS; i++)
		null_target_open(bed, i);
}
