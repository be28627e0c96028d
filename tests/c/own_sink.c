/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdio.h>

#include <rte_mbuf.h>

#include "own_sink.h"

#define SOON_MS    10000

#define GET(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)
/* They have one writer each. */
#define SET(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELEASE)

static void
see(struct own_sink *sink, const struct mirror_sink_origin *origin,
		struct mirror_sink_packet *packet)
{
	CHECK(packet->tsc >= sink->last_tsc);
	SET(sink->last_tsc, packet->tsc);
	SET(sink->last_mirror, origin->mirror_id);
	SET(sink->last_queue, origin->queue_id);
	SET(sink->last_is_tx, origin->is_tx);
	SET(sink->last_is_shared, rte_mbuf_refcnt_read(packet->pkt) > 1);
	SET(sink->last_len, packet->pkt->pkt_len);
	SET(sink->last_wire_len, packet->wire_len);
	SET(sink->nb_taken, sink->nb_taken + 1);
	packet->position = sink->nb_taken;
}

static int
take(void *arg, const struct mirror_sink_origin *origin, struct mirror_sink_packet *packets,
		uint16_t nb_packets)
{
	struct own_sink *sink = arg;
	uint16_t i;

	CHECK(!sink->has_ended);
	CHECK(nb_packets > 0 && nb_packets <= MIRROR_SINK_BURST);
	SET(sink->nb_offered, sink->nb_offered + nb_packets);
	if (GET(sink->gives_up))
		return -1;
	for (i = 0; i < nb_packets && GET(sink->most) > 0; i++) {
		see(sink, origin, &packets[i]);
		__atomic_fetch_sub(&sink->most, 1, __ATOMIC_ACQ_REL);
	}
	return i;
}

static void
progress(void *arg, struct mirror_sink_progress *progress)
{
	struct own_sink *sink = arg;

	if (GET(sink->loses))
		sink->nb_lost = sink->nb_taken;
	else if (!GET(sink->is_stalled))
		SET(sink->nb_written, sink->nb_taken);
	progress->written = sink->nb_written;
	progress->lost = sink->nb_lost;
}

static void
tick(void *arg, bool is_awaited)
{
	struct own_sink *sink = arg;

	CHECK(!sink->has_ended);
	SET(sink->nb_ticks, sink->nb_ticks + 1);
	SET(sink->nb_awaited, sink->nb_awaited + is_awaited);
}

static void
end(void *arg)
{
	struct own_sink *sink = arg;

	CHECK(!sink->has_ended);
	SET(sink->has_ended, true);
}

static bool
has_room(void *arg)
{
	return !((struct own_sink *)arg)->is_full;
}

static void
count(void *arg, uint32_t mirror_id, const struct rte_mirror_stats *stats)
{
	struct own_sink *sink = arg;

	CHECK(mirror_id > 0);
	sink->counted = *stats;
}

static bool
is_over(void *arg, char reason[RTE_MIRROR_REASON_SIZE])
{
	const struct own_sink *sink = arg;

	if (!GET(sink->is_over))
		return false;
	snprintf(reason, RTE_MIRROR_REASON_SIZE, "it has had enough");
	return true;
}

static const struct mirror_sink_ops ops = {
	.take = take,
	.progress = progress,
	.tick = tick,
	.end = end,
	.has_room = has_room,
	.count = count,
	.is_over = is_over,
};

void
own_sink_open(struct own_sink *sink)
{
	*sink = (struct own_sink){ .most = UINT32_MAX };
	CHECK_EQ(mirror_sink_add(&ops, sink, &sink->number), 0);
	CHECK(sink->number > RTE_MAX_ETHPORTS);
}

void
own_sink_close(struct own_sink *sink)
{
	mirror_sink_remove(sink->number);
	CHECK_WITHIN(SOON_MS, GET(sink->has_ended));
}
