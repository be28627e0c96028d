/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A plugin of the benchmark's own, for -d: has the first port receive so many packets a second, and no more than so many,
 * of all that its driver has. /bench/pace,RATE:COUNT begins that anew, for whoever looks at the port already;
 * /bench/passed says how many there have been. It stays in front of all other callbacks, since those come first.
 */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_telemetry.h>

/* What is behind by more is not made up for. */
#define ARREARS_S 0.001

/* Written by the command while `count` is 0, then by the poller. */
static struct {
	uint64_t count;
	double per_cycle;
	uint64_t start;
	uint64_t passed;
} pace;

static uint16_t
allowed(uint16_t nb_pkts)
{
	const uint64_t count = __atomic_load_n(&pace.count, __ATOMIC_ACQUIRE);
	const uint64_t now = rte_rdtsc(),
		       arrears = (uint64_t)(ARREARS_S * (double)rte_get_tsc_hz());
	double due;

	if (pace.passed >= count)
		return 0;
	due = (double)(now - pace.start) * pace.per_cycle - (double)pace.passed;
	if (due > (double)arrears * pace.per_cycle) {
		pace.start = now - arrears - (uint64_t)((double)pace.passed / pace.per_cycle);
		due = (double)arrears * pace.per_cycle;
	}
	if (due < 0)
		return 0;
	return (uint16_t)RTE_MIN(RTE_MIN((uint64_t)due, count - pace.passed), (uint64_t)nb_pkts);
}

static uint16_t
pass(uint16_t port, uint16_t queue, struct rte_mbuf **pkts, uint16_t nb_pkts, uint16_t most,
		void *arg)
{
	const uint16_t nb = allowed(nb_pkts);

	(void)port, (void)queue, (void)most, (void)arg;
	rte_pktmbuf_free_bulk(pkts + nb, nb_pkts - nb);
	__atomic_store_n(&pace.passed, pace.passed + nb, __ATOMIC_RELAXED);
	return nb;
}

static int
answer_passed(struct rte_tel_data *answer)
{
	rte_tel_data_start_array(answer, RTE_TEL_INT_VAL);
	return rte_tel_data_add_array_int(
			answer, (int)__atomic_load_n(&pace.passed, __ATOMIC_RELAXED));
}

/* With a count of 0 before, so that the poller leaves the rest alone. */
static void
let_pass(double per_cycle, uint64_t count)
{
	pace.per_cycle = per_cycle;
	pace.start = rte_rdtsc();
	pace.passed = 0;
	__atomic_store_n(&pace.count, count, __ATOMIC_RELEASE);
}

static int
begin(const char *command, const char *params, struct rte_tel_data *answer)
{
	uint64_t rate, count;

	(void)command;
	if (params == NULL || sscanf(params, "%" SCNu64 ":%" SCNu64, &rate, &count) != 2)
		return -EINVAL;
	let_pass((double)rate / (double)rte_get_tsc_hz(), count);
	return answer_passed(answer);
}

/* In front of those that there are. The last one's stays, and passes what this one does: nothing more. */
static int
close_gate(const char *command, const char *params, struct rte_tel_data *answer)
{
	static const struct rte_eth_rxtx_callback *there;

	(void)command;
	(void)params;
	__atomic_store_n(&pace.count, 0, __ATOMIC_RELEASE);
	if (there != NULL)
		rte_eth_remove_rx_callback(0, 0, there);
	there = rte_eth_add_first_rx_callback(0, 0, pass, NULL);
	return there == NULL ? -ENOMEM : answer_passed(answer);
}

static int
open_gate(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	(void)params;
	let_pass(1, UINT64_MAX);
	return answer_passed(answer);
}

static int
passed(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	(void)params;
	return answer_passed(answer);
}

RTE_INIT(live_pace_load)
{
	rte_telemetry_register_cmd("/bench/pace", begin, "Passes so many. Parameters: RATE:COUNT");
	rte_telemetry_register_cmd("/bench/close", close_gate, "Passes none. No parameters");
	rte_telemetry_register_cmd("/bench/open", open_gate, "Passes all. No parameters");
	rte_telemetry_register_cmd("/bench/passed", passed, "Counts those. No parameters");
}
