/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_REFUSAL_H
#define TESTS_C_REFUSAL_H

/**
 * @file
 * Parameters that are refused, and all that must not come of them.
 */

#include "testbed.h"

/** Parameters, what comes of them, and a part of the sentence. */
struct refusal {
	struct rte_mirror_param param;
	int rc;
	const char *says;
};

/** Passes packets through the source, which is mirrored to testbed->target alone: how many mirrors shared each. */
unsigned int nb_shared(const struct testbed *testbed);

/**
 * Checks for each, with testbed->target as its target and rx as its direction, that no mirror, callback or pool comes of
 * adding it, and that a mirror goes on as it was when it is to be updated so.
 */
void check_refusals(const struct testbed *testbed, struct refusal *refusals, unsigned int nb);

#endif /* TESTS_C_REFUSAL_H */
