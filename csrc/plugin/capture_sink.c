/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "../control/sinks.h"
#include "../eal_gate.h"
#include "capture_sink.h"
#include "counted.h"
#include "recording.h"
#include "refusal.h"

#define NS_PER_MS UINT64_C(1000000)

/* What is due is done so often: a stream's reader waits no longer for what there is. */
#define TICK_NS (5 * NS_PER_MS)
/* For so long a stream with ends_with_reader waits for one. */
#define NOBODY_NS (5000 * NS_PER_MS)
/* A capture that has reached a limit is finished after this time: by then the mirrors have stopped, and told their counters. */
#define LAST_WORD_NS (1200 * NS_PER_MS)
/* How long a reader may take for the end of its stream, and then whoever waits for the end of a capture. */
#define END_NS  (1000 * NS_PER_MS)
#define WAIT_NS (END_NS + 500 * NS_PER_MS)

struct capture_sink {
	struct capture_sink_config config;
	uint32_t nb_owners; /* its thread, and whoever has opened it */
	bool is_closed;     /* all has been written that will be */

	/* Written once, by the thread, before is_over. */
	char reason[RTE_MIRROR_REASON_SIZE];
	bool is_left; /* by its reader, or nobody has come */
	bool is_over;

	bool expects_nobody; /* written by control */
	struct counted counted;

	/* The thread's own. */
	struct recording recording;
	bool has_lost; /* packets of the last reader's, which are yet to be counted */
	uint64_t start_ns, tick_ns, over_ns;
};

static uint32_t nb_open;

static bool
is_stream(const struct capture_sink *sink)
{
	return sink->config.fd < 0;
}

static void __rte_format_printf(2, 3) finish_for(struct capture_sink *sink, const char *format, ...)
{
	va_list args;

	if (sink->is_over)
		return;
	va_start(args, format);
	vsnprintf(sink->reason, sizeof(sink->reason), format, args);
	va_end(args);
	sink->over_ns = mirror_capture_monotonic();
	/* Nobody else is to wait for what is not to come. */
	if (is_stream(sink))
		mirror_stream_socket_close(&sink->config.socket);
	__atomic_store_n(&sink->is_over, true, __ATOMIC_RELEASE);
}

static int
begin(struct capture_sink *sink, int fd)
{
	const struct mirror_capture_config config = {
		.fd = fd,
		.format = sink->config.format,
		.longest = is_stream(sink) ? 0 : UINT32_MAX,
		.limits = sink->config.limits,
	};

	mirror_counted_begin(&sink->counted);
	return mirror_recording_begin(&sink->recording, &config);
}

static void
close_recording(struct capture_sink *sink)
{
	if (is_stream(sink))
		mirror_stream_socket_hang_up(sink->recording.fd);
	mirror_recording_close(&sink->recording);
}

static void
finish_left(struct capture_sink *sink, const char *why)
{
	if (!sink->config.ends_with_reader || sink->is_over)
		return;
	sink->is_left = true;
	finish_for(sink, "%s: %s", sink->config.name, why);
}

static void
lose_reader(struct capture_sink *sink)
{
	close_recording(sink);
	sink->has_lost = true;
	finish_left(sink, "its reader has gone");
}

static void
end_by_seconds(struct capture_sink *sink)
{
	finish_for(sink, "%s: its %" PRIu64 " s are over", sink->config.name, sink->config.seconds);
	/* Without a reader there is none. */
	if (sink->recording.capture != NULL)
		mirror_capture_flush(sink->recording.capture);
}

static void
end_by_limit(struct capture_sink *sink)
{
	struct mirror_capture_status status;

	mirror_capture_status_get(sink->recording.capture, &status);
	if (status.end == MIRROR_CAPTURE_ENDED_BY_PACKETS)
		finish_for(sink, "%s has its %" PRIu64 " packets", sink->config.name,
				sink->config.limits.packets);
	else
		finish_for(sink, "%s has its %" PRIu64 " bytes", sink->config.name,
				sink->config.limits.max_size);
	mirror_capture_flush(sink->recording.capture);
}

