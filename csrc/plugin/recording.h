/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_RECORDING_H
#define MIRROR_PLUGIN_RECORDING_H

/**
 * @file
 * The captures that a sink writes, one after the other: what packets come from, and how far it has come (sink.h). For
 * the sink's thread.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../capture/capture.h"
#include "../capture/clock.h"
#include "../sink.h"

struct recording {
	struct mirror_capture *capture; /**< NULL: none is being written */
	int fd;                         /**< the capture's */
	enum mirror_capture_format format;
	struct mirror_capture_clock clock;
	uint64_t start_tsc;                             /**< when the capture began */
	uint32_t mirror_ids[MIRROR_CAPTURE_INTERFACES]; /**< of the capture's interfaces */
	uint32_t nb_interfaces;
	uint64_t base;                        /**< the position at which the capture began */
	struct mirror_sink_progress progress; /**< of the captures before it */
};

void mirror_recording_start(struct recording *recording);
/** Begins a capture, which then has the descriptor: 0 or -errno. */
int mirror_recording_begin(struct recording *recording, const struct mirror_capture_config *config);
/** Writes packets of a queue: as mirror_capture_write(), or as mirror_capture_add_interface(). */
int mirror_recording_write(struct recording *recording, const struct mirror_sink_origin *origin,
		struct mirror_sink_packet *packets, uint16_t nb_packets, unsigned int *taken);
/** Whether a mirror's packets are in the capture; then it is told its counters. */
bool mirror_recording_count(struct recording *recording, uint32_t mirror_id,
		const struct mirror_capture_counters *counters);
struct mirror_sink_progress mirror_recording_progress(const struct recording *recording);
/** As mirror_capture_tick(). */
int mirror_recording_tick(struct recording *recording, uint64_t now_ns);
/** Writes the end of the capture, as far as a stream takes it until then. */
void mirror_recording_finish(struct recording *recording, uint64_t until_ns);
/** Closes the capture as it is: what has not been written is lost. */
void mirror_recording_close(struct recording *recording);

#endif /* MIRROR_PLUGIN_RECORDING_H */
