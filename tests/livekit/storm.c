/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 *
 * A DPDK application that forwards in a circle, while two threads allocate, load and unload all the time: the hardest process to
 * load a library into. Until SIGTERM; then it says how many packets are missing, and its poller's longest pause.
 * storm EAL-ARGUMENTS, with a port that receives what it sends (net_ring).
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#define NB_PACKETS 64
#define BURST      32
#define NB_THREADS 2

static volatile sig_atomic_t is_over;
static unsigned int nb_away;

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
	fprintf(stderr, "storm: %s\n", what);
	exit(1);
}

/* Threads start where the poller is, which they would have wait: any other CPU, if there is one. */
static void
move_away(void)
{
	cpu_set_t cpus;
	int cpu;

	CPU_ZERO(&cpus);
	for (cpu = 0; cpu < sysconf(_SC_NPROCESSORS_ONLN) && cpu < CPU_SETSIZE; cpu++) {
		if (cpu != rte_lcore_to_cpu_id(rte_get_main_lcore()))
			CPU_SET(cpu, &cpus);
	}
	if (CPU_COUNT(&cpus) != 0)
		pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	__atomic_fetch_add(&nb_away, 1, __ATOMIC_RELAXED);
}

static void
await_all_away(void)
{
	while (__atomic_load_n(&nb_away, __ATOMIC_RELAXED) < NB_THREADS)
		sched_yield();
}

static void *
allocate(void *arg)
{
	void *kept[64] = { NULL };
	unsigned int seed = 1;

	(void)arg;
	move_away();
	while (!is_over) {
		const unsigned int i = rand_r(&seed) % 64;

		free(kept[i]);
		kept[i] = malloc(rand_r(&seed) % 100000);
	}
	return NULL;
}

static void *
load(void *arg)
{
	void *library;

	move_away();
	while (!is_over) {
		library = dlopen(arg, RTLD_NOW);
		need(library != NULL, "dlopen");
		dlclose(library);
	}
	return NULL;
}

static void
open_port(struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };

	need(rte_eth_dev_configure(0, 1, 1, &conf) == 0, "configure");
	need(rte_eth_rx_queue_setup(0, 0, 512, SOCKET_ID_ANY, NULL, pool) == 0, "rx queue");
	need(rte_eth_tx_queue_setup(0, 0, 512, SOCKET_ID_ANY, NULL) == 0, "tx queue");
	need(rte_eth_dev_start(0) == 0, "start");
}

static void
begin_circle(struct rte_mempool *pool)
{
	struct rte_mbuf *pkts[NB_PACKETS];
	uint16_t i;

	need(rte_pktmbuf_alloc_bulk(pool, pkts, NB_PACKETS) == 0, "packets");
	for (i = 0; i < NB_PACKETS; i++)
		memset(rte_pktmbuf_append(pkts[i], 64), i, 64);
	need(rte_eth_tx_burst(0, 0, pkts, NB_PACKETS) == NB_PACKETS, "send");
}

/* The longest time between two looks at the port, in cycles. */
static uint64_t
forward(void)
{
	uint64_t longest = 0, now, before = rte_rdtsc();
	struct rte_mbuf *pkts[BURST];
	uint16_t nb_rx, nb_tx;

	while (!is_over) {
		now = rte_rdtsc();
		longest = RTE_MAX(longest, now - before);
		before = now;
		nb_rx = rte_eth_rx_burst(0, 0, pkts, BURST);
		nb_tx = 0;
		while (nb_tx < nb_rx)
			nb_tx += rte_eth_tx_burst(0, 0, pkts + nb_tx, nb_rx - nb_tx);
	}
	return longest;
}

static unsigned int
end_circle(void)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int nb = 0, nb_looks;
	uint16_t nb_rx;

	for (nb_looks = 0; nb_looks < 10; nb_looks++) {
		nb_rx = rte_eth_rx_burst(0, 0, pkts, BURST);
		rte_pktmbuf_free_bulk(pkts, nb_rx);
		nb += nb_rx;
	}
	return nb;
}

int
main(int argc, char **argv)
{
	struct rte_mempool *pool;
	pthread_t threads[NB_THREADS];
	uint64_t longest;

	need(rte_eal_init(argc, argv) >= 0, "rte_eal_init");
	signal(SIGTERM, on_signal);
	pool = rte_pktmbuf_pool_create("pool", 1023, 32, 0, RTE_MBUF_DEFAULT_BUF_SIZE, 0);
	need(pool != NULL, "pool");
	open_port(pool);
	begin_circle(pool);
	need(pthread_create(&threads[0], NULL, allocate, NULL) == 0, "thread");
	need(pthread_create(&threads[1], NULL, load, "libBrokenLocale.so.1") == 0, "thread");
	await_all_away();
	puts("forwarding");
	fflush(stdout);
	longest = forward();
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	printf("missing %u, longest pause %" PRIu64 " us\n", NB_PACKETS - end_circle(),
			longest * 1000000 / rte_get_tsc_hz());
	rte_eth_dev_stop(0);
	rte_eth_dev_close(0);
	rte_mempool_free(pool);
	return rte_eal_cleanup() == 0 ? 0 : 1;
}