/* What the capture has answered. */
static void
note(struct capture_sink *sink, int rc)
{
	if (rc == 0 || rc == -EAGAIN || rc == -ENOMEM)
		return;
	if (rc == -ESHUTDOWN) {
		end_by_limit(sink);
	} else if (is_stream(sink)) {
		lose_reader(sink);
	} else {
		finish_for(sink, "%s cannot be written: %s", sink->config.name, strerror(-rc));
		close_recording(sink);
	}
}

static int
take(void *arg, const struct mirror_sink_origin *origin, struct mirror_sink_packet *packets,
		uint16_t nb_packets)
{
	struct capture_sink *sink = arg;
	unsigned int taken;
	int rc;

	if (sink->is_over)
		return -1;
	/* Without a reader they wait for one, so that pollers soon have nothing to do; but it sees none of them. */
	if (sink->recording.capture == NULL)
		return 0;
	if (is_stream(sink) && packets[0].tsc < sink->recording.start_tsc)
		return -1;
	rc = mirror_recording_write(&sink->recording, origin, packets, nb_packets, &taken);
	note(sink, rc);
	return (int)taken;
}

static void
progress(void *arg, struct mirror_sink_progress *now)
{
	const struct capture_sink *sink = arg;

	*now = mirror_recording_progress(&sink->recording);
}

static void
finish(struct capture_sink *sink)
{
	mirror_counted_tell(&sink->counted, &sink->recording);
	mirror_recording_finish(&sink->recording, mirror_capture_monotonic() + END_NS);
	close_recording(sink);
}

static bool
has_time(const struct capture_sink *sink, uint64_t now_ns)
{
	return sink->config.seconds == 0 ||
			(now_ns - sink->start_ns) / (1000 * NS_PER_MS) < sink->config.seconds;
}

/* A reader that comes. What the last one has lost has been counted before. */
static void
look_for_reader(struct capture_sink *sink, uint64_t now_ns)
{
	int fd;

	if (!has_time(sink, now_ns)) {
		end_by_seconds(sink);
		return;
	}
	fd = sink->has_lost ? -1 : mirror_stream_socket_accept(&sink->config.socket);
	sink->has_lost = false;
	if (fd >= 0) {
		if (sink->config.ends_with_reader)
			mirror_stream_socket_close(&sink->config.socket);
		if (begin(sink, fd) != 0) {
			mirror_stream_socket_hang_up(fd);
			close(fd);
		}
	} else if (now_ns - sink->start_ns > NOBODY_NS &&
			__atomic_load_n(&sink->expects_nobody, __ATOMIC_RELAXED)) {
		finish_left(sink, "nobody has connected within 5 s");
	}
}

/* One at a time. */
static void
look_after_reader(struct capture_sink *sink)
{
	if (mirror_stream_socket_is_left(sink->recording.fd)) {
		lose_reader(sink);
		return;
	}
	mirror_stream_socket_turn_away(&sink->config.socket);
	note(sink, mirror_capture_flush(sink->recording.capture));
}

static void
tick_capture(struct capture_sink *sink, uint64_t now_ns, bool is_awaited)
{
	mirror_counted_tell(&sink->counted, &sink->recording);
	if (sink->is_over) {
		if (now_ns - sink->over_ns > LAST_WORD_NS)
			finish(sink);
		return;
	}
	note(sink, mirror_recording_tick(&sink->recording, now_ns));
	if (!has_time(sink, now_ns))
		end_by_seconds(sink);
	if (sink->recording.capture != NULL && is_awaited)
		note(sink, mirror_capture_flush(sink->recording.capture));
	if (sink->recording.capture != NULL && is_stream(sink))
		look_after_reader(sink);
}

static void
tick(void *arg, bool is_awaited)
{
	struct capture_sink *sink = arg;
	const uint64_t now_ns = mirror_capture_monotonic();

	if (now_ns - sink->tick_ns < TICK_NS && !is_awaited)
		return;
	sink->tick_ns = now_ns;
	mirror_capture_clock_tick(&sink->recording.clock);
	if (sink->recording.capture != NULL)
		tick_capture(sink, now_ns, is_awaited);
	else if (is_stream(sink) && !sink->is_over)
		look_for_reader(sink, now_ns);
}

