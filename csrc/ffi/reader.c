/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pcap/pcap.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "head.h"
#include "original.h"
#include "../capture/pcap.h"
#include "reader.h"
#include "stream.h"
#include "thread.h"

/* The share of the pool that one frame may take: mbufs wait in queues, descriptors and caches too. */
#define FRAME_SHARE 4

/* Segments that are fed at a time to mirrors that copy. */
#define TURN_SEGMENTS 512

/* Where the link type stands in the header of a pcap file. */
#define PCAP_LINK_TYPE_OFFSET 20
#define PCAP_HEADER_SIZE      24

struct ffi_reader {
	struct ffi_stream stream;
	FILE *file; /* the pcap's, once that is there */
	pcap_t *pcap;
	pthread_t thread;
	bool joinable;
	bool stop;

	/* What is fed. */
	struct rte_ring *ring;
	struct rte_mempool *pool;
	uint32_t segment_size;
	uint32_t copies;
	uint32_t turn_segments; /* fed in this turn */

	/* Written by the thread: frames and bytes as they come, the rest before state. */
	struct ffi_reader_status status;
};

static void
set_state(struct ffi_reader *reader, enum ffi_reader_state state)
{
	/* With ffi_reader_status_get(). */
	__atomic_store_n(&reader->status.state, state, __ATOMIC_RELEASE);
}

static bool
is_stopped(const struct ffi_reader *reader)
{
	return __atomic_load_n(&reader->stop, __ATOMIC_RELAXED);
}

__rte_format_printf(3, 4) static void fail(
		struct ffi_reader *reader, int error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(reader->status.message, sizeof(reader->status.message), format, args);
	va_end(args);
	reader->status.error = error;
}

static int
start_thread(struct ffi_reader *reader, void *(*run)(void *))
{
	int rc = ffi_thread_start(&reader->thread, "mirror-reader", run, reader);

	reader->joinable = rc == 0;
	return rc;
}

static void
join_thread(struct ffi_reader *reader)
{
	if (reader->joinable)
		pthread_join(reader->thread, NULL);
	reader->joinable = false;
}

/* libpcap numbers link types as the host does; how files number them, it shows only in a file that it writes. */
static int
read_link_type(pcap_t *pcap, uint32_t *link_type)
{
	char *header = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&header, &size);
	pcap_dumper_t *dumper;

	if (file == NULL)
		return -errno;
	dumper = pcap_dump_fopen(pcap, file);
	if (dumper != NULL)
		pcap_dump_close(dumper);
	else
		fclose(file);
	if (size >= PCAP_HEADER_SIZE)
		memcpy(link_type, header + PCAP_LINK_TYPE_OFFSET, sizeof(*link_type));
	free(header);
	return size >= PCAP_HEADER_SIZE ? 0 : -EBADMSG;
}

static int
open_pcap(struct ffi_reader *reader)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	FILE *file = ffi_stream_open(&reader->stream);
	int rc;

	if (file == NULL)
		return -errno;
	reader->pcap = pcap_fopen_offline_with_tstamp_precision(
			file, PCAP_TSTAMP_PRECISION_NANO, message);
	if (reader->pcap == NULL) {
		fclose(file);
		fail(reader, -EBADMSG, "%s",
				message[0] != '\0' ? message : "libpcap does not read it");
		return -EBADMSG;
	}
	reader->file = file;
	rc = read_link_type(reader->pcap, &reader->status.link_type);
	if (rc == -EBADMSG)
		fail(reader, rc, "libpcap does not know its link type, %d",
				pcap_datalink(reader->pcap));
	return rc;
}

/* What libpcap does not say of a capture, or of what is none. */
static void
look_at_head(struct ffi_reader *reader, const void *head, size_t size)
{
	const char *reason;

	if (reader->pcap == NULL) {
		reason = ffi_head_reason(head, size);
		if (reason != NULL)
			fail(reader, -EBADMSG, "%s", reason);
		return;
	}
	reader->status.fcs_length = mirror_capture_pcap_take_fcs(&reader->status.link_type);
	if (reader->status.fcs_length == 0)
		reader->status.fcs_length = ffi_head_fcs_length(head, size);
}

