/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_FILTER_PACKETS_H
#define TESTS_FILTER_PACKETS_H

/**
 * @file
 * A packet as mbufs, cut in different ways. Each segment ends where a page does that nobody can read.
 */

#include <stdint.h>

#include <rte_mbuf.h>

#include "programs.h"

/** The longest packet. */
#define PACKET_MAX 400

/** How packets are cut: bytes a segment. */
#define NB_CUTS 4
extern const uint16_t packet_cuts[NB_CUTS];

/** One packet in all its cuts. */
struct packet {
	uint8_t bytes[PACKET_MAX];
	uint16_t length;
	struct rte_mbuf *cuts[NB_CUTS];
};

/** Makes a packet of these bytes. */
void packet_cut(struct packet *packet);
/** Makes a packet that is like those of a network often enough. */
void packet_make(random_state *state, struct packet *packet);
/** Frees all segments that there are. */
void packets_free(void);

#endif /* TESTS_FILTER_PACKETS_H */
