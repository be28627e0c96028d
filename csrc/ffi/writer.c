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
#include "../capture/host.h"
#include "../capture/pcapng.h"
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
	size_t buffered;
	uint32_t limit;   /* as much of a packet is written */
	uint32_t longest; /* that has come */
	size_t interface_at;
	char interface[INTERFACE_SIZE];
	uint8_t *buffer;
	size_t size;

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
	size_t done = 0;

	while (done < writer->buffered && writer->status.error == 0) {
		size_t size = writer->buffered - done;
		ssize_t nb;

		if (!wait_for_room(writer)) {
			fail(writer, -ECANCELED);
			break;
		}
		nb = write(writer->config.fd, writer->buffer + done,
				writer->regular ? size : RTE_MIN(size, (size_t)PIPE_BUF));
		if (nb >= 0)
			done += nb;
		else if (errno != EAGAIN && errno != EINTR)
			fail(writer, -errno);
	}
	writer->buffered = 0;
}

/* Has room for so many bytes: false where there is no memory for them. */
static bool
make_room(struct ffi_writer *writer, size_t size)
{
	uint8_t *larger;

	if (size > writer->size - writer->buffered)
		flush(writer);
	if (size <= writer->size)
		return true;
	larger = realloc(writer->buffer, size);
	if (larger == NULL)
		return false;
	writer->buffer = larger;
	writer->size = size;
	return true;
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
	size_t size = mirror_capture_put_packet(writer->config.format, &packet, pkt, NULL, 0);

	writer->longest = RTE_MAX(writer->longest, packet.captured_length);
	if (make_room(writer, size))
		writer->buffered += mirror_capture_put_packet(writer->config.format, &packet, pkt,
				writer->buffer + writer->buffered, size);
	else
		fail(writer, -ENOMEM);
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
	const off_t at = writer->start + writer->interface_at +
			mirror_capture_pcapng_snaplen_offset();

	if (writer->start >= 0 && writer->longest > MIRROR_CAPTURE_SNAPLEN &&
			pwrite(writer->config.fd, &writer->longest, sizeof(writer->longest), at) <
					0)
		fail(writer, -errno);
}

static void
write_start(struct ffi_writer *writer)
{
	const enum mirror_capture_format format = writer->config.format;
	struct mirror_capture_section section;

	mirror_capture_host(&section);
	writer->interface_at = mirror_capture_put_section(
			format, &section, writer->buffer, writer->size);
	writer->buffered = writer->interface_at;
	writer->buffered += mirror_capture_put_interface(format, &writer->config.interface,
			writer->buffer + writer->buffered, writer->size - writer->buffered);
}

static void *
writer_main(void *arg)
{
	struct ffi_writer *writer = arg;
	bool last = false;

	write_start(writer);
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
	started->buffer = malloc(BUFFER_SIZE);
	if (started->buffer == NULL) {
		rc = -ENOMEM;
		goto free_writer;
	}
	started->size = BUFFER_SIZE;
	started->limit = mirror_capture_longest(config->format, config->interface.link_type);
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
	free(started->buffer);
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
	free(writer->buffer);
	free(writer);
}