static void
release(struct capture_sink *sink)
{
	if (__atomic_sub_fetch(&sink->nb_owners, 1, __ATOMIC_ACQ_REL) == 0)
		free(sink);
}

static void
end(void *arg)
{
	struct capture_sink *sink = arg;

	if (sink->recording.capture != NULL)
		finish(sink);
	if (is_stream(sink))
		mirror_stream_socket_close(&sink->config.socket);
	__atomic_store_n(&sink->is_closed, true, __ATOMIC_RELEASE);
	__atomic_fetch_sub(&nb_open, 1, __ATOMIC_RELEASE);
	release(sink);
}

/* Asked before each mirror is added, so there are never more than a capture has interfaces. */
static bool
has_room(void *arg)
{
	struct capture_sink *sink = arg;

	/* A pcap does not tell them apart. */
	return sink->config.format == MIRROR_CAPTURE_PCAP ||
			mirror_counted_has_room(&sink->counted);
}

static void
count(void *arg, uint32_t mirror_id, const struct rte_mirror_stats *stats)
{
	struct capture_sink *sink = arg;

	mirror_counted_set(&sink->counted, mirror_id, stats);
}

static bool
is_over(void *arg, char reason[RTE_MIRROR_REASON_SIZE])
{
	const struct capture_sink *sink = arg;

	if (!__atomic_load_n(&sink->is_over, __ATOMIC_ACQUIRE))
		return false;
	rte_strscpy(reason, sink->reason, RTE_MIRROR_REASON_SIZE);
	return true;
}

bool
mirror_capture_sink_is_left(
		struct capture_sink *sink, bool will_come, char reason[RTE_MIRROR_REASON_SIZE])
{
	__atomic_store_n(&sink->expects_nobody, !will_come, __ATOMIC_RELAXED);
	return is_over(sink, reason) && sink->is_left;
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

static int
start(struct capture_sink *sink, uint16_t *number)
{
	int rc = is_stream(sink) ? 0 : begin(sink, sink->config.fd);

	if (rc != 0) {
		close(sink->config.fd);
		return mirror_plugin_refuse(-rc, "%s: %s", sink->config.name, strerror(-rc));
	}
	__atomic_fetch_add(&nb_open, 1, __ATOMIC_RELAXED);
	rc = mirror_sink_add(&ops, sink, number);
	if (rc == 0)
		return 0;
	__atomic_fetch_sub(&nb_open, 1, __ATOMIC_RELAXED);
	if (sink->recording.capture != NULL)
		mirror_capture_close(sink->recording.capture);
	return mirror_plugin_refuse_as_library(rc);
}

int
mirror_capture_sink_open(const struct capture_sink_config *config, struct capture_sink **sink,
		uint16_t *number)
{
	struct capture_sink *made = calloc(1, sizeof(*made));
	int rc;

	if (made == NULL)
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	made->config = *config;
	made->nb_owners = 2;
	made->start_ns = mirror_capture_monotonic();
	mirror_counted_start(&made->counted);
	mirror_recording_start(&made->recording);
	rc = start(made, number);
	if (rc == 0)
		*sink = made;
	else
		free(made);
	return rc;
}

void
mirror_capture_sink_close(struct capture_sink *sink, uint16_t number)
{
	const uint64_t until = mirror_capture_monotonic() + WAIT_NS;

	mirror_sink_remove(number);
	while (!__atomic_load_n(&sink->is_closed, __ATOMIC_ACQUIRE) &&
			mirror_capture_monotonic() < until)
		usleep(1000);
	release(sink);
}

void
mirror_capture_sinks_finish(void)
{
	const uint64_t until = mirror_capture_monotonic() + WAIT_NS;

	/* A child of fork() has none of the threads. */
	while (__atomic_load_n(&nb_open, __ATOMIC_ACQUIRE) > 0 && !mirror_eal_is_inherited() &&
			mirror_capture_monotonic() < until)
		usleep(1000);
}
