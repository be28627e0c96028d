/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * An application of the tests' own, which knows nothing of mirrors: it forwards between ports 0 and 1, 2 and 3, and so
 * on, until SIGTERM.
 * forwarder EAL-ARGUMENTS -- HOW, where HOW is how it ends: cleanup (after it has closed its ports, and counted its
 * mbufs), or exit (from the midst of it). Its exit code is 0 and 7, then. With -DRELEASE it says that it has that one of
 * DPDK.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#define NB_MBUFS 8191
#define BURST    32

#ifdef RELEASE
/* Of the two that there are then, the program's own is found. */
const char *rte_version(void);

const char *
rte_version(void)
{
	return RELEASE;
}
#endif

static volatile sig_atomic_t is_over;

static void
on_signal(int number)
{
	(void)number;
	is_over = 1;
}

static void
need(int is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "forwarder: %s\n", what);
	exit(1);
}

static void
open_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };

	need(rte_eth_dev_configure(port, 1, 1, &conf) == 0, "configure");
	need(rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL, pool) == 0, "rx queue");
	need(rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL) == 0, "tx queue");
	need(rte_eth_dev_start(port) == 0, "start");
}

static uint64_t
forward(uint16_t nb_ports)
{
	struct rte_mbuf *burst[BURST];
	uint64_t nb_received = 0;
	uint16_t port, nb, nb_sent;

	while (!is_over) {
		for (port = 0; port < nb_ports; port++) {
			nb = rte_eth_rx_burst(port, 0, burst, BURST);
			nb_received += nb;
			nb_sent = nb > 0 ? rte_eth_tx_burst(port ^ 1, 0, burst, nb) : 0;
			rte_pktmbuf_free_bulk(burst + nb_sent, nb - nb_sent);
		}
	}
	return nb_received;
}

int
main(int argc, char *argv[])
{
	const int nb_eal = rte_eal_init(argc, argv);
	struct rte_mempool *pool;
	uint64_t nb_received;
	uint16_t port, nb_ports;

	need(nb_eal >= 0 && argc - nb_eal == 2, "start");
	nb_ports = rte_eth_dev_count_avail() & ~1u;
	signal(SIGTERM, on_signal);
	pool = rte_pktmbuf_pool_create("packets", NB_MBUFS, 250, 0, 2176, SOCKET_ID_ANY);
	need(pool != NULL, "pool");
	for (port = 0; port < nb_ports; port++)
		open_port(port, pool);
	puts("forwarding");
	fflush(stdout);
	nb_received = forward(nb_ports);
	if (strcmp(argv[nb_eal + 1], "exit") == 0)
		exit(7);
	for (port = 0; port < nb_ports; port++) {
		rte_eth_dev_stop(port);
		rte_eth_dev_close(port);
	}
	printf("received %" PRIu64 ", missing mbufs %u\n", nb_received,
			rte_mempool_in_use_count(pool));
	fflush(stdout);
	return -rte_eal_cleanup();
}
