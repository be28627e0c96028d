/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_spinlock.h>

#include "harness.h"
#include "poison.h"

#ifdef WITH_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define PATTERN 0xA5

/* A free packet, and what its header says while it lies under the pattern. */
struct slot {
	void *object;
	struct rte_mbuf header;
};

/* First in, first out. */
struct store {
	rte_spinlock_t lock;
	bool armed; /* the pool's objects have become mbufs */
	uint32_t size, head, nb, fewest;
	struct slot slots[];
};

static bool
is_pattern(const void *object, uint32_t size)
{
	const uint8_t *bytes = object;

	return bytes[0] == PATTERN && memcmp(bytes, bytes + 1, size - 1) == 0;
}

static void
bury(const struct rte_mempool *pool, struct slot *slot)
{
	if (is_pattern(slot->object, sizeof(slot->header)))
		test_fail(__FILE__, __LINE__, "mbuf %p is freed twice", slot->object);
	memcpy(&slot->header, slot->object, sizeof(slot->header));
	memset(slot->object, PATTERN, pool->elt_size);
	ASAN_POISON_MEMORY_REGION(slot->object, pool->elt_size);
}

static void
dig_out(const struct rte_mempool *pool, struct slot *slot)
{
	ASAN_UNPOISON_MEMORY_REGION(slot->object, pool->elt_size);
	if (!is_pattern(slot->object, pool->elt_size))
		test_fail(__FILE__, __LINE__, "mbuf %p was written to while free", slot->object);
	memcpy(slot->object, &slot->header, sizeof(slot->header));
}

static int
store_alloc(struct rte_mempool *pool)
{
	struct store *store = calloc(1, sizeof(*store) + pool->size * sizeof(store->slots[0]));

	if (store == NULL)
		return -ENOMEM;
	rte_spinlock_init(&store->lock);
	store->size = pool->size;
	pool->pool_data = store;
	return 0;
}

static void
store_free(struct rte_mempool *pool)
{
	free(pool->pool_data);
}

static int
store_enqueue(struct rte_mempool *pool, void *const *objects, unsigned int nb)
{
	struct store *store = pool->pool_data;
	struct slot *slot;
	unsigned int i;

	rte_spinlock_lock(&store->lock);
	for (i = 0; i < nb; i++) {
		CHECK(store->nb < store->size);
		slot = &store->slots[(store->head + store->nb++) % store->size];
		slot->object = objects[i];
		if (store->armed)
			bury(pool, slot);
	}
	rte_spinlock_unlock(&store->lock);
	return 0;
}

static int
store_dequeue(struct rte_mempool *pool, void **objects, unsigned int nb)
{
	struct store *store = pool->pool_data;
	unsigned int i;
	int rc = -ENOBUFS;

	rte_spinlock_lock(&store->lock);
	if (nb <= store->nb) {
		for (i = 0; i < nb; i++, store->nb--) {
			struct slot *slot = &store->slots[store->head];

			if (store->armed)
				dig_out(pool, slot);
			objects[i] = slot->object;
			store->head = (store->head + 1) % store->size;
		}
		store->fewest = RTE_MIN(store->fewest, store->nb);
		rc = 0;
	}
	rte_spinlock_unlock(&store->lock);
	return rc;
}

static unsigned int
store_count(const struct rte_mempool *pool)
{
	const struct store *store = pool->pool_data;

	return store->nb;
}

static const struct rte_mempool_ops poison_ops = {
	.name = "poison",
	.alloc = store_alloc,
	.free = store_free,
	.enqueue = store_enqueue,
	.dequeue = store_dequeue,
	.get_count = store_count,
};

RTE_MEMPOOL_REGISTER_OPS(poison_ops);

struct rte_mempool *
poison_pool_create(const char *name, uint32_t nb, uint16_t data_room)
{
	/* Each pool's mbufs have another private area than those of the pool before. */
	static unsigned int nb_made;
	struct rte_mempool *pool = rte_pktmbuf_pool_create_by_ops(name, nb, 0,
			(uint16_t)(nb_made++ % 4 * RTE_MBUF_PRIV_ALIGN), data_room, 0, "poison");
	struct store *store;
	uint32_t i;

	CHECK(pool != NULL);
	/* Objects are enqueued before they are made mbufs: until now there was nothing to bury. */
	store = pool->pool_data;
	for (i = 0; i < store->nb; i++)
		bury(pool, &store->slots[(store->head + i) % store->size]);
	store->armed = true;
	store->fewest = store->nb;
	return pool;
}

uint32_t
poison_pool_most_used(struct rte_mempool *pool)
{
	struct store *store = pool->pool_data;
	const uint32_t most = store->size - store->fewest;

	store->fewest = store->nb;
	return most;
}

void
poison_pool_free(struct rte_mempool *pool)
{
	CHECK_EQ(rte_mempool_avail_count(pool), pool->size);
	/* Takes all objects out, so all of them are checked. */
	rte_mempool_free(pool);
}
