/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "mirror.h"
#include "points.h"
#include "selection.h"

/* Packets up to this length split copies whole: references to a short rest cost more than a copy of it. */
#define COPY_UP_TO 512u

/* How much of a packet is copied: all of it up to a length, of longer ones the first bytes. */
static void
set_copied(struct mirror_entry *entry, const struct mirror_config *config)
{
	const uint32_t length = RTE_MAX(config->split_len, COPY_UP_TO);

	entry->copy_up_to = UINT32_MAX;
	entry->split_len = config->split_len;
	if (config->mode == RTE_MIRROR_SHARE)
		/* What is cut is referred to, and not split. */
		entry->copy_up_to = 0;
	else if (config->mode == RTE_MIRROR_SPLIT && config->snaplen > length)
		entry->copy_up_to = length;
}

static void
append(struct mirror_list *list, struct mirror_slot *slot, bool has_left)
{
	struct mirror_entry *entry = &list->entries[list->nb_entries++];
	const struct rte_mirror_param *param = &slot->mirror->param;
	const struct mirror_config *config = &slot->mirror->config;
	struct mirror_selection *selection = slot->mirror->selection;

	entry->counters = &slot->counters;
	entry->progress = &slot->progress;
	entry->selector = selection != NULL ? &mirror_selection_use(selection)->selector : NULL;
	entry->lock = param->lock;
	entry->queue_lock = mirror_queue_lock(slot, has_left);
	entry->ring = slot->ring;
	list->has_rings |= slot->ring != NULL;
	entry->pool = config->pool;
	entry->own_flags = config->own_flags;
	entry->target_epoch = config->target_epoch;
	entry->snaplen = config->snaplen;
	entry->longest = config->longest;
	entry->shortest = config->shortest;
	entry->span = config->longest - config->shortest;
	entry->tag_room = config->tag_room;
	entry->mode = config->mode;
	set_copied(entry, config);
	entry->target_port = param->target_port;
	entry->target_queue = slot->target_queue;
	entry->room = config->room;
	entry->max_segs = config->max_segs;
	entry->nb_together = 1;
	entry->with_origin = (param->flags & RTE_MIRROR_F_ORIGIN) != 0;
}

/* Whether a mirror shares every packet of every burst. */
static bool
shares_all(const struct mirror *mirror)
{
	return mirror->config.mode == RTE_MIRROR_SHARE && mirror->selection == NULL &&
			mirror->param.lock == NULL;
}

/* Whether two mirrors take the same of every burst, so that one reference count update does for both. */
static bool
take_the_same(const struct mirror *a, const struct mirror *b)
{
	const struct mirror_config *of_a = &a->config, *of_b = &b->config;

	return shares_all(a) && shares_all(b) && of_a->snaplen == of_b->snaplen &&
			of_a->max_segs == of_b->max_segs && of_a->longest == of_b->longest &&
			of_a->tag_room == of_b->tag_room && of_a->shortest == of_b->shortest;
}

/* Appends a slot and, behind it, all those that take the same packets. */
static void
append_together(struct mirror_list *list, struct mirror_slot *const *slots, uint16_t nb_slots,
		uint16_t first, bool has_left)
{
	struct mirror_entry *entry = &list->entries[list->nb_entries];
	uint16_t i;

	for (i = 0; i < first; i++) {
		if (take_the_same(slots[i]->mirror, slots[first]->mirror))
			return;
	}
	append(list, slots[first], has_left);
	for (i = first + 1; i < nb_slots; i++) {
		if (take_the_same(slots[first]->mirror, slots[i]->mirror)) {
			append(list, slots[i], has_left);
			entry->nb_together++;
		}
	}
}

bool
mirror_list_is_same(const struct mirror_list *a, const struct mirror_list *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->source_epoch == b->source_epoch && a->nb_entries == b->nb_entries &&
			memcmp(a->entries, b->entries, a->nb_entries * sizeof(a->entries[0])) == 0;
}

int
mirror_list_build(const struct mirror_point *point, struct mirror_slot *const *slots,
		uint16_t nb_slots, bool has_left, struct mirror_list **list)
{
	uint16_t i;

	*list = NULL;
	if (nb_slots == 0)
		return 0;
	/* All zero, padding too: lists are compared as memory. */
	*list = calloc(1, sizeof(**list) + nb_slots * sizeof((*list)->entries[0]));
	if (*list == NULL)
		return -ENOMEM;
	(*list)->off_wire = RTE_MBUF_F_TX_OFFLOAD_MASK;
	if (point->direction == RTE_MIRROR_RX)
		(*list)->off_wire |= RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED |
				RTE_MBUF_F_RX_L4_CKSUM_BAD;
	(*list)->is_tx = point->direction == RTE_MIRROR_TX;
	(*list)->source_epoch = slots[0]->mirror->config.source_epoch;
	for (i = 0; i < nb_slots; i++)
		append_together(*list, slots, nb_slots, i, has_left);
	return 0;
}

static bool
has_pool(const struct mirror_list *list, const struct rte_mempool *pool)
{
	uint16_t i;

	for (i = 0; i < list->nb_entries; i++) {
		if (list->entries[i].pool == pool)
			return true;
	}
	return false;
}

bool
mirror_list_has_pool(const struct mirror_point *point, const struct rte_mempool *pool)
{
	const struct mirror_list *list;

	for (list = point->retired; list != NULL; list = list->retired) {
		if (has_pool(list, pool))
			return true;
	}
	return point->context.list != NULL && has_pool(point->context.list, pool);
}

static void
leave(const struct mirror_selector *selector)
{
	if (selector != NULL)
		mirror_selection_leave(container_of(selector, struct mirror_selection, selector));
}

void
mirror_list_free(struct mirror_list *list)
{
	uint16_t i;

	for (i = 0; list != NULL && i < list->nb_entries; i++)
		leave(list->entries[i].selector);
	free(list);
}
