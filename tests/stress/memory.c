/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "../c/harness.h"
#include "memory.h"

/*
 * What may differ between two moments at which nothing is going on: what malloc() keeps at hand for each thread counts
 * as given out; one record of a removed callback may wait on each tap. A byte a cycle would be 90000 in the full run.
 */
#define SLACK_HEAP      65536
#define SLACK_EAL       8192
#define SLACK_EAL_PARTS 32
#define SLACK_RESIDENT  (1 << 20)

static void
touch(struct rte_mempool *pool, void *arg, void *object, unsigned int index)
{
	struct rte_mbuf *pkt = object;

	(void)pool;
	(void)arg;
	(void)index;
	memset(pkt->buf_addr, 0, pkt->buf_len);
}

static bool
is_librarys(const struct rte_mempool *pool)
{
	return strncmp(pool->name, "mirror_", strlen("mirror_")) == 0;
}

static void
touch_pool(struct rte_mempool *pool, void *arg)
{
	(void)arg;
	if (is_librarys(pool))
		rte_mempool_obj_iter(pool, touch, NULL);
}

void
memory_touch_pools(void)
{
	rte_mempool_walk(touch_pool, NULL);
}

static void
check_pool(struct rte_mempool *pool, void *but)
{
	if (pool != but && !rte_mempool_full(pool))
		test_fail(__FILE__, __LINE__, "pool %s lacks %u mbufs", pool->name,
				rte_mempool_in_use_count(pool));
}

void
memory_check_pools(const struct rte_mempool *but)
{
	rte_mempool_walk(check_pool, (void *)(uintptr_t)but);
}

static uint64_t
resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	uint64_t nb_pages;

	CHECK(file != NULL);
	CHECK_EQ(fscanf(file, "%*u %" SCNu64, &nb_pages), 1);
	fclose(file);
	return nb_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

struct memory
memory_now(void)
{
	struct memory memory = { .heap = mallinfo2().uordblks };
	struct rte_malloc_socket_stats stats;
	int socket;

	for (socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
		if (rte_malloc_get_socket_stats(socket, &stats) != 0)
			continue;
		memory.eal += stats.heap_allocsz_bytes;
		memory.eal_parts += stats.alloc_count;
	}
	if (memory.heap != 0)
		memory.resident = resident();
	return memory;
}

void
memory_check_growth(const struct memory *then)
{
	const struct memory now = memory_now();
	const int64_t heap = (int64_t)(now.heap - then->heap), eal = (int64_t)(now.eal - then->eal),
		      eal_parts = (int64_t)(now.eal_parts - then->eal_parts),
		      resident_more = (int64_t)(now.resident - then->resident);

	printf("growth: heap %" PRId64 " B, EAL's heaps %" PRId64 " B in %" PRId64
	       " parts, resident %" PRId64 " B%s\n",
			heap, eal, eal_parts, resident_more,
			now.heap == 0 ? " (heap and resident not known under sanitizers)" : "");
	CHECK(heap <= SLACK_HEAP);
	CHECK(eal <= SLACK_EAL);
	CHECK(eal_parts <= SLACK_EAL_PARTS);
	CHECK(resident_more <= SLACK_RESIDENT);
}
