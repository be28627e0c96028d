/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "../c/testbed.h"
#include "mirrors.h"

#define POOL_SIZE 255
#define POOL_ROOM (RTE_PKTMBUF_HEADROOM + 512)

void
mirrors_open(struct mirrors *mirrors, const uint16_t *sources, uint16_t at_once, uint16_t late)
{
	struct slot *slot;
	unsigned int i;

	*mirrors = (struct mirrors){ 0 };
	for (i = 0; i < RTE_DIM(mirrors->slots); i++) {
		slot = &mirrors->slots[i];
		slot->source = sources[i % NB_SOURCES];
		slot->direction = i / 2 % 2 == 0 ? RTE_MIRROR_RX : RTE_MIRROR_TX;
		slot->is_late = i / 4 == 1;
		slot->target = slot->is_late ? late : at_once;
	}
	mirrors->pool = rte_pktmbuf_pool_create("mirrors", POOL_SIZE, 0, 0, POOL_ROOM, 0);
	CHECK(mirrors->pool != NULL);
}

void
mirrors_close(struct mirrors *mirrors)
{
	mirrors_remove_all(mirrors);
	CHECK(rte_mempool_full(mirrors->pool));
	rte_mempool_free(mirrors->pool);
}

static bool
one_in(int nb)
{
	return rand() % nb == 0;
}

static uint16_t
decline_every_other(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts,
		void *ctx)
{
	uint16_t i, nb = 0;

	(void)port_id;
	(void)queue_id;
	(void)ctx;
	for (i = 0; i < nb_pkts; i += 2)
		pkts[nb++] = pkts[i];
	return nb;
}

static struct rte_mirror_param
random_param(struct mirrors *mirrors, const struct slot *slot)
{
	static const enum rte_mirror_mode modes[] = { RTE_MIRROR_SHARE, RTE_MIRROR_SPLIT,
		RTE_MIRROR_COPY, RTE_MIRROR_AUTO };
	struct rte_mirror_param param = { .target_port = slot->target,
		.directions = slot->direction,
		.mode = modes[(unsigned int)rand() % RTE_DIM(modes)] };

	if (one_in(4))
		param.snaplen = RTE_MIRROR_LEN_MIN + (uint32_t)rand() % 500;
	else if (param.mode == RTE_MIRROR_SPLIT && one_in(2))
		param.split_len = RTE_MIRROR_LEN_MIN + (uint32_t)rand() % 400;
	if (param.mode != RTE_MIRROR_SHARE && one_in(2))
		param.flags = RTE_MIRROR_F_ORIGIN;
	if (one_in(4))
		param.pool = mirrors->pool;
	if (one_in(8))
		param.offload = decline_every_other;
	if (one_in(8))
		param.lock = &mirrors->lock;
	return param;
}

static void
check_done(const char *what, int rc)
{
	if (rc != 0)
		test_fail(__FILE__, __LINE__, "%s: %d: %s", what, rc, rte_mirror_last_error());
}

/* Once it is paused, what it has counted is final. */
static void
pause_mirror(struct mirrors *mirrors, const struct slot *slot)
{
	check_done("pause", rte_mirror_pause(slot->id));
	mirrors->nb_paused++;
}

/* Mirrors to the target that frees at once are removed while packets are on their way through them. */
static void
remove_mirror(struct mirrors *mirrors, struct slot *slot)
{
	struct rte_mirror_stats stats;

	if (slot->is_late)
		pause_mirror(mirrors, slot);
	stats = stats_of(slot->id);
	mirrors->nb_offered += stats.seen;
	if (slot->is_late)
		mirrors->nb_late += stats.packets;
	mirror_off(slot->id);
	slot->id = 0;
	mirrors->nb_removed++;
}

void
mirrors_step(struct mirrors *mirrors)
{
	struct slot *slot = &mirrors->slots[(unsigned int)rand() % RTE_DIM(mirrors->slots)];
	const struct rte_mirror_param param = random_param(mirrors, slot);

	if (slot->id == 0) {
		slot->id = mirror_with(slot->source, &param);
		return;
	}
	switch (rand() % 6) {
	case 0:
		pause_mirror(mirrors, slot);
		break;
	case 1:
		check_done("resume", rte_mirror_resume(slot->id));
		break;
	case 2:
		check_done("update", rte_mirror_update(slot->id, &param));
		mirrors->nb_updated++;
		break;
	default:
		remove_mirror(mirrors, slot);
	}
}

void
mirrors_remove_all(struct mirrors *mirrors)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(mirrors->slots); i++) {
		if (mirrors->slots[i].id != 0)
			remove_mirror(mirrors, &mirrors->slots[i]);
	}
}
