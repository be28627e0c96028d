/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <sched.h>
#include <stdlib.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_ether.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_pause.h>

#include "forward.h"

#define FORWARD_BURST 32

/* Rounds without a packet after which a worker lets other threads have its CPU: there may be fewer CPUs than workers. */
#define FORWARD_SPIN 64

enum { FORTH, BACK, NB_WAYS };

/* A queue to receive from, and the one that its packets are transmitted on. */
struct route {
	uint16_t rx_port;
	uint16_t rx_queue;
	uint16_t tx_port;
	uint16_t tx_queue;
	uint16_t way;
	bool is_stuck; /* a whole retry has not helped: no more until something is taken again */
};

/* One lcore. Aligned, so that no two lcores write to the same cache line. */
struct worker {
	struct ffi_forward *forward;
	struct route *routes;
	uint16_t nb_routes;
	unsigned int lcore;

	/* Written by the lcore, read by whoever asks. */
	struct ffi_forward_counters counters[NB_WAYS];
	uint64_t last_tsc; /* when it was last done with packets of the source */
} __rte_cache_aligned;

struct ffi_forward {
	/* Read by the lcores. */
	enum ffi_forward_mode mode;
	bool limited;
	bool running;
	uint64_t retry_tsc;

	/* Control alone. */
	uint64_t start_tsc;
	uint16_t nb_workers;
	uint16_t nb_joined;
	struct route *routes;
	struct worker *workers;

	/* Written by all lcores: how many packets may still be received on the source. */
	uint64_t budget __rte_cache_aligned;
};

/* There is one writer a counter; readers may come at any time. */
static inline void
add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline bool
is_running(const struct ffi_forward *forward)
{
	return __atomic_load_n(&forward->running, __ATOMIC_RELAXED);
}

