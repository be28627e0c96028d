/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A secondary process that reads a ring of the first one's: ring_reader EAL-ARGUMENTS -- RING COUNT LENGTH. It reads so many packets
 * of so many bytes, says so, and stays until it is killed.
 */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

static void
read_one(struct rte_ring *ring, uint32_t length)
{
	struct rte_mbuf *pkt = NULL;

	while (rte_ring_dequeue(ring, (void **)&pkt) != 0)
		usleep(50);
	if (pkt->pkt_len != length || pkt->data_len != length)
		rte_exit(EXIT_FAILURE, "a packet of %u bytes\n", pkt->pkt_len);
	rte_pktmbuf_free(pkt);
}

int
main(int argc, char **argv)
{
	const int nb_taken = rte_eal_init(argc, argv);
	struct rte_ring *ring;
	long nb;

	if (nb_taken < 0 || argc - nb_taken != 4)
		return 2;
	argv += nb_taken;
	ring = rte_ring_lookup(argv[1]);
	if (ring == NULL)
		return 3;
	for (nb = atol(argv[2]); nb > 0; nb--)
		read_one(ring, (uint32_t)atol(argv[3]));
	printf("read\n");
	fflush(stdout);
	for (;;)
		pause();
}
