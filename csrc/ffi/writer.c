/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "original.h"
#include "../capture/format.h"
#include "rte_mirror.h"
#include "thread.h"
#include "writer.h"

#define BURST          64
#define BUFFER_SIZE    (1 << 18)
#define INTERFACE_SIZE 256

struct ffi_writer {
	struct rte_ring *ring;
	struct ffi_writer_config config;
	pthread_t thread;
	int stop_fd;
	bool regular; /* a file, which never makes a write wait */
	off_t start; /* of a pcapng in a file: where that is; negative: what was written stays as it is */
	bool stop;
	bool finish;

	/* The thread's own. */
	uint64_t tsc_hz;
	uint64_t now_ns;  /* CLOCK_REALTIME, when the burst was taken off the ring */
	uint64_t now_tsc; /* the same moment */
	uint64_t last_ns;
	uint32_t buffered;
	uint32_t limit;   /* as much of a packet is written */
	uint32_t longest; /* that has come */
	char interface[INTERFACE_SIZE];
	uint8_t buffer[BUFFER_SIZE];

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

/* Waits until PIPE_BUF bytes can be written without waiting. False when stopped. */
static bool
wait_for_room(const struct ffi_writer *writer)
{
	struct pollfd fds[] = {
		{ .fd = writer->config.fd, .events = POLLOUT },
		{ .fd = writer->stop_fd, .events = POLLIN },
	};

	return writer->regular || (poll(fds, 2, -1) > 0 && fds[1].revents == 0);
}

static void
flush(struct ffi_writer *writer)
{
	uint32_t done = 0;

	while (done < writer->buffered && writer->status.error == 0) {
		uint32_t size = writer->buffered - done;
		ssize_t nb;

		if (!wait_for_room(writer)) {
			fail(writer, -ECANCELED);
			break;
		}
		nb = write(writer->config.fd, writer->buffer + done,
				writer->regular ? size : RTE_MIN(size, (uint32_t)PIPE_BUF));
		if (nb >= 0)
			done += nb;
		else if (errno != EAGAIN && errno != EINTR)
			fail(writer, -errno);
	}
	writer->buffered = 0;
}

static void
append(struct ffi_writer *writer, const uint8_t *data, uint32_t length)
{
	while (length > 0) {
		uint32_t size = RTE_MIN(length, BUFFER_SIZE - writer->buffered);

		memcpy(writer->buffer + writer->buffered, data, size);
		writer->buffered += size;
		data += size;
		length -= size;
		if (writer->buffered == BUFFER_SIZE)
			flush(writer);
	}
}

static void
read_clocks(struct ffi_writer *writer)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	writer->now_tsc = rte_rdtsc();
	writer->now_ns = (uint64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The clock may be set back, and queues take turns; these times never go back. */
static uint64_t
mirrored_at(struct ffi_writer *writer, const struct rte_mirror_origin *origin)
{
	/* Another CPU's counter may be ahead by a little. */
	uint64_t age = RTE_MAX(writer->now_tsc, origin->tsc) - origin->tsc;
	uint64_t age_ns = age / writer->tsc_hz * NS_PER_S +
			age % writer->tsc_hz * NS_PER_S / writer->tsc_hz;

	writer->last_ns = RTE_MAX(writer->last_ns, writer->now_ns - age_ns);
	return writer->last_ns;
}

/* What the mirror says of the packet; what is known without, if it says nothing. */
static enum mirror_capture_direction
read_origin(const struct ffi_writer *writer, const struct rte_mbuf *pkt,
		struct rte_mirror_origin *origin)
{
	if (rte_mirror_origin_get(pkt, origin) == 0)
		return origin->is_tx ? MIRROR_CAPTURE_OUTBOUND : MIRROR_CAPTURE_INBOUND;
	origin->tsc = writer->now_tsc;
	origin->pkt_len = pkt->pkt_len;
	return MIRROR_CAPTURE_UNKNOWN;
}

static void
write_packet(struct ffi_writer *writer, const struct rte_mbuf *pkt)
{
	struct rte_mirror_origin origin;
	const enum mirror_capture_direction direction = read_origin(writer, pkt, &origin);
	struct ffi_original original = { .length = origin.pkt_len };
	const bool is_replay = ffi_original_get(pkt, &original);
	const struct mirror_capture_packet packet = {
		.time_ns = is_replay && !writer->config.stamp ? original.time_ns :
								mirrored_at(writer, &origin),
		.captured_length = RTE_MIN(pkt->pkt_len, writer->limit),
		.original_length = original.length,
		.direction = direction,
	};
	uint8_t around[MIRROR_CAPTURE_HEADER_SIZE];
	uint32_t left = packet.captured_length, size;

	writer->longest = RTE_MAX(writer->longest, packet.captured_length);
	append(writer, around, mirror_capture_header(writer->config.format, &packet, around));
	for (; pkt != NULL; pkt = pkt->next, left -= size) {
		size = RTE_MIN(left, (uint32_t)pkt->data_len);
		append(writer, rte_pktmbuf_mtod(pkt, const uint8_t *), size);
	}
	append(writer, around, mirror_capture_trailer(writer->config.format, &packet, around));
	if (writer->status.error != 0)
		return;
	__atomic_store_n(&writer->status.bytes, writer->status.bytes + packet.captured_length,
			__ATOMIC_RELAXED);
	__atomic_store_n(&writer->status.frames, writer->status.frames + 1, __ATOMIC_RELAXED);
}

/* How many packets were on the ring. */
static unsigned int
write_burst(struct ffi_writer *writer)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int nb = rte_ring_dequeue_burst(writer->ring, (void **)pkts, BURST, NULL), i;

	read_clocks(writer);
	for (i = 0; i < nb && writer->status.error == 0; i++)
		write_packet(writer, pkts[i]);
	rte_pktmbuf_free_bulk(pkts, nb);
	return nb;
}

/* libpcap refuses what is longer, unless the start of the file promises that. */
static void
mend_start(struct ffi_writer *writer)
{
	const off_t at = writer->start + mirror_capture_snaplen_offset();

	if (writer->start >= 0 && writer->longest > MIRROR_CAPTURE_SNAPLEN &&
			pwrite(writer->config.fd, &writer->longest, sizeof(writer->longest), at) <
					0)
		fail(writer, -errno);
}

static void *
writer_main(void *arg)
{
	struct ffi_writer *writer = arg;
	uint8_t start[MIRROR_CAPTURE_START_SIZE];
	bool last = false;

	append(writer, start,
			mirror_capture_start(
					writer->config.format, &writer->config.interface, start));
	while (!last && !is_set(&writer->stop)) {
		/* Read first: what was put on the ring before is seen. */
		bool finish = is_set(&writer->finish);

		if (write_burst(writer) > 0)
			continue;
		flush(writer);
		last = finish;
		if (!last)
			ffi_thread_pause();
	}
	flush(writer);
	mend_start(writer);
	/* What a file system could not do with the data, some tell only now. */
	if (close(writer->config.fd) < 0)
		fail(writer, -errno);
	raise_flag(&writer->status.ended);
	return NULL;
}

static int
open_fds(struct ffi_writer *writer, int fd)
{
	struct stat status;

	writer->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (writer->stop_fd < 0)
		return -errno;
	writer->config.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (writer->config.fd < 0 || fstat(fd, &status) < 0) {
		close(writer->stop_fd);
		return -errno;
	}
	writer->regular = S_ISREG(status.st_mode);
	writer->start = -1;
	if (writer->regular && writer->config.format == MIRROR_CAPTURE_PCAPNG &&
			(fcntl(fd, F_GETFL) & O_APPEND) == 0)
		writer->start = lseek(fd, 0, SEEK_CUR);
	return 0;
}

int
ffi_writer_start(struct rte_ring *ring, const struct ffi_writer_config *config,
		struct ffi_writer **writer)
{
	struct ffi_writer *started;
	int rc;

	if (strlen(config->interface.name) >= INTERFACE_SIZE)
		return -EINVAL;
	started = calloc(1, sizeof(*started));
	if (started == NULL)
		return -ENOMEM;
	started->ring = ring;
	started->tsc_hz = rte_get_tsc_hz();
	started->config = *config;
	started->limit = mirror_capture_longest(config->format, &config->interface);
	started->config.interface.name = strcpy(started->interface, config->interface.name);
	rc = open_fds(started, config->fd);
	if (rc < 0)
		goto free_writer;
	rc = ffi_thread_start(&started->thread, "mirror-writer", writer_main, started);
	if (rc < 0)
		goto close_fds;
	*writer = started;
	return 0;

close_fds:
	close(started->config.fd);
	close(started->stop_fd);
free_writer:
	free(started);
	return rc;
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
