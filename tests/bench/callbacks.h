/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_BENCH_CALLBACKS_H
#define TESTS_BENCH_CALLBACKS_H

/**
 * @file
 * Mirrors as others write them, each an rx callback with a struct way.
 */

#include <stdint.h>

struct rte_mbuf;

#define CALLBACK(name)                                                             \
	uint16_t name(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, \
			uint16_t nb_pkts, uint16_t max_pkts, void *user_param)

/** Does nothing: what any callback costs. */
CALLBACK(callback_empty);
/** The RFC's algorithm: one more reference of each segment. */
CALLBACK(callback_rfc);
/** rte_pktmbuf_clone() of each packet. */
CALLBACK(callback_clone);
/** rte_pktmbuf_copy() of each packet, as rte_eth_add_mirror() does. */
CALLBACK(callback_pktmbuf_copy);
/** rte_pktmbuf_copy() of each packet into a ring, as librte_pdump does. */
CALLBACK(callback_pdump);

#endif /* TESTS_BENCH_CALLBACKS_H */
