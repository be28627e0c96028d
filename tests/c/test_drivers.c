/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * What the drivers do that RTE_MIRROR_AUTO knows: the proof of control/drivers.c. Each sends to a far end where the
 * test looks at the bytes: a file, the kernel, a virtual machine's rings.
 */

#include <inttypes.h>
#include <string.h>

#include "real_target.h"

#define BURST     32
#define BURST_MAX 100
#define SEG_LEN   250
#define SEGS_MAX  5
/* What the application writes over its packets. */
#define EDIT 0xEE

/* Passes a burst through the source: packets that the kernel takes for nothing it knows, the application's now. */
static void
real_target_receive(struct real_target *real, struct rte_mbuf **pkts, uint16_t nb_pkts,
		uint16_t nb_segs)
{
	static const uint8_t header[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5 };
	struct snapshot *before;
	uint16_t i;

	packets_make(real->pool, pkts, nb_pkts, nb_segs, SEG_LEN);
	for (i = 0; i < nb_pkts; i++)
		memcpy(rte_pktmbuf_mtod(pkts[i], void *), header, sizeof(header));
	before = snapshot_take(pkts, nb_pkts);
	ring_put(real->source.rx[0], pkts, nb_pkts);
	real_target_forget(real);
	CHECK_EQ(rte_eth_rx_burst(real->source.id, 0, pkts, nb_pkts), nb_pkts);
	snapshot_check(before, pkts, nb_pkts);
	CHECK_EQ(real->nb_seen, nb_pkts);
}

/* What the packets' bytes are, one behind the other. */
static uint8_t *
bytes_of(struct rte_mbuf *const *pkts, uint16_t nb_pkts, uint32_t length)
{
	static uint8_t bytes[BURST_MAX][SEGS_MAX * SEG_LEN];
	const struct rte_mbuf *seg;
	uint32_t offset;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		for (seg = pkts[i], offset = 0; seg != NULL; seg = seg->next) {
			memcpy(bytes[i] + offset, rte_pktmbuf_mtod(seg, void *), seg->data_len);
			offset += seg->data_len;
		}
		CHECK_EQ(offset, length);
	}
	return bytes[0];
}

static void
edit(struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	struct rte_mbuf *seg;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		for (seg = pkts[i]; seg != NULL; seg = seg->next)
			memset(seg->buf_addr, EDIT, seg->buf_len);
	}
}

/* The far end has these frames next. */
static void
check_arrival(struct real_target *real, const uint8_t *bytes, uint16_t nb_frames, uint32_t length)
{
	uint8_t frame[END_FRAME_SIZE];
	uint16_t i;

	if (real->end.driver->is_blind)
		return;
	for (i = 0; i < nb_frames; i++) {
		CHECK_EQ(end_receive(&real->end, frame), length);
		CHECK(memcmp(frame, bytes + (size_t)i * SEGS_MAX * SEG_LEN, length) == 0);
	}
}

/* A burst whose packets the application overwrites as soon as it has them; what arrives is as it was. */
static void
check_edited_burst(struct real_target *real, uint16_t nb_segs)
{
	const uint32_t length = nb_segs * SEG_LEN;
	struct rte_mbuf *pkts[BURST];
	const uint8_t *bytes;

	real_target_receive(real, pkts, BURST, nb_segs);
	packets_check_refcnt(pkts, BURST, 1);
	bytes = bytes_of(pkts, BURST, length);
	edit(pkts, BURST);
	check_arrival(real, bytes, BURST, length);
	packets_free(pkts, BURST);
}

static void
check_mode(uint32_t id, enum rte_mirror_mode mode, const char *driver)
{
	const struct rte_mirror_info info = info_of(id);

	CHECK_EQ(info.mode, mode);
	CHECK(strstr(info.mode_reason, driver) != NULL);
}

/* What is in its packets when the burst is sent arrives, and none of the references that it got is left. */
static void
drivers_that_auto_shares_with_have_read_and_freed_when_they_return(void)
{
	const struct end_driver *driver = NULL;
	struct real_target real;
	uint16_t nb_segs;
	uint32_t id;

	while ((driver = real_target_next_driver(driver, false)) != NULL) {
		real_target_open(&real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
		id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_AUTO);
		check_mode(id, RTE_MIRROR_SHARE, driver->name);
		for (nb_segs = 1; nb_segs <= SEGS_MAX; nb_segs++) {
			check_edited_burst(&real, nb_segs);
			CHECK_EQ(real.nb_shared, BURST);
			CHECK_EQ(real.segs_max, nb_segs);
			CHECK_EQ(stats_of(id).packets, nb_segs * BURST);
		}
		mirror_off(id);
		real_target_close(&real);
	}
}

