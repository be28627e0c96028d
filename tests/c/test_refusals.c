/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* What is refused: with its errno and a sentence, and nothing half-set. Modes, lengths, pools: test_parameters.c. */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "testbed.h"
#include "faults.h"

/* A burst each way through the source, none of which is mirrored to either target. */
static void
check_nothing_is_mirrored(struct testbed *testbed)
{
	struct rte_mbuf *pkts[8];

	packets_make(testbed->pool, pkts, 8, 1, 60);
	ring_put(testbed->source.rx[0], pkts, 8);
	CHECK_EQ(rte_eth_rx_burst(testbed->source.id, 0, pkts, 8), 8);
	CHECK_EQ(rte_eth_tx_burst(testbed->source.id, 0, pkts, 8), 8);
	packets_check_refcnt(pkts, 8, 1);
	ring_check(testbed->source.tx[0], pkts, 8);
	CHECK(rte_ring_empty(testbed->target.tx[0]));
	CHECK(rte_ring_empty(testbed->target2.tx[0]));
}

static void
check_refused(uint16_t source, const struct rte_mirror_param *param, int rc)
{
	const int nb_mirrors = rte_mirror_list(NULL, 0);
	uint32_t id = 12345;

	/* Attaching alone shows faults; RTE_MAX_ETHPORTS is to be made yet. */
	if (faults.callback_errno == 0 && (param == NULL || param->target_port != RTE_MAX_ETHPORTS))
		CHECK_EQ(rte_mirror_check(source, param, NULL, 0), rc);
	CHECK_EQ(rte_mirror_add(source, param, &id), rc);
	CHECK(strlen(rte_mirror_last_error()) > 10);
	CHECK_EQ(id, 12345);
	CHECK_EQ(rte_mirror_list(NULL, 0), nb_mirrors);
}

/* Parameters that are good but for one change. */
#define CHECK_REFUSED(good, rc, ...)                          \
	do {                                                  \
		struct rte_mirror_param param = good;         \
                                                              \
		__VA_ARGS__;                                  \
		check_refused(testbed.source.id, &param, rc); \
	} while (0)

static void
wrong_parameters(void)
{
	char long_name[RTE_MIRROR_NAME_SIZE + 1] = { 0 };
	struct rte_mirror_param good = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	good.target_port = testbed.target.id;
	memset(long_name, 'x', sizeof(long_name) - 1);
	check_refused(testbed.source.id, NULL, -EINVAL);
	for (i = 0; i < RTE_DIM(good.reserved); i++)
		CHECK_REFUSED(good, -EINVAL, param.reserved[i] = 1);
	CHECK_REFUSED(good, -EINVAL, param.directions = 0);
	CHECK_REFUSED(good, -EINVAL, param.directions = RTE_MIRROR_TX << 1);
	CHECK_REFUSED(good, -EINVAL, param.directions = RTE_MIRROR_RX | UINT32_C(1) << 31);
	CHECK_REFUSED(good, -EINVAL, param.mode = (enum rte_mirror_mode)(RTE_MIRROR_AUTO + 1));
	CHECK_REFUSED(good, -EINVAL, param.name = "");
	CHECK_REFUSED(good, -EINVAL, param.name = "new\nline");
	CHECK_REFUSED(good, -EINVAL, param.name = long_name);
	CHECK_REFUSED(good, -EINVAL, param.name = "0123456789012");
	check_nothing_is_mirrored(&testbed);
	testbed_close(&testbed);
}

static void
ports_and_queues_that_are_not_there(void)
{
	struct rte_mirror_param good = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	good.target_port = testbed.target.id;
	CHECK_REFUSED(good, -ERANGE, param.target_queue = 1);
	CHECK_REFUSED(good, -ERANGE, param.nb_target_queues = 2);
	CHECK_REFUSED(good, -ERANGE, param.target_queue = param.nb_target_queues = UINT16_MAX);
	CHECK_REFUSED(good, -ENODEV, param.target_port = RTE_MAX_ETHPORTS - 1);
	CHECK_REFUSED(good, -ENODEV, param.target_port = RTE_MAX_ETHPORTS);
	CHECK_REFUSED(good, -ENODEV, param.target_port = UINT16_MAX);
	CHECK_REFUSED(good, -ELOOP, param.target_port = testbed.source.id);
	check_refused(RTE_MAX_ETHPORTS - 1, &good, -ENODEV);
	check_refused(RTE_MAX_ETHPORTS, &good, -ENODEV);
	check_refused(UINT16_MAX, &good, -ENODEV);
	check_nothing_is_mirrored(&testbed);
	testbed_close(&testbed);
}

