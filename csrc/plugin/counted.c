/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "../capture/host.h"
#include "counted.h"

void
mirror_counted_start(struct counted *counted)
{
	pthread_mutex_init(&counted->mutex, NULL);
}

bool
mirror_counted_has_room(struct counted *counted)
{
	bool has_room;

	pthread_mutex_lock(&counted->mutex);
	has_room = counted->nb < MIRROR_CAPTURE_INTERFACES;
	pthread_mutex_unlock(&counted->mutex);
	return has_room;
}

void
mirror_counted_set(
		struct counted *counted, uint32_t mirror_id, const struct rte_mirror_stats *stats)
{
	struct counted_mirror *mirror;
	uint32_t i;

	pthread_mutex_lock(&counted->mutex);
	for (i = 0; i < counted->nb && counted->mirrors[i].mirror_id != mirror_id; i++)
		continue;
	if (i < MIRROR_CAPTURE_INTERFACES) {
		counted->nb = RTE_MAX(counted->nb, i + 1);
		mirror = &counted->mirrors[i];
		mirror->mirror_id = mirror_id;
		mirror->is_new = true;
		mirror_capture_count(stats, &mirror->counters);
	}
	pthread_mutex_unlock(&counted->mutex);
}

void
mirror_counted_begin(struct counted *counted)
{
	uint32_t i;

	pthread_mutex_lock(&counted->mutex);
	for (i = 0; i < counted->nb; i++)
		counted->mirrors[i].before = counted->mirrors[i].counters;
	pthread_mutex_unlock(&counted->mutex);
}

/* What has been counted since the recording began. */
static struct mirror_capture_counters
since(const struct counted_mirror *mirror)
{
	return (struct mirror_capture_counters){
		.received = mirror->counters.received - mirror->before.received,
		.accepted = mirror->counters.accepted - mirror->before.accepted,
		.dropped = mirror->counters.dropped - mirror->before.dropped,
		.full = mirror->counters.full - mirror->before.full,
	};
}

void
mirror_counted_tell(struct counted *counted, struct recording *recording)
{
	uint32_t i;

	pthread_mutex_lock(&counted->mutex);
	for (i = 0; i < counted->nb; i++) {
		struct counted_mirror *mirror = &counted->mirrors[i];
		const struct mirror_capture_counters counters = since(mirror);

		if (mirror->is_new)
			mirror->is_new = !mirror_recording_count(
					recording, mirror->mirror_id, &counters);
	}
	pthread_mutex_unlock(&counted->mutex);
}
