/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_STARTED_H
#define MIRROR_STARTED_H

/**
 * @file
 * Whether a port is started, which no public call tells.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

/** Of a port that there is: ethdev gives one that is not started the burst functions of one that never was. */
static inline bool
mirror_ethdev_is_started(uint16_t port_id)
{
	uint16_t unused = 0;

	while (unused < RTE_MAX_ETHPORTS && rte_eth_dev_is_valid_port(unused))
		unused++;
	return unused == RTE_MAX_ETHPORTS ||
			rte_eth_fp_ops[port_id].tx_pkt_burst != rte_eth_fp_ops[unused].tx_pkt_burst;
}

#endif /* MIRROR_STARTED_H */
