/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_string_fns.h>

#include "error.h"
#include "mirror.h"
#include "selection.h"

struct mirror_head mirror_all = TAILQ_HEAD_INITIALIZER(mirror_all);

static uint32_t last_id;

struct mirror *
mirror_create(uint16_t source_port, const struct rte_mirror_param *param,
		struct mirror_selection *selection)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (mirror == NULL) {
		mirror_selection_leave(selection);
		mirror_refuse(ENOMEM, "out of memory");
		return NULL;
	}
	TAILQ_INIT(&mirror->slots);
	mirror->selection = selection;
	mirror->source_port = source_port;
	mirror->param = *param;
	mirror->param.name = NULL;
	mirror->param.select = NULL;
	return mirror;
}

void
mirror_destroy(struct mirror *mirror)
{
	struct mirror_slot *slot;

	while ((slot = TAILQ_FIRST(&mirror->slots)) != NULL) {
		TAILQ_REMOVE(&mirror->slots, slot, next);
		free(slot);
	}
	mirror_selection_leave(mirror->selection);
	free(mirror);
}

struct mirror *
mirror_find(uint32_t mirror_id)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->id == mirror_id)
			return mirror;
	}
	mirror_refuse(ENOENT,
			"there is no mirror %" PRIu32 ": rte_mirror_list() tells which there are",
			mirror_id);
	return NULL;
}

struct mirror *
mirror_find_name(const char *name)
{
	struct mirror *mirror;

	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (strcmp(mirror->name, name) == 0)
			break;
	}
	return mirror;
}

int
mirror_give_identity(struct mirror *mirror, const char *name)
{
	/* Somebody may have chosen a name like ours for a mirror of theirs: that id is passed over. */
	do {
		if (last_id == UINT32_MAX)
			return mirror_refuse(ENOMEM,
					"this process has used up its mirror ids: restart it");
		mirror->id = ++last_id;
		if (name != NULL)
			rte_strscpy(mirror->name, name, sizeof(mirror->name));
		else
			snprintf(mirror->name, sizeof(mirror->name), "mirror%" PRIu32, mirror->id);
	} while (mirror_find_name(mirror->name) != NULL);
	return 0;
}

bool
mirror_is_in_question(const struct mirror *other, const struct mirror *mirror)
{
	return other->id != mirror->id && !other->is_set_aside;
}

static unsigned int
count_selected(const struct mirror *mirror, enum rte_mirror_direction direction, uint16_t nb_queues)
{
	unsigned int nb = 0;
	uint16_t queue;

	for (queue = 0; (mirror->param.directions & direction) != 0 && queue < nb_queues; queue++)
		nb += mirror_selection_has_queue(mirror->selection, queue);
	return nb;
}

unsigned int
mirror_count_queues(const struct mirror *mirror, const struct rte_eth_dev_info *source)
{
	return count_selected(mirror, RTE_MIRROR_RX, source->nb_rx_queues) +
			count_selected(mirror, RTE_MIRROR_TX, source->nb_tx_queues);
}
