/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_EDITS_H
#define TESTS_C_EDITS_H

/**
 * @file
 * What applications do to a packet that they hold.
 */

#include <stdbool.h>

#include "originals.h"

struct edit {
	const char *name;
	/** Does it, if it can be done to such a packet; *pkt is what the packet is then, NULL: freed. */
	bool (*apply)(const struct originals *originals, struct rte_mbuf **pkt);
};

/** Edits of the mbuf's fields and of the first RTE_MIRROR_SPLIT_LEN bytes; ends with an empty one. */
extern const struct edit header_edits[];

/** Edits behind those bytes; ends with an empty one. */
extern const struct edit payload_edits[];

#endif /* TESTS_C_EDITS_H */
