/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <linux/mman.h>

#include <rte_common.h>
#include <rte_malloc.h>
#include <rte_memory.h>

#include "bed.h"
#include "memory.h"

#define HEAP      "bench"
#define SIZE      ((size_t)1280 << 20)
#define PAGE_SIZE RTE_PGSIZE_2M

static void *
map(size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags,
			-1, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

/* How much of this process the kernel has put into large pages unasked. */
static size_t
transparent_size(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "r");
	char line[128];
	size_t size_kb = 0;

	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		sscanf(line, "AnonHugePages: %zu kB", &size_kb);
	if (file != NULL)
		fclose(file);
	return size_kb << 10;
}

static void *
map_large_pages(const char **pages)
{
	char *memory = map(SIZE, MAP_HUGETLB | MAP_HUGE_2MB | MAP_POPULATE);

	*pages = "hugepages";
	if (memory != NULL)
		return memory;
	memory = map(SIZE + PAGE_SIZE, 0);
	ENSURE(memory != NULL);
	memory = RTE_PTR_ALIGN_CEIL(memory, PAGE_SIZE);
	madvise(memory, SIZE, MADV_HUGEPAGE);
	memset(memory, 0, SIZE);
	*pages = transparent_size() >= SIZE / 10 * 9 ? "transparent hugepages" : "4 KB pages";
	return memory;
}

struct memory
memory_open(void)
{
	const unsigned int nb_pages = SIZE / PAGE_SIZE;
	rte_iova_t addresses[SIZE / PAGE_SIZE];
	struct memory memory;
	unsigned int i;
	char *start = map_large_pages(&memory.pages);

	for (i = 0; i < nb_pages; i++)
		addresses[i] = (rte_iova_t)(uintptr_t)(start + i * PAGE_SIZE);
	ENSURE(rte_malloc_heap_create(HEAP) == 0);
	ENSURE(rte_malloc_heap_memory_add(HEAP, start, SIZE, addresses, nb_pages, PAGE_SIZE) == 0);
	memory.socket = rte_malloc_heap_get_socket(HEAP);
	ENSURE(memory.socket >= 0);
	return memory;
}