static void
ports_that_packets_cannot_flow_through(void)
{
	const struct port_options no_rx = { .nb_tx_queues = 1 }, no_tx = { .nb_rx_queues = 1 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	port_stop(&testbed.source);
	check_refused(testbed.source.id, &param, -ENETDOWN);
	port_configure(&testbed.source, &no_rx);
	check_refused(testbed.source.id, &param, -EINVAL);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &no_tx);
	param.directions = RTE_MIRROR_RX | RTE_MIRROR_TX;
	check_refused(testbed.source.id, &param, -EINVAL);
	port_stop(&testbed.source);
	port_configure(&testbed.source, &port_default);
	port_stop(&testbed.target);
	check_refused(testbed.source.id, &param, -ENETDOWN);
	port_configure(&testbed.target, &no_tx);
	check_refused(testbed.source.id, &param, -EINVAL);
	port_stop(&testbed.target);
	port_configure(&testbed.target, &port_default);
	check_nothing_is_mirrored(&testbed);
	mirror_off(mirror_with(testbed.source.id, &param));
	testbed_close(&testbed);
}

static void
mirrors_that_contradict_another(void)
{
	rte_spinlock_t lock = RTE_SPINLOCK_INITIALIZER;
	struct rte_mirror_param param = {
		.directions = RTE_MIRROR_RX, .name = "first", .lock = &lock
	};
	struct testbed testbed;
	uint32_t id, id2;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	/* The same name, though all else differs. */
	param.target_port = testbed.target2.id;
	param.directions = RTE_MIRROR_TX;
	check_refused(testbed.source.id, &param, -EEXIST);
	/* The same ports and direction, though the name differs. */
	param.name = NULL;
	param.target_port = testbed.target.id;
	param.directions = RTE_MIRROR_RX | RTE_MIRROR_TX;
	check_refused(testbed.source.id, &param, -EEXIST);
	/* A chain that would take one lock twice. */
	param.target_port = testbed.target2.id;
	param.directions = RTE_MIRROR_TX;
	check_refused(testbed.target.id, &param, -EBUSY);
	param.lock = NULL;
	id2 = mirror_with(testbed.target.id, &param);
	/* Loops of two and of three. */
	param.target_port = testbed.source.id;
	check_refused(testbed.target.id, &param, -ELOOP);
	check_refused(testbed.target2.id, &param, -ELOOP);
	mirror_off(id);
	mirror_off(id2);
	id = mirror_with(testbed.target2.id, &param);
	mirror_off(id);
	check_nothing_is_mirrored(&testbed);
	testbed_close(&testbed);
}

