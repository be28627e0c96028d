/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A plugin of the tests' own, for -d: it reads rings late, when it is told to. /reader/take,RING:FILE takes what is in a
 * ring, and writes to a file the length of each packet, in 4 bytes, and the packet. /reader/callbacks counts the queues
 * of ports that have callbacks.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_telemetry.h>

static void
write_packet(FILE *file, struct rte_mbuf *pkt)
{
	const struct rte_mbuf *segment;

	fwrite(&pkt->pkt_len, sizeof(pkt->pkt_len), 1, file);
	for (segment = pkt; segment != NULL; segment = segment->next)
		fwrite(rte_pktmbuf_mtod(segment, const void *), segment->data_len, 1, file);
}

static int
take(const char *command, const char *params, struct rte_tel_data *answer)
{
	char name[RTE_RING_NAMESIZE], path[256];
	struct rte_ring *ring;
	struct rte_mbuf *pkt;
	unsigned int nb = 0;
	FILE *file;

	(void)command;
	if (params == NULL || sscanf(params, "%28[^:]:%255s", name, path) != 2)
		return -EINVAL;
	ring = rte_ring_lookup(name);
	file = fopen(path, "wb");
	if (ring == NULL || file == NULL)
		return -ENOENT;
	for (; rte_ring_dequeue(ring, (void **)&pkt) == 0; nb++) {
		write_packet(file, pkt);
		rte_pktmbuf_free(pkt);
	}
	fclose(file);
	rte_tel_data_start_array(answer, RTE_TEL_INT_VAL);
	return rte_tel_data_add_array_int(answer, (int)nb);
}

static int
count_callbacks(const char *command, const char *params, struct rte_tel_data *answer)
{
	unsigned int nb = 0;
	uint16_t port, queue;

	(void)command;
	(void)params;
	RTE_ETH_FOREACH_DEV(port) {
		for (queue = 0; queue < RTE_MAX_QUEUES_PER_PORT; queue++) {
			nb += rte_eth_fp_ops[port].rxq.clbk[queue] != NULL;
			nb += rte_eth_fp_ops[port].txq.clbk[queue] != NULL;
		}
	}
	rte_tel_data_start_array(answer, RTE_TEL_INT_VAL);
	return rte_tel_data_add_array_int(answer, (int)nb);
}

RTE_INIT(reader_load)
{
	rte_telemetry_register_cmd("/reader/callbacks", count_callbacks,
			"Counts the queues that have callbacks. No parameters");
	rte_telemetry_register_cmd(
			"/reader/take", take, "Takes what is in a ring. Parameters: RING:FILE");
}