/* Chains are copied into one segment for a driver that does not take them, and shared with one that always does. */
static void
chains_arrive_where_they_are_not_enabled(void)
{
	const struct end_driver *driver = NULL;
	struct real_target real;
	uint16_t nb_segs;
	uint32_t id;

	while ((driver = real_target_next_driver(driver, false)) != NULL) {
		real_target_open(&real, driver, 0);
		id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_SHARE);
		for (nb_segs = 1; nb_segs <= SEGS_MAX; nb_segs++) {
			check_edited_burst(&real, nb_segs);
			CHECK_EQ(real.nb_shared,
					driver->takes_any_chain || nb_segs == 1 ? BURST : 0);
			CHECK_EQ(real.segs_max, driver->takes_any_chain ? nb_segs : 1);
		}
		CHECK_EQ(stats_of(id).packets, SEGS_MAX * BURST);
		CHECK_EQ(stats_of(id).bytes, (1 + 2 + 3 + 4 + 5) * SEG_LEN * BURST);
		mirror_off(id);
		real_target_close(&real);
	}
}

/* Sends a burst: whether it was taken, whole. */
static bool
passes(struct real_target *real, uint32_t id, uint16_t nb_segs)
{
	const uint64_t before = stats_of(id).packets;
	struct rte_mbuf *pkts[BURST];
	uint64_t nb;

	real_target_receive(real, pkts, BURST, nb_segs);
	packets_check_refcnt(pkts, BURST, 1);
	packets_free(pkts, BURST);
	nb = stats_of(id).packets - before;
	CHECK(nb == 0 || nb == BURST);
	return nb == BURST;
}

static void
check_blocked_burst(struct real_target *real, uint32_t id, uint16_t nb_segs)
{
	const struct end_driver *driver = real->end.driver;
	const uint32_t length = nb_segs * SEG_LEN;
	struct rte_mbuf *pkts[BURST_MAX];
	struct rte_mirror_stats stats;
	const uint8_t *bytes;

	CHECK_EQ(rte_mirror_stats_reset(id), 0);
	driver->block(&real->end);
	real_target_receive(real, pkts, BURST_MAX, nb_segs);
	packets_check_refcnt(pkts, BURST_MAX, 1);
	stats = stats_of(id);
	CHECK_EQ(stats.packets, driver->nb_when_blocked);
	CHECK_EQ(stats.full, BURST_MAX - driver->nb_when_blocked);
	CHECK_EQ(stats.bytes, driver->nb_when_blocked * length);
	bytes = bytes_of(pkts, BURST_MAX, length);
	packets_free(pkts, BURST_MAX);
	driver->unblock(&real->end);
	/* An interface that was down says so once more when it is up again. */
	CHECK_WITHIN(5000, passes(real, id, nb_segs));
	check_arrival(real, bytes, driver->nb_when_blocked, length);
	check_arrival(real, bytes, BURST, length);
}

static void
check_blocked(struct real_target *real, enum rte_mirror_mode mode)
{
	const uint32_t id = real_target_mirror(real, RTE_MIRROR_RX, mode);
	uint16_t nb_segs;

	for (nb_segs = 1; nb_segs <= SEGS_MAX; nb_segs += 2)
		check_blocked_burst(real, id, nb_segs);
	mirror_off(id);
}

