/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* Modes, lengths and flags that cannot be: refused with errno and sentence, and with nothing half-set. */

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "faults.h"
#include "refusal.h"

static const struct port_options no_chains = { .nb_rx_queues = 1, .nb_tx_queues = 1 };

static void
lengths_and_flags_that_make_no_sense(void)
{
	const uint32_t too_short = RTE_MIRROR_LEN_MIN - 1;
	struct refusal refusals[] = {
		{ { .snaplen = 1 }, -EINVAL, "snaplen 1 " },
		{ { .snaplen = too_short, .mode = RTE_MIRROR_COPY }, -EINVAL, "or 0 for whole" },
		{ { .split_len = 1, .mode = RTE_MIRROR_SPLIT }, -EINVAL, "split_len 1 " },
		{ { .split_len = too_short, .mode = RTE_MIRROR_SPLIT }, -EINVAL,
				"give 14 or more" },
		{ { .split_len = too_short, .mode = RTE_MIRROR_AUTO }, -EINVAL, "give 14 or more" },
		{ { .split_len = 64 }, -EINVAL, "RTE_MIRROR_SPLIT" },
		{ { .split_len = 64, .mode = RTE_MIRROR_COPY }, -EINVAL, "RTE_MIRROR_SPLIT" },
		{ { .split_len = 64, .snaplen = 64, .mode = RTE_MIRROR_SPLIT }, -EINVAL,
				"RTE_MIRROR_COPY" },
		{ { .split_len = 65, .snaplen = 64, .mode = RTE_MIRROR_AUTO }, -EINVAL,
				"RTE_MIRROR_COPY" },
		{ { .flags = 4, .mode = RTE_MIRROR_COPY }, -EINVAL, "flags 0x4" },
		{ { .flags = UINT32_C(1) << 31 }, -EINVAL, "flags" },
		{ { .flags = RTE_MIRROR_F_ORIGIN }, -EINVAL, "split, copy" },
		{ { .mode = (enum rte_mirror_mode)(RTE_MIRROR_AUTO + 1) }, -EINVAL, "mode 4" },
		{ { .mode = (enum rte_mirror_mode) - 1 }, -EINVAL, "mode" },
	};
	struct testbed testbed;

	testbed_open(&testbed, NULL, NULL);
	check_refusals(&testbed, refusals, RTE_DIM(refusals));
	testbed_close(&testbed);
}

/* What is just enough. */
static void
the_least_lengths_that_make_sense(void)
{
	struct rte_mirror_param params[] = {
		{ .snaplen = RTE_MIRROR_LEN_MIN },
		{ .snaplen = UINT32_MAX },
		{ .split_len = RTE_MIRROR_LEN_MIN, .mode = RTE_MIRROR_SPLIT },
		{ .split_len = 14, .snaplen = 15, .mode = RTE_MIRROR_SPLIT },
		{ .split_len = 2048, .mode = RTE_MIRROR_SPLIT },
		{ .snaplen = 64, .mode = RTE_MIRROR_SPLIT },
		{ .split_len = 64, .mode = RTE_MIRROR_AUTO },
		{ .flags = RTE_MIRROR_F_ORIGIN, .mode = RTE_MIRROR_AUTO },
		{ .flags = RTE_MIRROR_F_ORIGIN, .snaplen = 64 },
	};
	struct testbed testbed;
	unsigned int i;

	testbed_open(&testbed, NULL, NULL);
	for (i = 0; i < RTE_DIM(params); i++) {
		params[i].target_port = testbed.target.id;
		params[i].directions = RTE_MIRROR_RX | RTE_MIRROR_TX;
		mirror_off(mirror_with(testbed.source.id, &params[i]));
	}
	testbed_close(&testbed);
}

