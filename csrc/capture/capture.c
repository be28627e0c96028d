/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_mbuf.h>

#include "capture.h"
#include "format.h"
#include "host.h"
#include "output.h"
#include "pcapng.h"

#define NS_PER_SECOND UINT64_C(1000000000)

/* What a processor's second cache holds; a packet that is longer makes it grow. */
#define BUFFER_SIZE   (1 << 17)
#define FLUSH_NS      NS_PER_SECOND
#define STATISTICS_NS (5 * NS_PER_SECOND)
/* After how long a file that took nothing is tried again. */
#define RETRY_NS (NS_PER_SECOND / 10)

struct interface {
	uint64_t at; /* where in the capture it is */
	bool is_counted;
	bool is_told; /* the counters are in the capture */
	struct mirror_capture_counters counters;
	uint64_t lost; /* packets that are yet to be told with the next one */
	uint64_t id;   /* the last packet's */
};

struct mirror_capture {
	struct mirror_capture_config config;
	struct mirror_capture_output output;
	struct interface interfaces[MIRROR_CAPTURE_INTERFACES];
	uint32_t nb_interfaces;
	off_t start;      /* where in a file it begins; negative: what was written stays as it is */
	uint32_t longest; /* of the packets that were taken */
	uint64_t packets;
	uint64_t bytes;
	enum mirror_capture_end end;
	uint32_t nb_finished; /* interfaces whose last statistics are there */
	uint64_t start_time_ns;
	uint64_t now_ns; /* when it was ticked last */
	uint64_t next_flush_ns;
	uint64_t next_statistics_ns;
	int error; /* of a file, and until when it stays */
	uint64_t retry_ns;
};

static void
write_section(struct mirror_capture *capture)
{
	struct mirror_capture_output *output = &capture->output;
	struct mirror_capture_section section;

	mirror_capture_host(&section);
	mirror_capture_output_add(output,
			mirror_capture_put_section(capture->config.format, &section,
					mirror_capture_output_end(output),
					mirror_capture_output_room(output)));
}

int
mirror_capture_open(const struct mirror_capture_config *config, uint64_t now_ns, uint64_t time_ns,
		struct mirror_capture **capture)
{
	struct mirror_capture *opened = calloc(1, sizeof(*opened));
	int rc;

	if (opened == NULL)
		return -ENOMEM;
	opened->config = *config;
	if (config->longest == 0)
		opened->config.longest = MIRROR_CAPTURE_SNAPLEN;
	rc = mirror_capture_output_open(&opened->output, config->fd, config->format, BUFFER_SIZE);
	if (rc != 0) {
		free(opened);
		return rc;
	}
	if (config->shares)
		mirror_capture_output_share(&opened->output);
	opened->start = -1;
	if (opened->output.is_file && !opened->output.is_appending)
		opened->start = lseek(config->fd, 0, SEEK_CUR);
	opened->now_ns = now_ns;
	opened->start_time_ns = time_ns;
	opened->next_flush_ns = now_ns + FLUSH_NS;
	opened->next_statistics_ns = now_ns + STATISTICS_NS;
	write_section(opened);
	*capture = opened;
	return 0;
}

/* What a stream does not take now it may take at any moment; what has failed is left alone for a while. */
static int
note(struct mirror_capture *capture, int rc)
{
	if (rc != 0 && rc != -EAGAIN && rc != -ENOMEM) {
		capture->error = rc;
		capture->retry_ns = capture->now_ns + RETRY_NS;
	}
	return rc;
}

int
mirror_capture_flush(struct mirror_capture *capture)
{
	if (capture->error != 0)
		return capture->error;
	return note(capture, mirror_capture_output_flush(&capture->output));
}

bool
mirror_capture_is_shared(const struct mirror_capture *capture)
{
	return capture->output.is_shared;
}

static int
make_room(struct mirror_capture *capture, size_t size)
{
	if (size <= mirror_capture_output_room(&capture->output))
		return 0;
	if (capture->error != 0)
		return capture->error;
	return note(capture, mirror_capture_output_make_room(&capture->output, size));
}

/* Whether that many bytes may come, and in the end the statistics of all interfaces. */
static bool
has_size(const struct mirror_capture *capture, size_t size)
{
	const uint64_t reserve = capture->config.format == MIRROR_CAPTURE_PCAP ?
			0 :
			capture->nb_interfaces * (uint64_t)MIRROR_CAPTURE_STATISTICS_SIZE;
	const uint64_t most = capture->config.limits.max_size;

	return most == 0 || capture->output.total + size + reserve <= most;
}

