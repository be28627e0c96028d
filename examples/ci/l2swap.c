/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 *
 * Sends each frame back where it came from, with source and destination swapped, until SIGTERM or SIGINT.
 * After "--": how many frames to forward before it ends by itself.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>

#define BURST 32

static volatile sig_atomic_t is_ending;

static void
end(int signal)
{
	(void)signal;
	is_ending = 1;
}

static int
start_port(uint16_t port, struct rte_mempool *pool)
{
	struct rte_eth_conf conf = { 0 };
	int rc;

	rc = rte_eth_dev_configure(port, 1, 1, &conf);
	if (rc == 0)
		rc = rte_eth_rx_queue_setup(port, 0, 256, rte_eth_dev_socket_id(port), NULL, pool);
	if (rc == 0)
		rc = rte_eth_tx_queue_setup(port, 0, 256, rte_eth_dev_socket_id(port), NULL);
	return rc == 0 ? rte_eth_dev_start(port) : rc;
}

static void
swap(struct rte_mbuf *mbuf)
{
	struct rte_ether_hdr *header = rte_pktmbuf_mtod(mbuf, struct rte_ether_hdr *);
	struct rte_ether_addr source = header->src_addr;

	header->src_addr = header->dst_addr;
	header->dst_addr = source;
}

static uint16_t
forward(uint16_t port)
{
	struct rte_mbuf *burst[BURST];
	uint16_t received, sent, i;

	received = rte_eth_rx_burst(port, 0, burst, BURST);
	for (i = 0; i < received; i++)
		swap(burst[i]);
	sent = rte_eth_tx_burst(port, 0, burst, received);
	for (i = sent; i < received; i++)
		rte_pktmbuf_free(burst[i]);
	return sent;
}

int
main(int argc, char **argv)
{
	struct rte_mempool *pool;
	uint64_t forwarded = 0, limit;
	uint16_t port;
	int used;

	used = rte_eal_init(argc, argv);
	if (used < 0)
		return EXIT_FAILURE;
	limit = used + 1 < argc ? strtoull(argv[used + 1], NULL, 10) : UINT64_MAX;
	pool = rte_pktmbuf_pool_create(
			"packets", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, rte_socket_id());
	if (pool == NULL)
		return EXIT_FAILURE;
	RTE_ETH_FOREACH_DEV(port)
		if (start_port(port, pool) != 0)
			return EXIT_FAILURE;
	signal(SIGTERM, end);
	signal(SIGINT, end);
	printf("forwarding on %u ports\n", rte_eth_dev_count_avail());
	fflush(stdout);
	while (!is_ending && forwarded < limit)
		RTE_ETH_FOREACH_DEV(port)
			forwarded += forward(port);
	printf("forwarded %" PRIu64 " frames\n", forwarded);
	RTE_ETH_FOREACH_DEV(port)
		rte_eth_dev_stop(port); /* net_pcap writes out its file */
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
