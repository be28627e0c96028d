/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "control.h"

static void
append(struct mirror_list *list, const struct mirror_slot *slot)
{
	struct mirror_entry *entry = &list->entries[list->nb_entries++];
	const struct mirror *mirror = slot->mirror;

	entry->counters = (struct mirror_counters *)(uintptr_t)&slot->counters;
	entry->offload = mirror->offload;
	entry->offload_ctx = mirror->offload_ctx;
	entry->lock = mirror->lock;
	entry->queue_lock = mirror_queue_lock(slot);
	entry->target_epoch = mirror->target_epoch;
	entry->target_port = mirror->target_port;
	entry->target_queue = slot->target_queue;
	entry->max_segs = mirror->max_segs;
	entry->nb_together = 1;
}

/* Whether two mirrors take the same packets of every burst, so that one reference count update does for both. */
static bool
take_the_same(const struct mirror *a, const struct mirror *b)
{
	return a->offload == NULL && b->offload == NULL && a->lock == NULL && b->lock == NULL &&
			a->max_segs == b->max_segs;
}

/* Appends a slot and, behind it, all those that take the same packets. */
static void
append_together(struct mirror_list *list, struct mirror_slot *const *slots, uint16_t nb_slots,
		uint16_t first)
{
	struct mirror_entry *entry = &list->entries[list->nb_entries];
	uint16_t i;

	for (i = 0; i < first; i++) {
		if (take_the_same(slots[i]->mirror, slots[first]->mirror))
			return;
	}
	append(list, slots[first]);
	for (i = first + 1; i < nb_slots; i++) {
		if (take_the_same(slots[first]->mirror, slots[i]->mirror)) {
			append(list, slots[i]);
			entry->nb_together++;
		}
	}
}

static bool
is_same(const struct mirror_list *a, const struct mirror_list *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return a->source_epoch == b->source_epoch && a->nb_entries == b->nb_entries &&
			memcmp(a->entries, b->entries, a->nb_entries * sizeof(a->entries[0])) == 0;
}

int
mirror_list_build(const struct mirror_tap *tap, struct mirror_slot *const *slots, uint16_t nb_slots,
		struct mirror_list **list)
{
	uint16_t i;

	*list = NULL;
	if (nb_slots == 0)
		return 0;
	/* All zero, padding too: lists are compared as memory. */
	*list = calloc(1, sizeof(**list) + nb_slots * sizeof((*list)->entries[0]));
	if (*list == NULL)
		return -ENOMEM;
	(*list)->unshareable = RTE_MBUF_F_TX_OFFLOAD_MASK;
	if (tap->direction == RTE_MIRROR_RX)
		(*list)->unshareable |= RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED;
	(*list)->source_epoch = slots[0]->mirror->source_epoch;
	for (i = 0; i < nb_slots; i++)
		append_together(*list, slots, nb_slots, i);
	return 0;
}

void
mirror_list_publish(struct mirror_tap *tap, struct mirror_list *list)
{
	if (is_same(list, tap->context.list))
		free(list);
	else
		mirror_publish(tap, list);
}
