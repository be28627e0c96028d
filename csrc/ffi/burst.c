/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "burst.h"
#include "frames.h"

int
ffi_burst_send(const struct ffi_burst_target *target, const struct ffi_frames *frames)
{
	struct rte_mbuf **pkts;
	uint16_t sent;
	int rc;

	if (frames->count > UINT16_MAX)
		return -ERANGE;
	if (frames->count == 0)
		return 0;
	pkts = calloc(frames->count, sizeof(*pkts));
	if (pkts == NULL)
		return -ENOMEM;
	rc = ffi_frames_to_packets(target, frames, pkts);
	if (rc == 0) {
		sent = rte_eth_tx_burst(target->port_id, target->queue_id, pkts, frames->count);
		rte_pktmbuf_free_bulk(&pkts[sent], frames->count - sent);
		rc = sent;
	}
	free(pkts);
	return rc;
}

int
ffi_burst_receive(uint16_t port_id, uint16_t queue_id, uint16_t limit, struct ffi_frames *frames)
{
	struct rte_mbuf **pkts;
	uint16_t nb;
	int rc;

	pkts = calloc(limit + 1, sizeof(*pkts));
	if (pkts == NULL)
		return -ENOMEM;
	nb = rte_eth_rx_burst(port_id, queue_id, pkts, limit);
	rc = ffi_frames_of_packets(pkts, nb, frames);
	rte_pktmbuf_free_bulk(pkts, nb);
	free(pkts);
	return rc;
}