/* Takes a share of the budget: what all lcores have received and hold as shares never exceeds it. */
static uint16_t
claim(struct ffi_forward *forward)
{
	uint64_t left = __atomic_load_n(&forward->budget, __ATOMIC_RELAXED), share;

	do {
		share = RTE_MIN(left, (uint64_t)FORWARD_BURST);
	} while (share > 0 &&
			!__atomic_compare_exchange_n(&forward->budget, &left, left - share, true,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return share;
}

static uint16_t
receive(struct ffi_forward *forward, const struct route *route, struct rte_mbuf **pkts)
{
	uint16_t share, nb;

	if (!forward->limited || route->way != FORTH)
		return rte_eth_rx_burst(route->rx_port, route->rx_queue, pkts, FORWARD_BURST);
	share = claim(forward);
	if (share == 0)
		return 0;
	nb = rte_eth_rx_burst(route->rx_port, route->rx_queue, pkts, share);
	if (nb < share)
		__atomic_fetch_add(&forward->budget, share - nb, __ATOMIC_RELAXED);
	return nb;
}

static uint64_t
sum_bytes(struct rte_mbuf *const *pkts, uint16_t nb)
{
	uint64_t bytes = 0;
	uint16_t i;

	for (i = 0; i < nb; i++)
		bytes += pkts[i]->pkt_len;
	return bytes;
}

static void
swap_addresses(struct rte_mbuf **pkts, uint16_t nb)
{
	struct rte_ether_hdr *header;
	struct rte_ether_addr address;
	uint16_t i;

	for (i = 0; i < nb; i++) {
		if (rte_pktmbuf_data_len(pkts[i]) < sizeof(*header))
			continue;
		header = rte_pktmbuf_mtod(pkts[i], struct rte_ether_hdr *);
		address = header->dst_addr;
		header->dst_addr = header->src_addr;
		header->src_addr = address;
	}
}

/* Offers packets again until all are taken, or for a while nobody takes one. Returns how many were taken. */
static uint16_t
retry(const struct ffi_forward *forward, const struct route *route, struct rte_mbuf **pkts,
		uint16_t nb)
{
	uint64_t progress_tsc = rte_rdtsc();
	uint16_t sent = 0, n;

	while (sent < nb && is_running(forward) &&
			rte_rdtsc() - progress_tsc < forward->retry_tsc) {
		n = rte_eth_tx_burst(route->tx_port, route->tx_queue, &pkts[sent], nb - sent);
		sent += n;
		if (n > 0)
			progress_tsc = rte_rdtsc();
		else
			sched_yield();
	}
	return sent;
}

static void
transmit(struct worker *worker, struct route *route, struct rte_mbuf **pkts, uint16_t nb,
		uint64_t bytes)
{
	struct ffi_forward_counters *counters = &worker->counters[route->way];
	uint16_t sent;

	sent = rte_eth_tx_burst(route->tx_port, route->tx_queue, pkts, nb);
	if (sent > 0)
		route->is_stuck = false;
	if (sent < nb && worker->forward->retry_tsc > 0 && !route->is_stuck) {
		sent += retry(worker->forward, route, &pkts[sent], nb - sent);
		route->is_stuck = sent < nb;
	}
	add(&counters->tx_packets, sent);
	/* Only what was refused is still ours to measure. */
	add(&counters->tx_bytes, bytes - sum_bytes(&pkts[sent], nb - sent));
	add(&counters->lost, nb - sent);
	rte_pktmbuf_free_bulk(&pkts[sent], nb - sent);
}

static uint16_t
serve(struct worker *worker, struct route *route)
{
	struct ffi_forward_counters *counters = &worker->counters[route->way];
	struct ffi_forward *forward = worker->forward;
	struct rte_mbuf *pkts[FORWARD_BURST];
	uint64_t bytes;
	uint16_t nb;

	nb = receive(forward, route, pkts);
	if (nb == 0)
		return 0;
	bytes = sum_bytes(pkts, nb);
	add(&counters->rx_packets, nb);
	add(&counters->rx_bytes, bytes);
	if (forward->mode == FFI_FORWARD_MACSWAP)
		swap_addresses(pkts, nb);
	if (forward->mode == FFI_FORWARD_DRAIN)
		rte_pktmbuf_free_bulk(pkts, nb);
	else
		transmit(worker, route, pkts, nb, bytes);
	if (route->way == FORTH)
		__atomic_store_n(&worker->last_tsc, rte_rdtsc(), __ATOMIC_RELAXED);
	return nb;
}

static int
run(void *arg)
{
	struct worker *worker = arg;
	uint32_t empty = 0;
	uint16_t i, nb;

	while (is_running(worker->forward)) {
		for (i = 0, nb = 0; i < worker->nb_routes; i++)
			nb |= serve(worker, &worker->routes[i]);
		if (nb > 0)
			empty = 0;
		else if (++empty < FORWARD_SPIN)
			rte_pause();
		else
			sched_yield();
	}
	return 0;
}

/* How many tx queues a way uses. Routes that share one go to one worker, so that it has one user. */
static uint16_t
count_groups(const struct ffi_forward_config *config, int way)
{
	if (config->mode == FFI_FORWARD_DRAIN)
		return way == FORTH ? config->source_rx_queues : 0;
	if (way == FORTH)
		return RTE_MIN(config->source_rx_queues, config->sink_tx_queues);
	return RTE_MIN(config->sink_rx_queues, config->source_tx_queues);
}

/* Appends the routes of a way that belong to a worker. */
static void
assign(struct ffi_forward *forward, const struct ffi_forward_config *config, int way,
		struct worker *worker)
{
	const uint16_t nb_queues = way == FORTH ? config->source_rx_queues : config->sink_rx_queues;
	const uint16_t nb_groups = count_groups(config, way);
	const uint16_t first = way == FORTH ? 0 : count_groups(config, FORTH);
	uint16_t queue;

	for (queue = 0; nb_groups > 0 && queue < nb_queues; queue++) {
		if (&forward->workers[(first + queue % nb_groups) % forward->nb_workers] != worker)
			continue;
		worker->routes[worker->nb_routes++] = (struct route){
			.rx_port = way == FORTH ? config->source : config->sink,
			.rx_queue = queue,
			.tx_port = way == FORTH ? config->sink : config->source,
			.tx_queue = queue % nb_groups,
			.way = way,
		};
	}
}

/* Chooses free lcores, as many as asked for and useful. Returns how many, or -errno. */
static int
choose_lcores(const struct ffi_forward_config *config, unsigned int *lcores)
{
	const unsigned int useful = count_groups(config, FORTH) + count_groups(config, BACK);
	const unsigned int wanted = config->workers > 0 ? RTE_MIN(config->workers, useful) : useful;
	unsigned int lcore, nb = 0;

	if (count_groups(config, FORTH) == 0)
		return -EINVAL;
	RTE_LCORE_FOREACH_WORKER(lcore) {
		if (nb < wanted && rte_eal_get_lcore_state(lcore) == WAIT)
			lcores[nb++] = lcore;
	}
	return nb == 0 || (config->workers > 0 && nb < wanted) ? -EBUSY : (int)nb;
}

static struct ffi_forward *
allocate(const struct ffi_forward_config *config, uint16_t nb_workers)
{
	const size_t nb_routes = config->source_rx_queues + config->sink_rx_queues;
	struct ffi_forward *forward = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*forward));

	if (forward == NULL)
		return NULL;
	*forward = (struct ffi_forward){
		.mode = config->mode,
		.limited = config->budget > 0,
		.budget = config->budget,
		.running = true,
		.retry_tsc = config->retry_ms * (rte_get_tsc_hz() / MS_PER_S),
		.start_tsc = rte_rdtsc(),
		.nb_workers = nb_workers,
		.routes = calloc(nb_routes, sizeof(struct route)),
		.workers = aligned_alloc(RTE_CACHE_LINE_SIZE, nb_workers * sizeof(struct worker)),
	};
	if (forward->routes != NULL && forward->workers != NULL)
		return forward;
	free(forward->workers);
	free(forward->routes);
	free(forward);
	return NULL;
}