int
mirror_capture_add_interface(struct mirror_capture *capture,
		const struct mirror_capture_interface *interface, uint32_t *number)
{
	const enum mirror_capture_format format = capture->config.format;
	struct mirror_capture_output *output = &capture->output;
	const uint32_t most = format == MIRROR_CAPTURE_PCAP ? 1 : MIRROR_CAPTURE_INTERFACES;
	int rc;

	if (capture->nb_interfaces == most)
		return -E2BIG;
	if (!has_size(capture, MIRROR_CAPTURE_INTERFACE_SIZE + MIRROR_CAPTURE_STATISTICS_SIZE)) {
		capture->end = MIRROR_CAPTURE_ENDED_BY_SIZE;
		return -ESHUTDOWN;
	}
	rc = make_room(capture, MIRROR_CAPTURE_INTERFACE_SIZE);
	if (rc != 0)
		return rc;
	capture->interfaces[capture->nb_interfaces].at = output->total;
	mirror_capture_output_add(output,
			mirror_capture_put_interface(format, interface,
					mirror_capture_output_end(output),
					mirror_capture_output_room(output)));
	capture->config.longest = RTE_MIN(capture->config.longest,
			mirror_capture_longest(format, interface->link_type));
	*number = capture->nb_interfaces++;
	return 0;
}

/* Puts a packet into the buffer. */
static int
take(struct mirror_capture *capture, const struct rte_mbuf *pkt,
		const struct mirror_capture_packet *packet)
{
	const enum mirror_capture_format format = capture->config.format;
	struct mirror_capture_output *output = &capture->output;
	size_t size = mirror_capture_put_packet(format, packet, pkt,
			mirror_capture_output_end(output), mirror_capture_output_room(output));
	int rc;

	if (size > mirror_capture_output_room(output)) {
		rc = make_room(capture, size);
		if (rc != 0)
			return rc;
		size = mirror_capture_put_packet(format, packet, pkt,
				mirror_capture_output_end(output),
				mirror_capture_output_room(output));
	}
	if (!has_size(capture, size)) {
		capture->end = MIRROR_CAPTURE_ENDED_BY_SIZE;
		return -ESHUTDOWN;
	}
	mirror_capture_output_add(output, size);
	return 0;
}

static int
write_packet(struct mirror_capture *capture, const struct rte_mbuf *pkt,
		const struct mirror_capture_packet *told)
{
	struct interface *interface = &capture->interfaces[told->interface];
	struct mirror_capture_packet packet = *told;
	int rc;

	if (capture->end != MIRROR_CAPTURE_GOES_ON)
		return -ESHUTDOWN;
	packet.captured_length = RTE_MIN(told->captured_length, capture->config.longest);
	packet.captured_length = RTE_MIN(packet.captured_length, pkt->pkt_len);
	packet.original_length = RTE_MAX(told->original_length, packet.captured_length);
	packet.dropped = interface->lost;
	packet.id = interface->id + interface->lost + 1;
	rc = take(capture, pkt, &packet);
	if (rc != 0)
		return rc;
	interface->id = packet.id;
	interface->lost = 0;
	capture->longest = RTE_MAX(capture->longest, packet.captured_length);
	capture->bytes += packet.captured_length;
	if (++capture->packets == capture->config.limits.packets)
		capture->end = MIRROR_CAPTURE_ENDED_BY_PACKETS;
	return 0;
}

int
mirror_capture_write(struct mirror_capture *capture, struct rte_mbuf *const *pkts,
		struct mirror_capture_packet *packets, unsigned int nb_pkts, unsigned int *taken)
{
	int rc = 0;

	for (*taken = 0; *taken < nb_pkts; ++*taken) {
		rc = write_packet(capture, pkts[*taken], &packets[*taken]);
		if (rc != 0)
			break;
		packets[*taken].end = capture->output.total;
	}
	return rc;
}

void
mirror_capture_set_counters(struct mirror_capture *capture, uint32_t number,
		const struct mirror_capture_counters *counters)
{
	struct interface *interface = &capture->interfaces[number];
	const struct mirror_capture_counters *before = &interface->counters;
	const uint64_t lost = counters->dropped + counters->full;
	const uint64_t had = before->dropped + before->full;

	/* They are reset while the mirror goes on. */
	interface->lost += lost >= had ? lost - had : lost;
	interface->is_told &= counters->received == before->received && lost == had;
	interface->counters = *counters;
	interface->is_counted = true;
}

