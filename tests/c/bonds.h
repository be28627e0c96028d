/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_BONDS_H
#define TESTS_C_BONDS_H

/**
 * @file
 * Bonds, as targets that transmit through other ports; and testbeds where a poller that waits for ever ends the program.
 */

#include "testbed.h"

/** A bond over one member. */
struct bonds {
	uint16_t member, bond;
};

/** Opens net_bonding<number> over net_null<number>, each with so many queues each way; the bond transmits. */
void bonds_open(struct bonds *bonds, unsigned int number, uint16_t nb_queues,
		struct rte_mempool *pool);
void bonds_close(const struct bonds *bonds, unsigned int number);
/** Waits until a bond transmits: it has to notice that its members' links are up. */
void bond_wait(uint16_t port_id, struct rte_mempool *pool);

/** As testbed_open() and testbed_close(); between them there is a minute, or SIGALRM ends the program. */
void watched_open(struct testbed *testbed, const struct port_options *source,
		const struct port_options *target);
void watched_close(struct testbed *testbed);

#endif /* TESTS_C_BONDS_H */