/* Only the application's references are left, or none; and once nothing is in the way, packets arrive again. */
static void
what_a_driver_refuses_is_given_back(void)
{
	const struct end_driver *driver = NULL;
	struct real_target real;

	while ((driver = real_target_next_driver(driver, false)) != NULL) {
		if (driver->block == NULL)
			continue;
		real_target_open(&real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
		check_blocked(&real, RTE_MIRROR_SHARE);
		check_blocked(&real, RTE_MIRROR_SPLIT);
		real_target_close(&real);
	}
}

/* The far end's room ends within a burst. */
static void
what_a_driver_takes_in_part_is_given_back_in_part(void)
{
	const struct end_driver *driver = NULL;
	struct rte_mbuf *pkts[BURST_MAX];
	const uint8_t *bytes = NULL;
	struct real_target real;
	unsigned int nb;
	uint32_t id;

	while ((driver = real_target_next_driver(driver, false)) != NULL) {
		if (driver->nb_waiting == 0)
			continue;
		real_target_open(&real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
		id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_SHARE);
		for (nb = 0; nb <= driver->nb_waiting; nb += 63) {
			real_target_receive(&real, pkts, 63, 3);
			packets_check_refcnt(pkts, 63, 1);
			bytes = bytes_of(pkts, 63, 3 * SEG_LEN);
			packets_free(pkts, 63);
		}
		CHECK_EQ(stats_of(id).packets, driver->nb_waiting);
		CHECK_EQ(stats_of(id).full, nb - driver->nb_waiting);
		for (nb = driver->nb_waiting; nb >= 63; nb -= 63)
			check_arrival(&real, bytes, 63, 3 * SEG_LEN);
		check_arrival(&real, bytes, (uint16_t)nb, 3 * SEG_LEN);
		mirror_off(id);
		real_target_close(&real);
	}
}

/* What is shared with it is still the application's to change: the proof that the cases above can fail. */
static void
a_driver_that_reads_late_shows_what_the_application_writes(void)
{
	const struct end_driver *driver = NULL;
	struct rte_mbuf *pkts[BURST];
	struct real_target real;
	const uint8_t *bytes;
	uint32_t id;

	while ((driver = real_target_next_driver(driver, true)) != NULL) {
		real_target_open(&real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
		id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_SHARE);
		real_target_receive(&real, pkts, BURST, 2);
		packets_check_refcnt(pkts, BURST, 2);
		edit(pkts, BURST);
		bytes = bytes_of(pkts, BURST, 2 * SEG_LEN);
		CHECK_EQ(bytes[0], EDIT);
		check_arrival(&real, bytes, BURST, 2 * SEG_LEN);
		packets_free(pkts, BURST);
		mirror_off(id);
		real_target_close(&real);
	}
}

/* Its headers are copied; of what is behind them there are references. */
static void
auto_splits_for_a_driver_that_reads_late(void)
{
	const struct end_driver *driver = NULL;
	struct rte_mbuf *pkts[BURST];
	struct real_target real;
	const uint8_t *bytes;
	uint16_t nb_segs, i;
	uint32_t id;

	while ((driver = real_target_next_driver(driver, true)) != NULL) {
		real_target_open(&real, driver, RTE_ETH_TX_OFFLOAD_MULTI_SEGS);
		id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_AUTO);
		check_mode(id, RTE_MIRROR_SPLIT, driver->name);
		for (nb_segs = 1; nb_segs <= SEGS_MAX; nb_segs++) {
			real_target_receive(&real, pkts, BURST, nb_segs);
			CHECK_EQ(real.nb_shared, 0);
			bytes = bytes_of(pkts, BURST, nb_segs * SEG_LEN);
			for (i = 0; i < BURST; i++)
				memset(pkts[i]->buf_addr, EDIT,
						pkts[i]->data_off + RTE_MIRROR_SPLIT_LEN);
			/* Given up at once: the mirror's references hold what is not copied. */
			packets_free(pkts, BURST);
			check_arrival(&real, bytes, BURST, nb_segs * SEG_LEN);
		}
		mirror_off(id);
		real_target_close(&real);
	}
}

static void
auto_copies_for_a_driver_that_reads_late_and_takes_no_chains(void)
{
	const struct end_driver *driver = NULL;
	struct real_target real;
	uint16_t nb_segs;
	uint32_t id;

	while ((driver = real_target_next_driver(driver, true)) != NULL) {
		real_target_open(&real, driver, 0);
		id = real_target_mirror(&real, RTE_MIRROR_RX, RTE_MIRROR_AUTO);
		check_mode(id, RTE_MIRROR_COPY, driver->name);
		for (nb_segs = 1; nb_segs <= SEGS_MAX; nb_segs++) {
			check_edited_burst(&real, nb_segs);
			CHECK_EQ(real.nb_shared, 0);
			CHECK_EQ(real.segs_max, 1);
		}
		mirror_off(id);
		real_target_close(&real);
	}
}

const struct test_case test_cases[] = {
	{ "drivers_that_auto_shares_with_have_read_and_freed_when_they_return",
			drivers_that_auto_shares_with_have_read_and_freed_when_they_return },
	{ "chains_arrive_where_they_are_not_enabled", chains_arrive_where_they_are_not_enabled },
	{ "what_a_driver_refuses_is_given_back", what_a_driver_refuses_is_given_back },
	{ "what_a_driver_takes_in_part_is_given_back_in_part",
			what_a_driver_takes_in_part_is_given_back_in_part },
	{ "a_driver_that_reads_late_shows_what_the_application_writes",
			a_driver_that_reads_late_shows_what_the_application_writes },
	{ "auto_splits_for_a_driver_that_reads_late", auto_splits_for_a_driver_that_reads_late },
	{ "auto_copies_for_a_driver_that_reads_late_and_takes_no_chains",
			auto_copies_for_a_driver_that_reads_late_and_takes_no_chains },
	{ "every_driver_was_there", every_driver_was_there },
	{ NULL, NULL },
};
