/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "../capture/capture.h"
#include "../capture/clock.h"
#include "../capture/host.h"
#include "original.h"
#include "rte_mirror.h"
#include "thread.h"
#include "writer.h"

#define BURST 64

struct ffi_writer {
	struct rte_ring *ring;
	struct ffi_writer_config config;
	struct mirror_capture *capture;
	struct mirror_capture_clock clock;
	pthread_t thread;
	int stop_fd;
	bool stop;
	bool finish;

	/* From ffi_writer_count() to the thread. */
	pthread_mutex_t mutex;
	bool is_counted;
	struct mirror_capture_counters counters;

	/* The thread's own. */
	uint32_t interface;
	uint64_t last_ns;

	/* Written by the thread. */
	struct ffi_writer_status status;
};

static bool
is_set(const bool *flag)
{
	/* With raise_flag(). */
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

static void
raise_flag(bool *flag)
{
	__atomic_store_n(flag, true, __ATOMIC_RELEASE);
}

static void
fail(struct ffi_writer *writer, int error)
{
	if (writer->status.error == 0)
		__atomic_store_n(&writer->status.error, error, __ATOMIC_RELAXED);
}

/* Waits until the stream takes more. False when stopped. */
static bool
wait_for_room(const struct ffi_writer *writer)
{
	struct pollfd fds[] = {
		{ .fd = writer->config.fd, .events = POLLOUT },
		{ .fd = writer->stop_fd, .events = POLLIN },
	};

	return poll(fds, 2, -1) > 0 && fds[1].revents == 0;
}

/* Of what the capture has answered: whether to try again. */
static bool
goes_on(struct ffi_writer *writer, int rc)
{
	if (rc == -EAGAIN && wait_for_room(writer))
		return true;
	if (rc != 0)
		fail(writer, rc == -EAGAIN ? -ECANCELED : rc);
	return false;
}

/* The clock may be set back, and queues take turns; these times never go back. */
static uint64_t
mirrored_at(struct ffi_writer *writer, uint64_t tsc)
{
	writer->last_ns = RTE_MAX(writer->last_ns, mirror_capture_clock_time(&writer->clock, tsc));
	return writer->last_ns;
}

/* What the mirror says of the packet; what is known without, if it says nothing. */
static struct mirror_capture_packet
describe(struct ffi_writer *writer, const struct rte_mbuf *pkt, uint64_t now_tsc)
{
	struct rte_mirror_origin origin = { .tsc = now_tsc, .pkt_len = pkt->pkt_len };
	const bool is_known = rte_mirror_origin_get(pkt, &origin) == 0;
	struct ffi_original original = { .length = origin.pkt_len };
	const bool is_replay = ffi_original_get(pkt, &original);
	struct mirror_capture_packet packet = {
		.time_ns = is_replay && !writer->config.stamp ? original.time_ns :
								mirrored_at(writer, origin.tsc),
		.interface = writer->interface,
		.captured_length = pkt->pkt_len,
		.original_length = original.length,
		.direction = writer->config.direction,
	};

	if (is_known) {
		packet.direction = origin.is_tx ? MIRROR_CAPTURE_OUTBOUND : MIRROR_CAPTURE_INBOUND;
		packet.has_queue = true;
		packet.queue = origin.queue_id;
	}
	return packet;
}

static void
write_packets(struct ffi_writer *writer, struct rte_mbuf *const *pkts, unsigned int nb)
{
	struct mirror_capture_packet packets[BURST];
	const uint64_t now_tsc = rte_rdtsc();
	struct mirror_capture_status status;
	unsigned int done = 0, taken, i;
	int rc;

	for (i = 0; i < nb; i++)
		packets[i] = describe(writer, pkts[i], now_tsc);
	do {
		rc = mirror_capture_write(
				writer->capture, pkts + done, packets + done, nb - done, &taken);
		done += taken;
	} while (goes_on(writer, rc));
	mirror_capture_status_get(writer->capture, &status);
	__atomic_store_n(&writer->status.bytes, status.bytes, __ATOMIC_RELAXED);
	__atomic_store_n(&writer->status.frames, status.packets, __ATOMIC_RELAXED);
}

static void
take_counters(struct ffi_writer *writer)
{
	pthread_mutex_lock(&writer->mutex);
	if (writer->is_counted)
		mirror_capture_set_counters(writer->capture, writer->interface, &writer->counters);
	writer->is_counted = false;
	pthread_mutex_unlock(&writer->mutex);
}

/* How many packets were on the ring. */
static unsigned int
write_burst(struct ffi_writer *writer)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int nb = rte_ring_dequeue_burst(writer->ring, (void **)pkts, BURST, NULL);

	if (nb > 0 && writer->status.error == 0)
		write_packets(writer, pkts, nb);
	rte_pktmbuf_free_bulk(pkts, nb);
	return nb;
}