static void
split_needs_a_target_that_takes_chains(void)
{
	struct refusal refusals[] = {
		{ { .mode = RTE_MIRROR_SPLIT }, -ENOTSUP, "MULTI_SEGS" },
		{ { .mode = RTE_MIRROR_SPLIT }, -ENOTSUP, "RTE_MIRROR_COPY" },
	};
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_AUTO };
	struct rte_mirror_info info;
	struct testbed testbed;
	uint32_t id;

	testbed_open(&testbed, NULL, &no_chains);
	check_refusals(&testbed, refusals, RTE_DIM(refusals));
	/* There auto is copy. */
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	info = info_of(id);
	CHECK_EQ(info.mode, RTE_MIRROR_COPY);
	CHECK_EQ(info.split_len, 0);
	CHECK(strstr(info.mode_reason, "one segment") != NULL);
	mirror_off(id);
	testbed_close(&testbed);
}

/* Copies are the mirror's own: what frees without a look at reference counts may have them. */
static void
copy_gets_along_with_fast_free(void)
{
	const struct port_options fast_free = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX };
	struct testbed testbed;
	unsigned int mode;
	uint32_t id;

	testbed_open(&testbed, NULL, NULL);
	param.target_port = testbed.target.id;
	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	port_stop(&testbed.target2);
	port_configure(&testbed.target2, &fast_free);
	for (mode = RTE_MIRROR_SHARE; mode <= RTE_MIRROR_SPLIT; mode++) {
		param.mode = (enum rte_mirror_mode)mode;
		CHECK_EQ(rte_mirror_add(testbed.source.id, &param, NULL), -ENOTSUP);
		CHECK(strstr(rte_mirror_last_error(), "FAST_FREE") != NULL);
		CHECK(strstr(rte_mirror_last_error(), "RTE_MIRROR_COPY") != NULL);
		CHECK_EQ(nb_shared(&testbed), 0);
	}
	for (mode = RTE_MIRROR_COPY; mode <= RTE_MIRROR_AUTO; mode++) {
		param.mode = (enum rte_mirror_mode)mode;
		id = mirror_with(testbed.source.id, &param);
		CHECK_EQ(info_of(id).mode, RTE_MIRROR_COPY);
		if (mode == RTE_MIRROR_AUTO)
			CHECK(strstr(info_of(id).mode_reason, "FAST_FREE") != NULL);
		CHECK_EQ(nb_shared(&testbed), 0);
		CHECK_EQ(stats_of(id).packets, 8);
		mirror_off(id);
	}
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

/* Whoever frees without a look at an mbuf frees no chains either. */
static void
copies_for_a_target_with_fast_free_are_in_one_segment(void)
{
	const struct port_options options = { .nb_rx_queues = 1,
		.nb_tx_queues = 1,
		.tx_offloads = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE | RTE_ETH_TX_OFFLOAD_MULTI_SEGS };
	struct rte_mirror_param param = { .directions = RTE_MIRROR_RX, .mode = RTE_MIRROR_COPY };
	static struct bytes bytes;
	struct rte_mbuf *pkt, *got;
	struct testbed testbed;
	uint32_t id;

	faults.tx_capabilities = RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE;
	testbed_open(&testbed, NULL, &options);
	param.target_port = testbed.target.id;
	id = mirror_with(testbed.source.id, &param);
	pkt = packet_make(testbed.pool, 20, 300, 0);
	bytes_read(&bytes, pkt);
	ring_put(testbed.source.rx[0], &pkt, 1);
	CHECK_EQ(rte_eth_rx_burst(testbed.source.id, 0, &pkt, 1), 1);
	CHECK_EQ(ring_get(testbed.target.tx[0], &got, 1), 1);
	CHECK_EQ(got->nb_segs, 1);
	bytes_check(&bytes, got, 6000);
	rte_pktmbuf_free(pkt);
	rte_pktmbuf_free(got);
	mirror_off(id);
	faults = (struct faults){ 0 };
	testbed_close(&testbed);
}

const struct test_case test_cases[] = {
	{ "lengths_and_flags_that_make_no_sense", lengths_and_flags_that_make_no_sense },
	{ "the_least_lengths_that_make_sense", the_least_lengths_that_make_sense },
	{ "split_needs_a_target_that_takes_chains", split_needs_a_target_that_takes_chains },
	{ "copy_gets_along_with_fast_free", copy_gets_along_with_fast_free },
	{ "copies_for_a_target_with_fast_free_are_in_one_segment",
			copies_for_a_target_with_fast_free_are_in_one_segment },
	{ NULL, NULL },
};
