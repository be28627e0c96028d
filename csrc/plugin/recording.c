/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_mbuf.h>

#include "recording.h"

/* The link type of Ethernet frames. */
#define ETHERNET 1

void
mirror_recording_start(struct recording *recording)
{
	mirror_capture_clock_start(&recording->clock, rte_get_tsc_hz());
}

int
mirror_recording_begin(struct recording *recording, const struct mirror_capture_config *config)
{
	struct mirror_capture_config shared = *config;

	shared.shares = true;
	recording->start_tsc = rte_rdtsc();
	recording->nb_interfaces = 0;
	recording->fd = config->fd;
	recording->format = config->format;
	return mirror_capture_open(&shared, mirror_capture_monotonic(),
			mirror_capture_clock_now(&recording->clock), &recording->capture);
}

static const char *
directions_text(uint32_t directions)
{
	if (directions == RTE_MIRROR_RX)
		return "rx";
	return directions == RTE_MIRROR_TX ? "tx" : "rx and tx";
}

static int
add_interface(struct recording *recording, const struct mirror_sink_origin *origin,
		uint32_t *number)
{
	char description[128];
	const struct mirror_capture_interface interface = {
		.name = origin->source,
		.description = description,
		.link_type = ETHERNET,
	};
	int rc;

	snprintf(description, sizeof(description), "%s, pid %d, %s", program_invocation_short_name,
			(int)getpid(), directions_text(origin->directions));
	rc = mirror_capture_add_interface(recording->capture, &interface, number);
	if (rc == 0)
		recording->mirror_ids[recording->nb_interfaces++] = origin->mirror_id;
	return rc;
}

static bool
find_interface(const struct recording *recording, uint32_t mirror_id, uint32_t *number)
{
	for (*number = 0; *number < recording->nb_interfaces; ++*number) {
		/* A pcap has one, and does not say which. */
		if (recording->mirror_ids[*number] == mirror_id ||
				recording->format == MIRROR_CAPTURE_PCAP)
			return true;
	}
	return false;
}

int
mirror_recording_write(struct recording *recording, const struct mirror_sink_origin *origin,
		struct mirror_sink_packet *packets, uint16_t nb_packets, unsigned int *taken)
{
	struct mirror_capture_packet told[MIRROR_SINK_BURST];
	struct rte_mbuf *pkts[MIRROR_SINK_BURST];
	uint64_t tsc = packets[0].tsc, time = mirror_capture_clock_time(&recording->clock, tsc);
	uint32_t interface;
	unsigned int i;
	int rc = 0;

	*taken = 0;
	if (!find_interface(recording, origin->mirror_id, &interface))
		rc = add_interface(recording, origin, &interface);
	if (rc != 0)
		return rc;
	for (i = 0; i < nb_packets; i++) {
		/* Those of a burst have the same. */
		if (packets[i].tsc != tsc) {
			tsc = packets[i].tsc;
			time = mirror_capture_clock_time(&recording->clock, tsc);
		}
		pkts[i] = packets[i].pkt;
		told[i] = (struct mirror_capture_packet){
			.time_ns = time,
			.interface = interface,
			.captured_length = UINT32_MAX,
			.original_length = packets[i].wire_len,
			.queue = origin->queue_id,
			.has_queue = true,
			.direction = origin->is_tx ? MIRROR_CAPTURE_OUTBOUND :
						     MIRROR_CAPTURE_INBOUND,
		};
	}
	rc = mirror_capture_write(recording->capture, pkts, told, nb_packets, taken);
	for (i = 0; i < *taken; i++)
		packets[i].position = recording->base + told[i].end;
	return rc;
}

bool
mirror_recording_count(struct recording *recording, uint32_t mirror_id,
		const struct mirror_capture_counters *counters)
{
	uint32_t interface;

	if (!find_interface(recording, mirror_id, &interface))
		return false;
	mirror_capture_set_counters(recording->capture, interface, counters);
	return true;
}

struct mirror_sink_progress
mirror_recording_progress(const struct recording *recording)
{
	struct mirror_sink_progress progress = recording->progress;
	struct mirror_capture_status status;

	progress.room_fd = -1;
	if (recording->capture != NULL) {
		mirror_capture_status_get(recording->capture, &status);
		progress.written = recording->base + status.written;
		if (mirror_capture_is_shared(recording->capture))
			progress.room_fd = recording->fd;
	}
	return progress;
}

int
mirror_recording_tick(struct recording *recording, uint64_t now_ns)
{
	return mirror_capture_tick(
			recording->capture, now_ns, mirror_capture_clock_now(&recording->clock));
}

void
mirror_recording_finish(struct recording *recording, uint64_t until_ns)
{
	const bool is_shared = mirror_capture_is_shared(recording->capture);
	struct pollfd fd = { .fd = recording->fd, .events = is_shared ? POLLIN : POLLOUT };
	int rc;

	do {
		rc = mirror_capture_finish(
				recording->capture, mirror_capture_clock_now(&recording->clock));
	} while (rc == -EAGAIN && poll(&fd, 1, 100) >= 0 && mirror_capture_monotonic() < until_ns);
}

void
mirror_recording_close(struct recording *recording)
{
	struct mirror_capture_status status;

	mirror_capture_status_get(recording->capture, &status);
	recording->progress.written = recording->base + status.written;
	recording->progress.lost = recording->base + status.size;
	recording->base = recording->progress.lost;
	mirror_capture_close(recording->capture);
	recording->capture = NULL;
}
