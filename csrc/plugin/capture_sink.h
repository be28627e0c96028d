/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_CAPTURE_SINK_H
#define MIRROR_PLUGIN_CAPTURE_SINK_H

/**
 * @file
 * A sink that writes what it is given to a file, or to whoever connects to a socket.
 */

#include <stdbool.h>
#include <stdint.h>

#include "../capture/capture.h"
#include "rte_mirror.h"
#include "stream_socket.h"

struct capture_sink;

struct capture_sink_config {
	char name[128]; /* of the target */
	enum mirror_capture_format format;
	struct mirror_capture_limits limits;
	uint64_t seconds;            /* it ends after so many, with a reader or without; 0: none */
	int fd;                      /* of a file, open to write; negative: it is a stream */
	struct stream_socket socket; /* of a stream */
	bool ends_with_reader;       /* a stream: it goes on for no second one */
};

/**
 * Makes one, which then has the descriptors.
 *
 * @param[out] number
 *   For a mirror's target_port.
 * @return
 *   0 or -errno, the refusal kept.
 */
int mirror_capture_sink_open(const struct capture_sink_config *config, struct capture_sink **sink,
		uint16_t *number);

/**
 * Whether it has ended since its reader has gone, or none has come in time, unless it is known that one will; then reason
 * says so. By the end of a limit: no.
 */
bool mirror_capture_sink_is_left(
		struct capture_sink *sink, bool will_come, char reason[RTE_MIRROR_REASON_SIZE]);

/** Ends one that no mirror sends to: what it was given is written when this returns, but for a disk or a reader that stalls. */
void mirror_capture_sink_close(struct capture_sink *sink, uint16_t number);

/** Waits until all of them have written what they had been given, when the process ends; not for long. */
void mirror_capture_sinks_finish(void);

#endif /* MIRROR_PLUGIN_CAPTURE_SINK_H */
