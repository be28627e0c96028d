/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 *
 * Forwards between two ports, as DPDK's l2fwd does, and mirrors one of them to a third.
 *
 *   l2fwd-mirror EAL-OPTIONS -- [-m share|split|copy|auto] [-f FILTER] [-n FRAMES] PORT PORT TARGET
 *
 * Ports have the names of their devices. What the first port receives and sends is mirrored to TARGET; with -f, what the
 * filter chooses. Ends after SIGINT or SIGTERM, or once so many frames have been forwarded, and says what it has done.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mirror.h>

#define BURST   32
#define NB_PKTS 8191

struct options {
	enum rte_mirror_mode mode;
	const char *filter;
	uint64_t frames; /* 0: no end */
	uint16_t ports[2];
	uint16_t target;
};

static volatile sig_atomic_t is_ending;

static void
end(int number)
{
	(void)number;
	is_ending = 1;
}

static uint16_t
find_port(const char *name)
{
	uint16_t port;

	if (rte_eth_dev_get_port_by_name(name, &port) != 0)
		rte_exit(EXIT_FAILURE, "%s: no such port\n", name);
	return port;
}

static enum rte_mirror_mode
find_mode(const char *name)
{
	static const char *const names[] = { "share", "split", "copy", "auto" };
	unsigned int i;

	for (i = 0; i < RTE_DIM(names); i++) {
		if (strcmp(names[i], name) == 0)
			return (enum rte_mirror_mode)i;
	}
	rte_exit(EXIT_FAILURE, "%s: no such mode\n", name);
}

static uint64_t
read_number(const char *text)
{
	char *rest;
	const uint64_t number = strtoull(text, &rest, 10);

	if (*text < '0' || *text > '9' || *rest != '\0')
		rte_exit(EXIT_FAILURE, "%s: no number\n", text);
	return number;
}

static struct options
read_options(int argc, char **argv)
{
	struct options options = { .mode = RTE_MIRROR_AUTO };
	int option;

	while ((option = getopt(argc, argv, "m:f:n:")) != -1) {
		if (option == 'm')
			options.mode = find_mode(optarg);
		else if (option == 'f')
			options.filter = optarg;
		else if (option == 'n')
			options.frames = read_number(optarg);
		else
			exit(EXIT_FAILURE);
	}
	if (argc - optind != 3)
		rte_exit(EXIT_FAILURE, "give PORT PORT TARGET\n");
	options.ports[0] = find_port(argv[optind]);
	options.ports[1] = find_port(argv[optind + 1]);
	options.target = find_port(argv[optind + 2]);
	if (options.ports[0] == options.ports[1] || options.ports[0] == options.target ||
			options.ports[1] == options.target)
		rte_exit(EXIT_FAILURE, "give three ports, each once\n");
	return options;
}

/* A target gets chains where its driver takes them, else the library copies these. */
static void
start_port(uint16_t port, struct rte_mempool *pool)
{
	const int socket = rte_eth_dev_socket_id(port);
	struct rte_eth_dev_info info;
	struct rte_eth_conf conf = { 0 };

	if (rte_eth_dev_info_get(port, &info) != 0)
		rte_exit(EXIT_FAILURE, "port %u does not say what it is\n", port);
	conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (rte_eth_dev_configure(port, 1, 1, &conf) != 0 ||
			rte_eth_rx_queue_setup(port, 0, 512, socket, NULL, pool) != 0 ||
			rte_eth_tx_queue_setup(port, 0, 512, socket, NULL) != 0 ||
			rte_eth_dev_start(port) != 0)
		rte_exit(EXIT_FAILURE, "port %u does not start\n", port);
	rte_eth_promiscuous_enable(port);
}

static void
end_port(uint16_t port)
{
	rte_eth_dev_stop(port);
	rte_eth_dev_close(port);
}

static uint32_t
start_mirror(const struct options *options)
{
	struct rte_mirror_select select = { .filter = options->filter };
	struct rte_mirror_param param = {
		.target_port = options->target,
		.directions = RTE_MIRROR_RX | RTE_MIRROR_TX,
		.mode = options->mode,
		.select = &select,
	};
	struct rte_mirror_info info;
	uint32_t id;

	if (rte_mirror_add(options->ports[0], &param, &id) != 0 ||
			rte_mirror_info_get(id, &info) != 0)
		rte_exit(EXIT_FAILURE, "mirror port %u: %s\n", options->ports[0],
				rte_mirror_last_error());
	printf("mirroring by %s: %s\n",
			info.mode == RTE_MIRROR_SHARE                 ? "share" :
					info.mode == RTE_MIRROR_SPLIT ? "split" :
									"copy",
			info.mode_reason);
	return id;
}

/* As l2fwd: from the port that sends it, to an address that tells which port that is. */
static void
set_addresses(struct rte_mbuf *pkt, uint16_t port)
{
	struct rte_ether_hdr *header = rte_pktmbuf_mtod(pkt, struct rte_ether_hdr *);
	const struct rte_ether_addr to = { .addr_bytes = { 2, 0, 0, 0, 0, (uint8_t)port } };

	header->dst_addr = to;
	rte_eth_macaddr_get(port, &header->src_addr);
}

static uint16_t
forward(uint16_t from, uint16_t to)
{
	struct rte_mbuf *pkts[BURST];
	uint16_t received, sent, i;

	received = rte_eth_rx_burst(from, 0, pkts, BURST);
	for (i = 0; i < received; i++)
		set_addresses(pkts[i], to);
	sent = rte_eth_tx_burst(to, 0, pkts, received);
	rte_pktmbuf_free_bulk(&pkts[sent], received - sent);
	return sent;
}

static uint64_t
forward_until_the_end(const struct options *options)
{
	uint64_t forwarded = 0;

	while (!is_ending && (options->frames == 0 || forwarded < options->frames)) {
		forwarded += forward(options->ports[0], options->ports[1]);
		forwarded += forward(options->ports[1], options->ports[0]);
	}
	return forwarded;
}

int
main(int argc, char **argv)
{
	struct rte_mempool *pool;
	struct rte_mirror_stats stats = { 0 };
	struct options options;
	uint64_t forwarded;
	uint32_t mirror;
	int used = rte_eal_init(argc, argv);

	if (used < 0)
		return EXIT_FAILURE;
	options = read_options(argc - used, argv + used);
	pool = rte_pktmbuf_pool_create(
			"packets", NB_PKTS, 250, 0, RTE_MBUF_DEFAULT_BUF_SIZE, rte_socket_id());
	if (pool == NULL)
		rte_exit(EXIT_FAILURE, "no memory for %u packets\n", NB_PKTS);
	start_port(options.ports[0], pool);
	start_port(options.ports[1], pool);
	start_port(options.target, pool);
	mirror = start_mirror(&options);
	signal(SIGINT, end);
	signal(SIGTERM, end);
	printf("forwarding\n");
	fflush(stdout);
	forwarded = forward_until_the_end(&options);
	rte_mirror_stats_get(mirror, &stats);
	/* When it returns, nobody is inside the mirror, and its ports may be stopped. */
	rte_mirror_remove(mirror);
	printf("forwarded %" PRIu64 " frames; mirrored %" PRIu64 ", %" PRIu64 " filtered, %" PRIu64
	       " lost\n",
			forwarded, stats.packets, stats.filtered, stats.full + stats.nombuf);
	end_port(options.ports[0]);
	end_port(options.ports[1]);
	end_port(options.target);
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