/* Whichever port of the process would free what mirrors share: source, target, or one that merely gets the packets. */
static void
fast_free_on_any_port(void)
{
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	const struct port *port;
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	for (i = 0; i < 3; i++) {
		port = (const struct port *[]){ &testbed.source, &testbed.target,
			&testbed.target2 }[i];
		faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
		port_stop(port);
		port_configure(port, &fast_free);
		check_refused(testbed.source.id, &param, -ENOTSUP);
		CHECK(strstr(rte_mirror_last_error(), "FAST_FREE") != NULL);
		port_stop(port);
		port_configure(port, &port_default);
		faults = (struct faults){ .queue_port = port->id,
			.queue_tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
		check_refused(testbed.source.id, &param, -ENOTSUP);
		faults = (struct faults){ 0 };
	}
	check_nothing_is_mirrored(&testbed);
	mirror_off(mirror_with(testbed.source.id, &param));
	testbed_close(&testbed);
}

/* A port that is configured with it later ends the mirrors, whose packets it would free. */
static void
fast_free_that_comes_later(void)
{
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	port_stop(&testbed.target2);
	port_configure(&testbed.target2, &fast_free);
	CHECK_WITHIN(1000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "FAST_FREE") != NULL);
	check_nothing_is_mirrored(&testbed);
	mirror_off(id);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

/* Or one of its queues, which a running port may be given by itself. */
static void
fast_free_that_comes_later_on_a_queue(void)
{
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX | RTE_MIRROR_TX);
	faults = (struct faults){ .queue_port = testbed.target2.id,
		.queue_tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	CHECK_WITHIN(1000, info_of(id).state == RTE_MIRROR_STOPPED);
	CHECK(strstr(info_of(id).reason, "FAST_FREE") != NULL);
	mirror_off(id);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

/* A bonding port has what its members have: here net_null, said to be capable of FAST_FREE. */
static void
fast_free_on_a_bonding_port(void)
{
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	uint16_t bonding, member;
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	member = vdev_open("net_null0", "");
	bonding = bonding_open("net_bonding0", "net_null0");
	mirror_off(mirror_with(testbed.source.id, &param));
	vdev_configure(bonding, &fast_free);
	check_refused(testbed.source.id, &param, -ENOTSUP);
	check_nothing_is_mirrored(&testbed);
	vdev_close(bonding, "net_bonding0");
	vdev_close(member, "net_null0");
	mirror_off(mirror_with(testbed.source.id, &param));
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

/* Several threads may send on one queue of such a source, but the mirror's context is for one. */
static void
a_lockfree_source_of_a_tx_mirror(void)
{
	const struct port_options lockfree = {
		.nb_rx_queues = 1, .nb_tx_queues = 1, .tx_offloads = RTE_ETH_TX_OFFLOAD_MT_LOCKFREE
	};
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX };
	struct testbed testbed;

	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MT_LOCKFREE;
	testbed_open(&testbed, &lockfree, NULL);
	param.target_port = testbed.target.id;
	check_refused(testbed.source.id, &param, -ENOTSUP);
	param.directions = RTE_MIRROR_TX;
	check_refused(testbed.source.id, &param, -ENOTSUP);
	check_nothing_is_mirrored(&testbed);
	param.directions = RTE_MIRROR_RX;
	mirror_off(mirror_with(testbed.source.id, &param));
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

static void
dpdk_without_callbacks(void)
{
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX };
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	faults = (struct faults){ .no_callbacks = 1, .callback_errno = ENOTSUP };
	check_refused(testbed.source.id, &param, -ENOTSUP);
	faults = (struct faults){ 0 };
	check_nothing_is_mirrored(&testbed);
	testbed_close(&testbed);
}

/* Polls every queue of the source; nothing arrives. Proves to the library that its removed callbacks are left. */
static int
attached_after_polling(const struct testbed *testbed)
{
	struct rte_mbuf *pkts[8];
	uint16_t queue;

	for (queue = 0; queue < PORT_MAX_QUEUES; queue++) {
		CHECK_EQ(rte_eth_rx_burst(testbed->source.id, queue, pkts, 8), 0);
		CHECK_EQ(rte_eth_tx_burst(testbed->source.id, queue, pkts, 0), 0);
	}
	return nb_callbacks_now();
}

/* Wherever attaching to the queues breaks off, what was attached before is taken back and nothing is mirrored. */
static void
a_callback_that_cannot_be_attached(void)
{
	const struct port_options four = { .nb_rx_queues = 4, .nb_tx_queues = 4 };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX | RTE_MIRROR_TX };
	struct testbed testbed;
	unsigned int k;
	uint32_t id;

	testbed_open(&testbed, &four, NULL);
	param.target_port = testbed.target.id;
	for (k = 1; k <= 8; k++) {
		faults = (struct faults){ .fail_callback = k, .callback_errno = ENOMEM };
		check_refused(testbed.source.id, &param, -ENOMEM);
		CHECK_EQ(faults.fail_callback, 0);
		check_nothing_is_mirrored(&testbed);
		CHECK_WITHIN(5000, attached_after_polling(&testbed) == 0);
	}
	faults = (struct faults){ .fail_callback = 9, .callback_errno = ENOMEM };
	id = mirror_with(testbed.source.id, &param);
	CHECK_EQ(info_of(id).rx_queues, 4);
	CHECK_EQ(info_of(id).tx_queues, 4);
	mirror_off(id);
	faults = (struct faults){ 0 };
	check_nothing_is_mirrored(&testbed);
	testbed_close(&testbed);
}

static void
ids_that_do_not_exist(void)
{
	struct rte_mirror_stats stats = { .seen = 77 };
	struct rte_mirror_info info = { .id = 77 };
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	id = mirror_on(testbed.source.id, testbed.target.id, RTE_MIRROR_RX);
	CHECK_EQ(rte_mirror_remove(0), -ENOENT);
	CHECK(rte_mirror_last_error()[0] != '\0');
	CHECK_EQ(rte_mirror_remove(id + 1), -ENOENT);
	CHECK_EQ(rte_mirror_stats_get(id + 1, &stats), -ENOENT);
	CHECK_EQ(stats.seen, 77);
	CHECK_EQ(rte_mirror_stats_reset(id + 1), -ENOENT);
	CHECK_EQ(rte_mirror_info_get(id + 1, &info), -ENOENT);
	CHECK_EQ(info.id, 77);
	CHECK_EQ(rte_mirror_unregister(testbed.target.id), -ENOENT);
	CHECK_EQ(rte_mirror_unregister(UINT16_MAX), -ENOENT);
	CHECK_EQ(rte_mirror_stats_get(id, NULL), -EINVAL);
	CHECK_EQ(rte_mirror_info_get(id, NULL), -EINVAL);
	CHECK_EQ(rte_mirror_list(NULL, 1), -EINVAL);
	CHECK_EQ(rte_mirror_list(NULL, 0), 1);
	mirror_off(id);
	CHECK_EQ(rte_mirror_remove(id), -ENOENT);
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "wrong_parameters", wrong_parameters },
	{ "ports_and_queues_that_are_not_there", ports_and_queues_that_are_not_there },
	{ "ports_that_packets_cannot_flow_through", ports_that_packets_cannot_flow_through },
	{ "mirrors_that_contradict_another", mirrors_that_contradict_another },
	{ "fast_free_on_any_port", fast_free_on_any_port },
	{ "fast_free_that_comes_later", fast_free_that_comes_later },
	{ "fast_free_that_comes_later_on_a_queue", fast_free_that_comes_later_on_a_queue },
	{ "fast_free_on_a_bonding_port", fast_free_on_a_bonding_port },
	{ "a_lockfree_source_of_a_tx_mirror", a_lockfree_source_of_a_tx_mirror },
	{ "dpdk_without_callbacks", dpdk_without_callbacks },
	{ "a_callback_that_cannot_be_attached", a_callback_that_cannot_be_attached },
	{ "ids_that_do_not_exist", ids_that_do_not_exist },
	{ NULL, NULL },
};
