/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A plugin of the benchmark's own, for -d: a thread of the application that reads the rings of a target, as one that has
 * something to do with the packets would. /bench/read,NAME starts it, /bench/count says how many it has freed so far,
 * /bench/stop ends it.
 */

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <rte_mbuf.h>
#include <rte_ring.h>
#include <rte_telemetry.h>

#define MOST_RINGS 16
#define BURST      64

static struct {
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *rings[MOST_RINGS];
	unsigned int nb_rings;
	pthread_t thread;
	bool is_running;
	bool is_to_end;
	uint64_t nb_read;
} reader;

/* They may come later than the thread, and stay. */
static void
find_rings(void)
{
	char name[2 * RTE_RING_NAMESIZE];

	while (reader.nb_rings < MOST_RINGS) {
		snprintf(name, sizeof(name), "ETH_RXTX%u_%s", reader.nb_rings, reader.name);
		reader.rings[reader.nb_rings] = rte_ring_lookup(name);
		if (reader.rings[reader.nb_rings] == NULL)
			break;
		reader.nb_rings++;
	}
}

static unsigned int
read_ring(struct rte_ring *ring)
{
	struct rte_mbuf *pkts[BURST];
	unsigned int nb = rte_ring_dequeue_burst(ring, (void **)pkts, BURST, NULL);

	rte_pktmbuf_free_bulk(pkts, nb);
	return nb;
}

static void *
read_rings(void *arg)
{
	const struct timespec moment = { .tv_nsec = 20000 };
	unsigned int i, nb;

	while (!__atomic_load_n(&reader.is_to_end, __ATOMIC_ACQUIRE)) {
		for (i = 0, nb = 0; i < reader.nb_rings; i++)
			nb += read_ring(reader.rings[i]);
		__atomic_store_n(&reader.nb_read, reader.nb_read + nb, __ATOMIC_RELAXED);
		if (nb == 0) {
			find_rings();
			nanosleep(&moment, NULL);
		}
	}
	return arg;
}

static int
answer_count(struct rte_tel_data *answer)
{
	rte_tel_data_start_array(answer, RTE_TEL_INT_VAL);
	/* Of a round: never so many that they do not fit. */
	return rte_tel_data_add_array_int(
			answer, (int)__atomic_load_n(&reader.nb_read, __ATOMIC_RELAXED));
}

static int
start(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	if (reader.is_running || params == NULL)
		return -EINVAL;
	reader.nb_rings = 0;
	reader.nb_read = 0;
	reader.is_to_end = false;
	snprintf(reader.name, sizeof(reader.name), "%s", params);
	if (pthread_create(&reader.thread, NULL, read_rings, NULL) != 0)
		return -EAGAIN;
	reader.is_running = true;
	return answer_count(answer);
}

static int
count(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	(void)params;
	return answer_count(answer);
}

static int
stop(const char *command, const char *params, struct rte_tel_data *answer)
{
	(void)command;
	(void)params;
	if (!reader.is_running)
		return -EINVAL;
	__atomic_store_n(&reader.is_to_end, true, __ATOMIC_RELEASE);
	pthread_join(reader.thread, NULL);
	reader.is_running = false;
	return answer_count(answer);
}

RTE_INIT(live_reader_load)
{
	rte_telemetry_register_cmd(
			"/bench/read", start, "Reads a target's rings. Parameters: NAME");
	rte_telemetry_register_cmd("/bench/count", count, "Counts what was read. No parameters");
	rte_telemetry_register_cmd("/bench/stop", stop, "Ends reading. No parameters");
}
