/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include <rte_common.h>
#include <rte_string_fns.h>

#include "../capture/clock.h"
#include "ended.h"
#include "rte_mirror.h"
#include "scalar.h"

static struct ended {
	uint32_t id; /* 0: none */
	char name[RTE_MIRROR_NAME_SIZE];
	char reason[RTE_MIRROR_REASON_SIZE];
	uint64_t seen, packets;
	uint64_t at_ns;
} ended[32];

/* Where the next one goes, in place of the oldest. */
static unsigned int next;

/* The last of a name or an id; NULL: none. */
static struct ended *
find(const char *name, uint64_t id)
{
	struct ended *one;
	unsigned int i;

	for (i = 1; i <= RTE_DIM(ended); i++) {
		one = &ended[(next + RTE_DIM(ended) - i) % RTE_DIM(ended)];
		if (one->id != 0 && (one->id == id || strcmp(one->name, name) == 0))
			return one;
	}
	return NULL;
}

void
mirror_ended_note(const struct rte_mirror_info *info, const struct rte_mirror_stats *stats,
		const char *reason)
{
	struct ended *one = find("", info->id);

	/* Told before, of one that could not be ended then. */
	if (one == NULL) {
		one = &ended[next];
		next = (next + 1) % RTE_DIM(ended);
	}
	one->id = info->id;
	rte_strscpy(one->name, info->name, sizeof(one->name));
	rte_strscpy(one->reason, reason, sizeof(one->reason));
	one->seen = stats->seen;
	one->packets = stats->packets;
	one->at_ns = mirror_capture_monotonic();
}

void
mirror_ended_tell(const char *name_or_id, struct text *text)
{
	const struct ended *one;
	uint64_t id = 0;

	(void)mirror_scalar_read_number(name_or_id, &id);
	one = find(name_or_id, id);
	if (one == NULL)
		return;
	mirror_text_append(text,
			"it ended %" PRIu64 " s ago (%s), when it had seen %" PRIu64
			" packets and mirrored %" PRIu64 ": add it again",
			(mirror_capture_monotonic() - one->at_ns) / 1000000000, one->reason,
			one->seen, one->packets);
}
