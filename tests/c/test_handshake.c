/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * The handshake between pollers and the control path, under a sanitizer and without EAL: the data path's files and
 * control/attach.c themselves, over a stand-in for ethdev whose callbacks are freed for good when the library frees
 * them. Lists, counters and callbacks are used without any other synchronisation, so whatever the handshake lets
 * through too early is a data race, or a use of freed memory, that the sanitizer reports.
 */

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_malloc.h>

#include "../../csrc/control/points.h"
#include "../../csrc/control/ports.h"

#define SOURCE    0
#define TARGET    1
#define NB_PKTS   3
#define NB_CYCLES 50000

#define CHECK(condition)                                                                          \
	do {                                                                                      \
		if (!(condition)) {                                                               \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                  \
		}                                                                                 \
	} while (0)

/* ethdev, as far as attach.c asks for it. */

struct rte_eth_rxtx_callback {
	struct rte_eth_rxtx_callback *next;
	rte_rx_callback_fn rx;
	rte_tx_callback_fn tx;
	void *user_param;
};

static struct rte_eth_rxtx_callback *heads[2];
static unsigned int nb_callbacks, nb_most_callbacks;

static const struct rte_eth_rxtx_callback *
add_callback(struct rte_eth_rxtx_callback **head, rte_rx_callback_fn rx, rte_tx_callback_fn tx,
		void *user_param)
{
	struct rte_eth_rxtx_callback *callback = malloc(sizeof(*callback));

	CHECK(callback != NULL);
	*callback = (struct rte_eth_rxtx_callback){ *head, rx, tx, user_param };
	__atomic_store_n(head, callback, __ATOMIC_RELEASE);
	nb_most_callbacks = RTE_MAX(nb_most_callbacks, ++nb_callbacks);
	return callback;
}

static int
remove_callback(struct rte_eth_rxtx_callback **head, const struct rte_eth_rxtx_callback *callback)
{
	for (; *head != NULL; head = &(*head)->next) {
		if (*head == callback) {
			__atomic_store_n(head, callback->next, __ATOMIC_RELAXED);
			return 0;
		}
	}
	return -EINVAL;
}

const struct rte_eth_rxtx_callback *
rte_eth_add_first_rx_callback(
		uint16_t port_id, uint16_t queue_id, rte_rx_callback_fn fn, void *user_param)
{
	CHECK(port_id == SOURCE && queue_id == 0);
	return add_callback(&heads[0], fn, NULL, user_param);
}

const struct rte_eth_rxtx_callback *
rte_eth_add_tx_callback(
		uint16_t port_id, uint16_t queue_id, rte_tx_callback_fn fn, void *user_param)
{
	CHECK(port_id == SOURCE && queue_id == 0);
	return add_callback(&heads[1], NULL, fn, user_param);
}

int
rte_eth_remove_rx_callback(
		uint16_t port_id, uint16_t queue_id, const struct rte_eth_rxtx_callback *callback)
{
	CHECK(port_id == SOURCE && queue_id == 0);
	return remove_callback(&heads[0], callback);
}

int
rte_eth_remove_tx_callback(
		uint16_t port_id, uint16_t queue_id, const struct rte_eth_rxtx_callback *callback)
{
	CHECK(port_id == SOURCE && queue_id == 0);
	return remove_callback(&heads[1], callback);
}

int
rte_eth_dev_is_valid_port(uint16_t port_id)
{
	return port_id <= TARGET;
}

void
rte_free(void *callback)
{
	nb_callbacks--;
	free(callback);
}

/* The rest of control/, as far as attach.c asks for it. */

bool
mirror_port_exists(uint16_t port_id)
{
	return port_id == SOURCE;
}

bool
mirror_port_is_started(uint16_t port_id)
{
	return port_id == SOURCE;
}

/* The pollers: what rte_eth_rx_burst() and rte_eth_tx_burst() do about callbacks. */

static bool stop;

static void
call(const struct rte_eth_rxtx_callback *callback, struct rte_mbuf **pkts)
{
	if (callback->rx != NULL)
		callback->rx(SOURCE, 0, pkts, NB_PKTS, NB_PKTS, callback->user_param);
	else
		callback->tx(SOURCE, 0, pkts, NB_PKTS, callback->user_param);
}

