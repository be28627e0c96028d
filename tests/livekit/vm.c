/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * The network card of a virtual machine: vm EAL-ARGUMENTS -- HEARD, with a net_virtio_user port. It sends the frames that
 * come in at stdin, and writes those that it receives to the file HEARD: both as records. It ends with its stdin.
 */

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>
#include <rte_udp.h>

#define BURST          32
#define LONGEST        65000
#define MAX_QUEUES     2
#define NB_DESCRIPTORS 1024
/* That wait in a queue to be taken. */
#define NB_SAID 128

/* Before each frame. */
struct record {
	uint32_t length;
	uint16_t queue;
	uint16_t segment; /* that it is to be cut into segments of so many bytes; 0: it is not */
	uint32_t is_unfinished; /* that its checksum of TCP or UDP is not there yet */
};

/* All that the card does not do itself is for its kernel, and the other way round. */
static const struct rte_eth_conf conf = {
	.rxmode.offloads = RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM |
			RTE_ETH_RX_OFFLOAD_TCP_LRO,
	.txmode.offloads = RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |
			RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_MULTI_SEGS,
};

static struct rte_mempool *said_pool, *heard_pool;
static uint16_t nb_queues;

static void
need(int is_true, const char *what)
{
	if (is_true)
		return;
	fprintf(stderr, "vm: %s\n", what);
	_exit(1);
}

static void
open_port(void)
{
	struct rte_eth_dev_info info;
	struct rte_eth_conf wanted = conf;
	uint16_t queue;

	need(rte_eth_dev_info_get(0, &info) == 0, "no port");
	nb_queues = info.max_tx_queues;
	/* Frames that are sent are given back with the next one. */
	info.default_txconf.tx_free_thresh = NB_DESCRIPTORS - 4;
	need(nb_queues <= MAX_QUEUES, "too many queues");
	/* A switch may offer less, as to a real one. */
	wanted.rxmode.offloads &= info.rx_offload_capa;
	wanted.txmode.offloads &= info.tx_offload_capa;
	need(rte_eth_dev_configure(0, nb_queues, nb_queues, &wanted) == 0, "configure");
	for (queue = 0; queue < nb_queues; queue++) {
		need(rte_eth_rx_queue_setup(0, queue, NB_DESCRIPTORS, SOCKET_ID_ANY, NULL,
				     heard_pool) == 0,
				"rx queue");
		need(rte_eth_tx_queue_setup(
				     0, queue, NB_SAID, SOCKET_ID_ANY, &info.default_txconf) == 0,
				"tx queue");
	}
	need(rte_eth_dev_start(0) == 0, "start");
}

/* Leaves to the card what a kernel does, of frames of Ethernet, IP without options, and TCP or UDP. */
static void
leave_undone(struct rte_mbuf *pkt, uint16_t segment)
{
	const uint8_t *ip = rte_pktmbuf_mtod_offset(pkt, uint8_t *, RTE_ETHER_HDR_LEN);
	const uint8_t protocol = ip[0] >> 4 == 4 ?
			((const struct rte_ipv4_hdr *)ip)->next_proto_id :
			((const struct rte_ipv6_hdr *)ip)->proto;

	pkt->l2_len = RTE_ETHER_HDR_LEN;
	pkt->l3_len = ip[0] >> 4 == 4 ? sizeof(struct rte_ipv4_hdr) : sizeof(struct rte_ipv6_hdr);
	pkt->l4_len = protocol == IPPROTO_TCP ? sizeof(struct rte_tcp_hdr) :
						sizeof(struct rte_udp_hdr);
	pkt->ol_flags |= ip[0] >> 4 == 4 ? RTE_MBUF_F_TX_IPV4 : RTE_MBUF_F_TX_IPV6;
	pkt->ol_flags |= protocol == IPPROTO_TCP ? RTE_MBUF_F_TX_TCP_CKSUM :
						   RTE_MBUF_F_TX_UDP_CKSUM;
	if (segment == 0)
		return;
	pkt->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	pkt->tso_segsz = segment;
}

static void *
say(void *unused)
{
	struct record record;
	struct rte_mbuf *pkt;

	while (fread(&record, sizeof(record), 1, stdin) == 1) {
		while ((pkt = rte_pktmbuf_alloc(said_pool)) == NULL)
			usleep(10);
		need(fread(rte_pktmbuf_append(pkt, record.length), record.length, 1, stdin) == 1,
				"half a frame");
		if (record.is_unfinished != 0)
			leave_undone(pkt, record.segment);
		need(rte_eth_tx_prepare(0, record.queue, &pkt, 1) == 1,
				"a frame that cannot be sent");
		while (rte_eth_tx_burst(0, record.queue, &pkt, 1) == 0)
			usleep(10);
	}
	_exit(0);
	return unused;
}

static void
write_heard(FILE *heard, uint16_t queue, struct rte_mbuf *pkt)
{
	const uint64_t checksum = pkt->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK;
	const struct record record = {
		.length = pkt->pkt_len,
		.queue = queue,
		.segment = (pkt->ol_flags & RTE_MBUF_F_RX_LRO) != 0 ? pkt->tso_segsz : 0,
		.is_unfinished = checksum == RTE_MBUF_F_RX_L4_CKSUM_NONE,
	};
	const struct rte_mbuf *segment;

	fwrite(&record, sizeof(record), 1, heard);
	for (segment = pkt; segment != NULL; segment = segment->next)
		fwrite(rte_pktmbuf_mtod(segment, const void *), segment->data_len, 1, heard);
	rte_pktmbuf_free(pkt);
}

static void
hear(FILE *heard)
{
	struct rte_mbuf *burst[BURST];
	uint16_t queue, i, nb, nb_in_all;

	for (;;) {
		nb_in_all = 0;
		for (queue = 0; queue < nb_queues; queue++) {
			nb = rte_eth_rx_burst(0, queue, burst, BURST);
			for (i = 0; i < nb; i++)
				write_heard(heard, queue, burst[i]);
			nb_in_all += nb;
		}
		if (nb_in_all > 0)
			fflush(heard);
		else
			usleep(100);
	}
}

int
main(int argc, char **argv)
{
	const int nb_args = rte_eal_init(argc, argv);
	pthread_t sayer;
	FILE *heard;

	need(nb_args > 0 && argc == nb_args + 2, "vm EAL-ARGUMENTS -- HEARD");
	heard = fopen(argv[nb_args + 1], "wb");
	need(heard != NULL, "the file cannot be written");
	said_pool = rte_pktmbuf_pool_create("said", 2 * MAX_QUEUES * NB_SAID - 1, 0, 0,
			RTE_PKTMBUF_HEADROOM + LONGEST, SOCKET_ID_ANY);
	heard_pool = rte_pktmbuf_pool_create(
			"heard", 8191, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	need(said_pool != NULL && heard_pool != NULL, "pool");
	open_port();
	need(pthread_create(&sayer, NULL, say, NULL) == 0, "thread");
	hear(heard);
	return 0;
}