static void *
open_main(void *arg)
{
	struct ffi_reader *reader = arg;
	char *head = NULL;
	size_t size = 0;
	int rc;

	reader->stream.head = open_memstream(&head, &size);
	rc = open_pcap(reader);
	if (reader->stream.head != NULL && fclose(reader->stream.head) == 0)
		look_at_head(reader, head, size);
	reader->stream.head = NULL;
	free(head);
	if (rc != 0 && reader->status.message[0] == '\0')
		fail(reader, rc, "%s", strerror(-rc));
	reader->status.error = rc;
	reader->status.offset = reader->stream.offset;
	set_state(reader, rc == 0 ? FFI_READER_OPEN : FFI_READER_REFUSED);
	return NULL;
}

int
ffi_reader_open(int fd, struct ffi_reader **reader)
{
	struct ffi_reader *opened = calloc(1, sizeof(*opened));
	int rc;

	if (opened == NULL)
		return -ENOMEM;
	opened->stream.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	opened->stream.stop_fd = eventfd(0, EFD_CLOEXEC);
	if (opened->stream.fd < 0 || opened->stream.stop_fd < 0) {
		rc = -errno;
		goto close_fds;
	}
	rc = start_thread(opened, open_main);
	if (rc < 0)
		goto close_fds;
	*reader = opened;
	return 0;

close_fds:
	close(opened->stream.fd);
	close(opened->stream.stop_fd);
	free(opened);
	return rc;
}

/* Waits until there is an mbuf; NULL when stopped. */
static struct rte_mbuf *
take_segment(const struct ffi_reader *reader)
{
	struct rte_mbuf *segment;

	while ((segment = rte_pktmbuf_alloc(reader->pool)) == NULL) {
		if (is_stopped(reader))
			return NULL;
		ffi_thread_pause();
	}
	return segment;
}

/* A frame as a chain of mbufs; NULL when stopped. */
static struct rte_mbuf *
make_packet(const struct ffi_reader *reader, const u_char *data, uint32_t length)
{
	struct rte_mbuf *first = take_segment(reader), *segment = first;
	uint32_t done = 0;

	while (segment != NULL) {
		segment->data_len = RTE_MIN(length - done, reader->segment_size);
		memcpy(rte_pktmbuf_mtod(segment, void *), data + done, segment->data_len);
		done += segment->data_len;
		if (done == length) {
			first->pkt_len = length;
			return first;
		}
		segment->next = take_segment(reader);
		segment = segment->next;
		first->nb_segs++;
	}
	if (first != NULL) {
		/* The last one was counted, but did not come. */
		first->nb_segs--;
		rte_pktmbuf_free(first);
	}
	return NULL;
}

/*
 * Mirrors that copy do not wait for mbufs, so the reader does: until there are enough for a turn of frames and all
 * their copies. A turn begins when the one before has been received, but for the last burst of it: that may not have
 * been copied yet.
 */
static void
wait_for_turn(struct ffi_reader *reader, uint32_t segments)
{
	const uint32_t next = RTE_MAX(segments, (uint32_t)TURN_SEGMENTS);
	const uint32_t needed = next * (1 + reader->copies) +
			reader->turn_segments * reader->copies;

	if (reader->copies == 0)
		return;
	if (reader->turn_segments + segments > TURN_SEGMENTS) {
		while (!is_stopped(reader) &&
				(!rte_ring_empty(reader->ring) ||
						rte_mempool_avail_count(reader->pool) < needed))
			ffi_thread_pause();
		reader->turn_segments = 0;
	}
	reader->turn_segments += segments;
}

/* libpcap gives nanoseconds here; and it takes the 32 bits of a pcap's seconds for a number with a sign. */
static uint64_t
time_of(const struct pcap_pkthdr *header)
{
	int64_t seconds = header->ts.tv_sec < 0 ? (uint32_t)header->ts.tv_sec : header->ts.tv_sec;

	return (uint64_t)seconds * NS_PER_S + header->ts.tv_usec;
}

