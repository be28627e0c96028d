/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_REQUEST_H
#define MIRROR_PLUGIN_REQUEST_H

/**
 * @file
 * What comes in at the library's own socket, and its answer: the same as telemetry's, with its limits, see
 * rte_telemetry.h. But a request that is too long is refused here, not cut.
 */

#include <stddef.h>

#include "pairs.h"
#include "text.h"

/** One byte more than the longest request has. */
#define REQUEST_SIZE        1024
#define REQUEST_ANSWER_SIZE 16384

/**
 * Answers a request.
 *
 * @param request
 *   /COMMAND,PARAMETERS: any bytes, of which the first REQUEST_SIZE are there.
 * @param length
 *   How many there were, at least 1.
 * @param peer
 *   Who asks; NULL: not known.
 * @param answer
 *   An empty text of REQUEST_ANSWER_SIZE; gets {"/COMMAND":VALUE} in JSON.
 */
void mirror_request_answer(
		const char *request, size_t length, const struct peer *peer, struct text *answer);

#endif /* MIRROR_PLUGIN_REQUEST_H */
