/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_REAL_TARGET_H
#define TESTS_C_REAL_TARGET_H

/**
 * @file
 * A source that is mirrored to a port of a real driver, in whose packets and mirrors' mbufs misuse tells.
 */

#include <stdbool.h>
#include <stdint.h>

#include "testbed.h"
#include "ends.h"

struct real_target {
	struct rte_mempool *pool, *own_pool; /* the application's packets, the mirrors' mbufs */
	struct port source;
	struct end end;
	const struct rte_eth_rxtx_callback *look;
	/* What the target's driver has been handed since real_target_forget(). */
	uint16_t nb_seen, nb_shared, segs_max;
	uint64_t flags_seen;
};

/** Opens it with a driver's port as the target, and with those of the tx offloads that the driver has. */
void real_target_open(
		struct real_target *real, const struct end_driver *driver, uint64_t tx_offloads);
/** Checks that no packet is missing and none has arrived that the test did not take, and closes it. */
void real_target_close(struct real_target *real);
uint32_t real_target_mirror(
		const struct real_target *real, uint32_t directions, enum rte_mirror_mode mode);
void real_target_forget(struct real_target *real);

/** The driver behind this one, or the first, of those that are there and read late or do not; NULL: no more. */
const struct end_driver *real_target_next_driver(const struct end_driver *driver, bool reads_late);

/** A case that comes last: all that can be tested has been, but if a driver was missing, the program is skipped. */
void every_driver_was_there(void);

#endif /* TESTS_C_REAL_TARGET_H */
