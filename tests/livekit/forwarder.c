/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * An application of the tests' own, which knows nothing of mirrors: it forwards between ports 0 and 1, 2 and 3, and so
 * on, until SIGTERM; a last one without a partner is started, too. At SIGUSR1 it forks a child that exits, at SIGUSR2
 * one that stays, and says so.
 * forwarder EAL-ARGUMENTS -- HOW, where HOW is one of the ends below. With -DRELEASE it says that it has that one of
 * DPDK.
 */

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static volatile sig_atomic_t is_over, is_to_fork;
static struct rte_mempool *pool;
static uint16_t nb_ports;
static uint64_t nb_received;

static void
on_signal(int number)
{
	if (number == SIGTERM)
		is_over = 1;
	else
		is_to_fork = number;
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
open_port(uint16_t port)
{
	const struct rte_eth_conf conf = { .rxmode.mq_mode = RTE_ETH_MQ_RX_NONE };

	need(rte_eth_dev_configure(port, 1, 1, &conf) == 0, "configure");
	need(rte_eth_rx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL, pool) == 0, "rx queue");
	need(rte_eth_tx_queue_setup(port, 0, 512, SOCKET_ID_ANY, NULL) == 0, "tx queue");
	need(rte_eth_dev_start(port) == 0, "start");
}

/* One child ends as any program does, with all that its libraries have to do then; the other outlives its parent. */
static void
fork_child(void)
{
	const bool is_to_stay = is_to_fork == SIGUSR2;
	const pid_t child = fork();
	int status;

	need(child >= 0, "fork");
	if (child == 0 && is_to_stay)
		pause();
	if (child == 0)
		exit(0);
	if (!is_to_stay)
		need(waitpid(child, &status, 0) == child && status == 0, "child");
	printf("forked %d\n", child);
	fflush(stdout);
	is_to_fork = 0;
}

static void
forward(void)
{
	struct rte_mbuf *burst[BURST];
	uint16_t port, nb, nb_sent;

	while (!is_over) {
		for (port = 0; port < (nb_ports & ~1); port++) {
			nb = rte_eth_rx_burst(port, 0, burst, BURST);
			nb_received += nb;
			nb_sent = nb > 0 ? rte_eth_tx_burst(port ^ 1, 0, burst, nb) : 0;
			rte_pktmbuf_free_bulk(burst + nb_sent, nb - nb_sent);
		}
		if (is_to_fork)
			fork_child();
	}
}

static void
close_port(uint16_t port)
{
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
}

/* Long enough for any thread that looks every so often to look at what is no longer there. */
static void
linger(void)
{
	usleep(1200000);
}

static int
end_by_cleanup(void)
{
	uint16_t port;

	for (port = 0; port < nb_ports; port++)
		close_port(port);
	printf("received %" PRIu64 ", missing mbufs %u\n", nb_received,
			rte_mempool_in_use_count(pool));
	fflush(stdout);
	return -rte_eal_cleanup();
}

static int
end_slowly(void)
{
	int rc = end_by_cleanup();

	linger();
	return rc;
}

static int
end_with_ports_open(void)
{
	int rc = -rte_eal_cleanup();

	linger();
	return rc;
}

/* Those of others, too. */
static int
end_with_all_ports_closed(void)
{
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (rte_eth_dev_is_valid_port(port))
			close_port(port);
	}
	return end_with_ports_open();
}

static void
clean_up(void)
{
	(void)end_with_ports_open();
}

static int
end_by_atexit(void)
{
	atexit(clean_up);
	exit(7);
}

static int
end_by_exit(void)
{
	exit(7);
}

static int
end_by_return(void)
{
	return 7;
}

static int
end_by_quick_exit(void)
{
	quick_exit(7);
}

static int
end_at_once(void)
{
	_exit(7);
}

static void
end_in_handler(int number)
{
	(void)number;
	clean_up();
	exit(7);
}

static const struct end {
	const char *name;
	int (*run)(void);         /* its exit code is 0 if it cleans EAL up first, else 7 */
	void (*on_signal)(int);   /* instead, if it ends there: in the midst of a burst, maybe */
	void (*before_eal)(void); /* run at exit, registered before there is EAL */
} ends[] = {
	{ "cleanup", end_by_cleanup, on_signal, NULL },
	{ "slowly", end_slowly, on_signal, NULL },
	{ "ports open", end_with_ports_open, on_signal, NULL },
	{ "all ports closed", end_with_all_ports_closed, on_signal, NULL },
	{ "exit", end_by_exit, on_signal, NULL },
	{ "atexit", end_by_atexit, on_signal, NULL },
	{ "early atexit", end_by_exit, on_signal, clean_up },
	{ "return", end_by_return, on_signal, NULL },
	{ "quick_exit", end_by_quick_exit, on_signal, NULL },
	{ "_exit", end_at_once, on_signal, NULL },
	{ "handler", NULL, end_in_handler, NULL },
	{ "signal", NULL, SIG_DFL, NULL },
};

static const struct end *
find_end(const char *name)
{
	size_t i;

	for (i = 0; i < RTE_DIM(ends); i++) {
		if (strcmp(ends[i].name, name) == 0)
			return &ends[i];
	}
	need(0, "no such end");
	return NULL;
}

int
main(int argc, char *argv[])
{
	const struct end *end = find_end(argv[argc - 1]);
	uint16_t port;
	int nb_eal;

	if (end->before_eal != NULL)
		atexit(end->before_eal);
	nb_eal = rte_eal_init(argc, argv);
	need(nb_eal >= 0 && argc - nb_eal == 2, "start");
	nb_ports = rte_eth_dev_count_avail();
	signal(SIGTERM, end->on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	pool = rte_pktmbuf_pool_create("packets", NB_MBUFS, 250, 0, 2176, SOCKET_ID_ANY);
	need(pool != NULL, "pool");
	for (port = 0; port < nb_ports; port++)
		open_port(port);
	puts("forwarding");
	fflush(stdout);
	forward();
	return end->run();
}