static void *
poll(void *arg)
{
	struct rte_eth_rxtx_callback **head = arg, *callback;
	struct rte_mbuf mbufs[NB_PKTS], *pkts[NB_PKTS];
	unsigned int i;

	for (i = 0; i < NB_PKTS; i++) {
		mbufs[i] = (struct rte_mbuf){
			.nb_segs = 1, .pkt_len = 60, .data_len = 60, .refcnt = 1
		};
		pkts[i] = &mbufs[i];
	}
	for (i = 0; !__atomic_load_n(&stop, __ATOMIC_ACQUIRE); i++) {
		callback = __atomic_load_n(head, __ATOMIC_ACQUIRE);
		/* The moment that no callback of the library's can see. */
		if (i % 7 == 0)
			sched_yield();
		while (callback != NULL) {
			call(callback, pkts);
			callback = __atomic_load_n(&callback->next, __ATOMIC_RELAXED);
		}
	}
	for (i = 0; i < NB_PKTS; i++)
		CHECK(rte_mbuf_refcnt_read(pkts[i]) == 1);
	return NULL;
}

/* The target: frees at once what it is sent, but for the last packet. */
static uint16_t
transmit(void *queue, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t i;

	(void)queue;
	for (i = 0; i + 1 < nb_pkts; i++)
		rte_mbuf_refcnt_update(pkts[i], -1);
	return i;
}

static void
set_up_target(void)
{
	static void *queues[1], *callbacks[1];

	rte_eth_fp_ops[TARGET].tx_pkt_burst = transmit;
	rte_eth_fp_ops[TARGET].txq.data = queues;
	rte_eth_fp_ops[TARGET].txq.clbk = callbacks;
}

static uint16_t
all(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx)
{
	(void)port_id;
	(void)queue_id;
	(void)pkts;
	(void)ctx;
	CHECK(mirror_poller_is_inside());
	return nb_pkts;
}

/* The control path. */

static const struct mirror_selector asks_all = { .serial = 1, .offload = all };

/* Ours holds nothing but itself. */
void
mirror_list_free(struct mirror_list *list)
{
	free(list);
}

/* What a poller writes for a mirror. */
struct record {
	struct mirror_counters counters;
	struct mirror_progress progress;
};

static struct mirror_list *
make_list(struct record *records, uint16_t nb_entries)
{
	struct mirror_list *list;
	uint16_t i;

	list = calloc(1, sizeof(*list) + nb_entries * sizeof(list->entries[0]));
	CHECK(list != NULL);
	list->nb_entries = nb_entries;
	for (i = 0; i < nb_entries; i++)
		list->entries[i] = (struct mirror_entry){ .counters = &records[i].counters,
			.progress = &records[i].progress,
			.selector = i == 1 ? &asks_all : NULL,
			.target_port = TARGET,
			.snaplen = UINT32_MAX,
			.longest = UINT32_MAX,
			.max_segs = 1,
			.nb_together = 1 };
	return list;
}

static void
replace(struct mirror_point *point, struct mirror_list *list)
{
	mirror_point_publish(point, list);
	CHECK(mirror_point_wait(point, UINT64_MAX) == 0);
}

/* One mirror, then two, then none; its counters are read and freed as soon as the library says so. */
static uint64_t
cycle(enum rte_mirror_direction direction, unsigned int i)
{
	struct record *records = aligned_alloc(RTE_CACHE_LINE_SIZE, 2 * sizeof(*records));
	const struct rte_mirror_stats *first = &records[0].counters.stats;
	struct mirror_point *point = mirror_point_get(SOURCE, 0, direction);
	uint64_t nb;

	CHECK(records != NULL && point != NULL);
	records[0] = records[1] = (struct record){ 0 };
	CHECK(mirror_point_attach(point) == 0);
	replace(point, make_list(records, 1));
	if (i % 3 == 0)
		replace(point, make_list(records, 2));
	if (i % 5 == 0)
		usleep(20);
	replace(point, NULL);
	CHECK(!mirror_poller_is_inside());
	CHECK(first->full * 2 == first->packets);
	nb = first->packets + records[1].counters.stats.packets;
	free(records);
	mirror_points_tidy();
	return nb;
}

int
main(void)
{
	pthread_t pollers[2];
	uint64_t nb = 0;
	unsigned int i;

	set_up_target();
	for (i = 0; i < 2; i++)
		CHECK(pthread_create(&pollers[i], NULL, poll, &heads[i]) == 0);
	for (i = 0; i < NB_CYCLES; i++) {
		nb += cycle(RTE_MIRROR_RX, i);
		nb += cycle(RTE_MIRROR_TX, i);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELEASE);
	for (i = 0; i < 2; i++)
		CHECK(pthread_join(pollers[i], NULL) == 0);
	CHECK(nb > 0);
	/* For each point the one in use and the one that may still be about to be entered. */
	CHECK(nb_most_callbacks <= 4);
	printf("%u cycles, %lu packets, at most %u callbacks\n", NB_CYCLES, (unsigned long)nb,
			nb_most_callbacks);
	return 0;
}