static int
write_statistics(struct mirror_capture *capture, uint32_t number, uint64_t time_ns, uint64_t end_ns)
{
	struct mirror_capture_output *output = &capture->output;
	const struct mirror_capture_statistics statistics = {
		.interface = number,
		.time_ns = time_ns,
		.start_ns = capture->start_time_ns,
		.end_ns = end_ns,
		.counters = capture->interfaces[number].counters,
	};
	int rc = make_room(capture, MIRROR_CAPTURE_STATISTICS_SIZE);

	if (rc != 0)
		return rc;
	mirror_capture_output_add(output,
			mirror_capture_put_statistics(capture->config.format, &statistics,
					mirror_capture_output_end(output),
					mirror_capture_output_room(output)));
	capture->interfaces[number].is_told = true;
	return 0;
}

/* Of interfaces of which there is something new to say. */
static int
tell_statistics(struct mirror_capture *capture, uint64_t time_ns)
{
	uint32_t i;
	int rc;

	for (i = 0; i < capture->nb_interfaces; i++) {
		const struct interface *interface = &capture->interfaces[i];

		if (!interface->is_counted || interface->is_told ||
				!has_size(capture, MIRROR_CAPTURE_STATISTICS_SIZE))
			continue;
		rc = write_statistics(capture, i, time_ns, 0);
		if (rc != 0)
			return rc;
	}
	return 0;
}

int
mirror_capture_tick(struct mirror_capture *capture, uint64_t now_ns, uint64_t time_ns)
{
	int rc = 0;

	capture->now_ns = now_ns;
	if (capture->error != 0 && now_ns >= capture->retry_ns)
		capture->error = 0;
	if (now_ns >= capture->next_statistics_ns) {
		rc = tell_statistics(capture, time_ns);
		if (rc == 0)
			capture->next_statistics_ns = now_ns + STATISTICS_NS;
	}
	if (now_ns >= capture->next_flush_ns) {
		rc = mirror_capture_flush(capture);
		if (rc == 0)
			capture->next_flush_ns = now_ns + FLUSH_NS;
	}
	return capture->end != MIRROR_CAPTURE_GOES_ON ? -ESHUTDOWN : rc;
}

void
mirror_capture_status_get(
		const struct mirror_capture *capture, struct mirror_capture_status *status)
{
	*status = (struct mirror_capture_status){
		.packets = capture->packets,
		.bytes = capture->bytes,
		.size = capture->output.total,
		.written = mirror_capture_output_whole(&capture->output),
		.end = capture->end,
	};
}

uint64_t
mirror_capture_waiting(const struct mirror_capture *capture)
{
	return mirror_capture_output_waiting(&capture->output);
}

int
mirror_capture_finish(struct mirror_capture *capture, uint64_t time_ns)
{
	uint32_t *done = &capture->nb_finished;
	int rc;

	capture->error = 0;
	for (; *done < capture->nb_interfaces; ++*done) {
		if (!capture->interfaces[*done].is_counted)
			continue;
		rc = write_statistics(capture, *done, time_ns, time_ns);
		if (rc != 0)
			return rc;
	}
	return mirror_capture_flush(capture);
}

/* libpcap refuses what is longer, unless the interface promises that. */
static int
correct_snaplens(const struct mirror_capture *capture)
{
	uint32_t i;

	if (capture->start < 0 || capture->config.format == MIRROR_CAPTURE_PCAP ||
			capture->longest <= MIRROR_CAPTURE_SNAPLEN)
		return 0;
	for (i = 0; i < capture->nb_interfaces; i++) {
		const off_t at = capture->start + (off_t)capture->interfaces[i].at +
				(off_t)mirror_capture_pcapng_snaplen_offset();

		if (pwrite(capture->config.fd, &capture->longest, sizeof(capture->longest), at) < 0)
			return -errno;
	}
	return 0;
}

int
mirror_capture_close(struct mirror_capture *capture)
{
	int rc = correct_snaplens(capture);

	if (close(capture->config.fd) != 0 && rc == 0)
		rc = -errno;
	mirror_capture_output_free(&capture->output);
	free(capture);
	return rc;
}