static int
feed_frame(struct ffi_reader *reader, const struct pcap_pkthdr *header, const u_char *data)
{
	uint64_t segments = (header->caplen + reader->segment_size - 1) / reader->segment_size;
	const struct ffi_original original = { time_of(header), header->len };
	struct rte_mbuf *pkt;

	if (segments > reader->pool->size / FRAME_SHARE) {
		fail(reader, -EMSGSIZE,
				"a frame of %u bytes takes %" PRIu64 " of the pool's %u mbufs",
				header->caplen, segments, reader->pool->size);
		return -EMSGSIZE;
	}
	wait_for_turn(reader, segments);
	pkt = make_packet(reader, data, header->caplen);
	if (pkt == NULL)
		return -ECANCELED;
	ffi_original_set(pkt, &original);
	while (rte_ring_enqueue(reader->ring, pkt) != 0) {
		if (is_stopped(reader)) {
			rte_pktmbuf_free(pkt);
			return -ECANCELED;
		}
		ffi_thread_pause();
	}
	__atomic_store_n(&reader->status.bytes, reader->status.bytes + header->caplen,
			__ATOMIC_RELAXED);
	__atomic_store_n(&reader->status.frames, reader->status.frames + 1, __ATOMIC_RELAXED);
	return 0;
}

static void *
feed_main(void *arg)
{
	struct ffi_reader *reader = arg;
	struct pcap_pkthdr *header;
	const u_char *data;
	int rc;

	while ((rc = pcap_next_ex(reader->pcap, &header, &data)) == 1)
		if (is_stopped(reader) || feed_frame(reader, header, data) < 0)
			break;
	if (rc == PCAP_ERROR && !reader->stream.stopped) {
		reader->status.offset = ftell(reader->file);
		fail(reader, -EBADMSG, "%s", pcap_geterr(reader->pcap));
	}
	set_state(reader, FFI_READER_ENDED);
	return NULL;
}

int
ffi_reader_feed(struct ffi_reader *reader, struct rte_ring *ring, struct rte_mempool *pool,
		uint32_t copies)
{
	int rc;

	if (__atomic_load_n(&reader->status.state, __ATOMIC_ACQUIRE) != FFI_READER_OPEN)
		return -EBUSY;
	rc = ffi_original_register();
	if (rc < 0)
		return rc;
	reader->ring = ring;
	reader->pool = pool;
	reader->copies = copies;
	reader->segment_size = rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM;
	join_thread(reader);
	set_state(reader, FFI_READER_FEEDING);
	rc = start_thread(reader, feed_main);
	if (rc < 0)
		set_state(reader, FFI_READER_OPEN);
	return rc;
}

void
ffi_reader_status_get(const struct ffi_reader *reader, struct ffi_reader_status *status)
{
	struct ffi_reader_status now = { 0 };

	/* With set_state(): what was written before the state is there. */
	now.state = __atomic_load_n(&reader->status.state, __ATOMIC_ACQUIRE);
	now.frames = __atomic_load_n(&reader->status.frames, __ATOMIC_RELAXED);
	now.bytes = __atomic_load_n(&reader->status.bytes, __ATOMIC_RELAXED);
	if (now.state != FFI_READER_OPENING) {
		now.link_type = reader->status.link_type;
		now.fcs_length = reader->status.fcs_length;
	}
	if (now.state == FFI_READER_REFUSED || now.state == FFI_READER_ENDED) {
		now.error = reader->status.error;
		now.offset = reader->status.offset;
		memcpy(now.message, reader->status.message, sizeof(now.message));
	}
	*status = now;
}

void
ffi_reader_close(struct ffi_reader *reader)
{
	__atomic_store_n(&reader->stop, true, __ATOMIC_RELAXED);
	eventfd_write(reader->stream.stop_fd, 1);
	join_thread(reader);
	if (reader->pcap != NULL)
		pcap_close(reader->pcap);
	close(reader->stream.fd);
	close(reader->stream.stop_fd);
	free(reader);
}
