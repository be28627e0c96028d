/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Makes a faulty driver of a good one: what a callback does to a port's packets, the driver seems to have done. Loaded
 * into the process of the tests.
 */

#include <string.h>

#include <rte_ethdev.h>
#include <rte_mbuf.h>

/* The receiver does not know whose frame it is. */
static uint16_t
tx_flip(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 0)
		*rte_pktmbuf_mtod(pkts[nb - 1], uint8_t *) ^= 0x10;
	return nb;
}

static uint16_t
tx_swap(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	struct rte_mbuf *first = pkts[0];

	(void)port, (void)queue, (void)arg;
	if (nb > 1) {
		pkts[0] = pkts[nb - 1];
		pkts[nb - 1] = first;
	}
	return nb;
}

/* One is lost, and another is sent twice. */
static uint16_t
tx_double(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 1) {
		rte_pktmbuf_free(pkts[0]);
		rte_pktmbuf_refcnt_update(pkts[1], 1);
		pkts[0] = pkts[1];
	}
	return nb;
}

static uint16_t
tx_cut(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 0)
		rte_pktmbuf_trim(pkts[0], 1);
	return nb;
}

/* Of a chain the rest is given back, and never sent. */
static uint16_t
tx_first_segment(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	uint16_t i;

	(void)port, (void)queue, (void)arg;
	for (i = 0; i < nb; i++) {
		rte_pktmbuf_free(pkts[i]->next);
		pkts[i]->next = NULL;
		pkts[i]->nb_segs = 1;
		pkts[i]->pkt_len = pkts[i]->data_len;
	}
	return nb;
}

static uint16_t
tx_keep(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 0)
		rte_mbuf_refcnt_update(pkts[0], 1);
	return nb;
}

/* Into the pool, though others may have references. */
static uint16_t
tx_put(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 0)
		rte_mempool_put(pkts[0]->pool, pkts[0]);
	return nb;
}

/* Keeps it in another one's. */
static uint16_t
tx_wrong_pool(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 1 && pkts[0]->pool != pkts[1]->pool) {
		rte_mbuf_refcnt_update(pkts[0], 1);
		rte_mempool_put(pkts[1]->pool, pkts[0]);
	}
	return nb;
}

/* In an mbuf that is not its own alone. */
static uint16_t
tx_flag(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 0)
		pkts[0]->l2_len = 14;
	return nb;
}

/* One that leads to an application's. */
static uint16_t
tx_keep_chain(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	uint16_t i;

	(void)port, (void)queue, (void)arg;
	for (i = 0; i < nb; i++) {
		if (pkts[i]->nb_segs > 1)
			rte_mbuf_refcnt_update(pkts[i]->next, 1);
	}
	return nb;
}

/* What is no pool's alone. */
static uint16_t
tx_keep_external(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	return nb > 0 && RTE_MBUF_HAS_EXTBUF(pkts[0]) ? tx_keep(port, queue, pkts, nb, arg) : nb;
}

/* Another's reference. */
static uint16_t
tx_free(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, void *arg)
{
	(void)port, (void)queue, (void)arg;
	if (nb > 0 && rte_mbuf_refcnt_read(pkts[0]) > 1)
		rte_mbuf_refcnt_update(pkts[0], -1);
	return nb;
}

static uint16_t
rx_swap(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max, void *arg)
{
	(void)max;
	return tx_swap(port, queue, pkts, nb, arg);
}

static uint16_t
rx_double(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max,
		void *arg)
{
	(void)max;
	return tx_double(port, queue, pkts, nb, arg);
}

static uint16_t
rx_drop(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max, void *arg)
{
	(void)port, (void)queue, (void)max, (void)arg;
	if (nb == 0)
		return 0;
	rte_pktmbuf_free(pkts[nb - 1]);
	return nb - 1;
}

static uint16_t
rx_drop_long(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max,
		void *arg)
{
	uint16_t i, kept = 0;

	(void)port, (void)queue, (void)max, (void)arg;
	for (i = 0; i < nb; i++) {
		if (pkts[i]->pkt_len > 4000)
			rte_pktmbuf_free(pkts[i]);
		else
			pkts[kept++] = pkts[i];
	}
	return kept;
}

/* In the last segment, where the application does not look for it. */
static uint16_t
rx_flip_last(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max,
		void *arg)
{
	(void)port, (void)queue, (void)max, (void)arg;
	if (nb > 0)
		*rte_pktmbuf_mtod(rte_pktmbuf_lastseg(pkts[nb - 1]), uint8_t *) ^= 0x10;
	return nb;
}

/* Writes to what it gave to the application before. */
static uint16_t
rx_scribble(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb, uint16_t max,
		void *arg)
{
	static struct rte_mbuf *before;

	(void)port, (void)queue, (void)max, (void)arg;
	if (before != NULL)
		memset(rte_pktmbuf_mtod(before, void *), 0xff, 20);
	if (nb > 0 && before == NULL)
		before = pkts[0];
	return nb;
}

static const struct {
	const char *name;
	rte_tx_callback_fn tx;
	rte_rx_callback_fn rx;
} faults[] = {
	{ "tx_flip", tx_flip, NULL },
	{ "tx_swap", tx_swap, NULL },
	{ "tx_double", tx_double, NULL },
	{ "tx_cut", tx_cut, NULL },
	{ "tx_first_segment", tx_first_segment, NULL },
	{ "tx_keep", tx_keep, NULL },
	{ "tx_put", tx_put, NULL },
	{ "tx_wrong_pool", tx_wrong_pool, NULL },
	{ "tx_flag", tx_flag, NULL },
	{ "tx_keep_chain", tx_keep_chain, NULL },
	{ "tx_keep_external", tx_keep_external, NULL },
	{ "tx_free", tx_free, NULL },
	{ "rx_swap", NULL, rx_swap },
	{ "rx_double", NULL, rx_double },
	{ "rx_drop", NULL, rx_drop },
	{ "rx_drop_long", NULL, rx_drop_long },
	{ "rx_flip_last", NULL, rx_flip_last },
	{ "rx_scribble", NULL, rx_scribble },
};

/* On each queue of a port there is one. */
static const struct rte_eth_rxtx_callback *added[RTE_MAX_QUEUES_PER_PORT];

/** Gives the first queues of a port a fault. 0: done. */
int faulty_make(const char *name, uint16_t port, uint16_t nb_queues);
/** Takes it away again. */
void faulty_end(const char *name, uint16_t port, uint16_t nb_queues);

int
faulty_make(const char *name, uint16_t port, uint16_t nb_queues)
{
	unsigned int i;
	uint16_t queue;

	for (i = 0; i < RTE_DIM(faults); i++) {
		if (strcmp(faults[i].name, name) != 0)
			continue;
		for (queue = 0; queue < nb_queues; queue++) {
			added[queue] = faults[i].tx != NULL ?
					rte_eth_add_tx_callback(port, queue, faults[i].tx, NULL) :
					rte_eth_add_rx_callback(port, queue, faults[i].rx, NULL);
			if (added[queue] == NULL)
				return -1;
		}
		return 0;
	}
	return -1;
}

void
faulty_end(const char *name, uint16_t port, uint16_t nb_queues)
{
	uint16_t queue;

	for (queue = 0; queue < nb_queues; queue++) {
		if (name[0] == 't')
			rte_eth_remove_tx_callback(port, queue, added[queue]);
		else
			rte_eth_remove_rx_callback(port, queue, added[queue]);
	}
}