static void
tick(struct ffi_writer *writer)
{
	int rc;

	mirror_capture_clock_tick(&writer->clock);
	take_counters(writer);
	rc = mirror_capture_tick(writer->capture, mirror_capture_monotonic(),
			mirror_capture_clock_now(&writer->clock));
	if (rc != 0 && rc != -EAGAIN)
		fail(writer, rc);
}

static void
flush(struct ffi_writer *writer)
{
	while (writer->status.error == 0 && goes_on(writer, mirror_capture_flush(writer->capture)))
		continue;
}

static void *
writer_main(void *arg)
{
	struct ffi_writer *writer = arg;
	bool last = false;
	int rc;

	while (!last && !is_set(&writer->stop)) {
		/* Read first: what was put on the ring before is seen. */
		bool finish = is_set(&writer->finish);

		tick(writer);
		if (write_burst(writer) > 0)
			continue;
		flush(writer);
		last = finish;
		if (!last)
			ffi_thread_pause();
	}
	take_counters(writer);
	while (writer->status.error == 0 &&
			goes_on(writer,
					mirror_capture_finish(writer->capture,
							mirror_capture_clock_now(&writer->clock))))
		continue;
	/* What a file system could not do with the data, some tell only now. */
	rc = mirror_capture_close(writer->capture);
	if (rc < 0)
		fail(writer, rc);
	raise_flag(&writer->status.ended);
	return NULL;
}

/* The capture has the descriptor for its own. */
static int
open_capture(struct ffi_writer *writer, int fd)
{
	const struct mirror_capture_config config = {
		.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0),
		.format = writer->config.format,
		.longest = UINT32_MAX,
	};
	int rc;

	if (config.fd < 0)
		return -errno;
	writer->config.fd = config.fd;
	rc = mirror_capture_open(&config, mirror_capture_monotonic(),
			mirror_capture_clock_now(&writer->clock), &writer->capture);
	if (rc < 0) {
		close(config.fd);
		return rc;
	}
	rc = mirror_capture_add_interface(
			writer->capture, &writer->config.interface, &writer->interface);
	if (rc < 0)
		mirror_capture_close(writer->capture);
	return rc;
}

int
ffi_writer_start(struct rte_ring *ring, const struct ffi_writer_config *config,
		struct ffi_writer **writer)
{
	struct ffi_writer *started = calloc(1, sizeof(*started));
	int rc;

	if (started == NULL)
		return -ENOMEM;
	started->ring = ring;
	started->config = *config;
	mirror_capture_clock_start(&started->clock, rte_get_tsc_hz());
	pthread_mutex_init(&started->mutex, NULL);
	started->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (started->stop_fd < 0) {
		rc = -errno;
		goto free_writer;
	}
	rc = open_capture(started, config->fd);
	if (rc < 0)
		goto close_stop_fd;
	rc = ffi_thread_start(&started->thread, "mirror-writer", writer_main, started);
	if (rc < 0)
		goto close_capture;
	*writer = started;
	return 0;

close_capture:
	mirror_capture_close(started->capture);
close_stop_fd:
	close(started->stop_fd);
free_writer:
	free(started);
	return rc;
}

void
ffi_writer_count(struct ffi_writer *writer, const struct rte_mirror_stats *stats)
{
	pthread_mutex_lock(&writer->mutex);
	mirror_capture_count(stats, &writer->counters);
	writer->is_counted = true;
	pthread_mutex_unlock(&writer->mutex);
}

void
ffi_writer_finish(struct ffi_writer *writer)
{
	raise_flag(&writer->finish);
}

void
ffi_writer_status_get(const struct ffi_writer *writer, struct ffi_writer_status *status)
{
	struct ffi_writer_status now = { .ended = is_set(&writer->status.ended) };

	now.frames = __atomic_load_n(&writer->status.frames, __ATOMIC_RELAXED);
	now.bytes = __atomic_load_n(&writer->status.bytes, __ATOMIC_RELAXED);
	now.error = __atomic_load_n(&writer->status.error, __ATOMIC_RELAXED);
	*status = now;
}

void
ffi_writer_close(struct ffi_writer *writer)
{
	raise_flag(&writer->stop);
	eventfd_write(writer->stop_fd, 1);
	pthread_join(writer->thread, NULL);
	close(writer->stop_fd);
	free(writer);
}
