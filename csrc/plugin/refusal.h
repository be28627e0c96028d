/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_REFUSAL_H
#define MIRROR_PLUGIN_REFUSAL_H

/**
 * @file
 * Why a command is refused: one sentence that says what, why, and what to do.
 *
 * Whoever finds the reason writes it here and returns what mirror_plugin_refuse() returns; whoever calls returns that too,
 * and the command's answer reads the sentence. So there is one for each refusal, and it is written where the most is known.
 */

#include <rte_common.h>

#include "rte_mirror.h"

/** Bytes of a sentence, the terminating 0 included; what is longer is cut. */
#define PLUGIN_REASON_SIZE 512

/** Keeps the sentence for this thread; returns -error. */
int mirror_plugin_refuse(int error, const char *format, ...) __rte_format_printf(2, 3);

/** The sentence of this thread's last refusal. */
const char *mirror_plugin_reason(void);

/** The library's own refusal: keeps rte_mirror_last_error(); returns rc, which is what the library returned. */
static inline int
mirror_plugin_refuse_as_library(int rc)
{
	return mirror_plugin_refuse(-rc, "%s", rte_mirror_last_error());
}

#endif /* MIRROR_PLUGIN_REFUSAL_H */