static struct ffi_forward *
create(const struct ffi_forward_config *config, const unsigned int *lcores, uint16_t nb_workers)
{
	struct ffi_forward *forward = allocate(config, nb_workers);
	struct route *next;
	uint16_t i;

	if (forward == NULL)
		return NULL;
	next = forward->routes;
	for (i = 0; i < nb_workers; i++) {
		forward->workers[i] = (struct worker){
			.forward = forward, .lcore = lcores[i], .routes = next
		};
		assign(forward, config, FORTH, &forward->workers[i]);
		assign(forward, config, BACK, &forward->workers[i]);
		next += forward->workers[i].nb_routes;
	}
	return forward;
}

int
ffi_forward_start(const struct ffi_forward_config *config, struct ffi_forward **forward)
{
	unsigned int lcores[RTE_MAX_LCORE];
	struct ffi_forward *created;
	int nb_workers, rc, i;

	nb_workers = choose_lcores(config, lcores);
	if (nb_workers < 0)
		return nb_workers;
	created = create(config, lcores, nb_workers);
	if (created == NULL)
		return -ENOMEM;
	for (i = 0; i < nb_workers; i++) {
		rc = rte_eal_remote_launch(run, &created->workers[i], created->workers[i].lcore);
		if (rc != 0) {
			created->nb_workers = i;
			ffi_forward_free(created);
			return rc;
		}
	}
	*forward = created;
	return 0;
}

void
ffi_forward_stop(struct ffi_forward *forward)
{
	__atomic_store_n(&forward->running, false, __ATOMIC_RELAXED);
	for (; forward->nb_joined < forward->nb_workers; forward->nb_joined++)
		rte_eal_wait_lcore(forward->workers[forward->nb_joined].lcore);
}

static void
sum_counters(const struct ffi_forward_counters *from, struct ffi_forward_counters *to)
{
	to->rx_packets += __atomic_load_n(&from->rx_packets, __ATOMIC_RELAXED);
	to->rx_bytes += __atomic_load_n(&from->rx_bytes, __ATOMIC_RELAXED);
	to->tx_packets += __atomic_load_n(&from->tx_packets, __ATOMIC_RELAXED);
	to->tx_bytes += __atomic_load_n(&from->tx_bytes, __ATOMIC_RELAXED);
	to->lost += __atomic_load_n(&from->lost, __ATOMIC_RELAXED);
}

void
ffi_forward_stats_get(const struct ffi_forward *forward, struct ffi_forward_stats *stats)
{
	struct ffi_forward_stats sum = { .workers = forward->nb_workers,
		.running = is_running(forward) };
	uint64_t last_tsc = forward->start_tsc, now_tsc;
	uint16_t i;

	for (i = 0; i < forward->nb_workers; i++) {
		sum_counters(&forward->workers[i].counters[FORTH], &sum.forth);
		sum_counters(&forward->workers[i].counters[BACK], &sum.back);
		last_tsc = RTE_MAX(last_tsc,
				__atomic_load_n(&forward->workers[i].last_tsc, __ATOMIC_RELAXED));
	}
	/* Other cores' clocks may be ahead a little. */
	now_tsc = RTE_MAX(rte_rdtsc(), last_tsc);
	sum.idle_ns = (double)(now_tsc - last_tsc) * NS_PER_S / rte_get_tsc_hz();
	*stats = sum;
}

void
ffi_forward_free(struct ffi_forward *forward)
{
	ffi_forward_stop(forward);
	free(forward->workers);
	free(forward->routes);
	free(forward);
}
