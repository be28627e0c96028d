/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include "refusal.h"
#include "target.h"

/*
 * The driver attaches to rings of ours: it always wants all 16, makes them for one reader that nobody may help to empty
 * them, and frees no packet in them, and no ring of a queue that was not configured. So they are made and freed here.
 */
#define NB_RINGS    16
#define RING_SIZE   1024
#define UNUSED_SIZE 2

static void
name_ring(const struct target *target, unsigned int i, char name[RTE_RING_NAMESIZE])
{
	snprintf(name, RTE_RING_NAMESIZE, "ETH_RXTX%u_%s", i, target->value);
}

static int
check(const struct target *target)
{
	/* Of ETH_RXTX15_<name>. */
	const size_t max_length = RTE_RING_NAMESIZE - 1 - strlen("ETH_RXTX15_");
	char name[RTE_RING_NAMESIZE];
	const char *c;
	uint16_t port_id;

	if (strlen(target->value) > max_length)
		return mirror_plugin_refuse(EINVAL, "%s: a ring's name has at most %zu bytes",
				target->shown, max_length);
	for (c = target->value; *c != '\0'; c++) {
		if ((unsigned char)*c >= 0x80 || (!isalnum(*c) && strchr("_.-", *c) == NULL))
			return mirror_plugin_refuse(EINVAL,
					"%s: a ring's name has letters, digits and _.- alone",
					target->shown);
	}
	name_ring(target, 0, name);
	if (rte_ring_lookup(name) != NULL ||
			rte_eth_dev_get_port_by_name(target->value, &port_id) == 0)
		return mirror_plugin_refuse(EEXIST,
				"%s: there is a ring or a port of that name: choose another",
				target->shown);
	return 0;
}

static void
free_rings(const struct target *target)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;
	unsigned int i;
	void *pkt;

	for (i = 0; i < NB_RINGS; i++) {
		name_ring(target, i, name);
		ring = rte_ring_lookup(name);
		/* A reader may still be at work, so they are for several. */
		while (ring != NULL && rte_ring_dequeue(ring, &pkt) == 0)
			rte_pktmbuf_free(pkt);
		rte_ring_free(ring);
	}
}

static int
prepare(struct target *target)
{
	char name[RTE_RING_NAMESIZE];
	unsigned int i;
	int error;

	for (i = 0; i < NB_RINGS; i++) {
		name_ring(target, i, name);
		/* A mirror's pollers have a queue each, or take turns. */
		if (rte_ring_create(name, i < target->nb_queues ? RING_SIZE : UNUSED_SIZE,
				    SOCKET_ID_ANY, RING_F_SP_ENQ) != NULL)
			continue;
		error = rte_errno;
		free_rings(target);
		return mirror_plugin_refuse(error, "%s: there is no room for its rings: %s",
				target->shown, strerror(error));
	}
	return 0;
}

static void
describe(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	snprintf(args, TARGET_ARGS_SIZE, "nodeaction=%s:0:ATTACH", target->value);
}

static void
clean_up(const struct target *target, bool was_used)
{
	(void)was_used;
	free_rings(target);
}

/* A port of it receives what it was sent, by whoever reads it. */
const struct target_kind mirror_target_ring = {
	.name = "ring",
	.value = "NAME",
	.meaning = "a ring, read by another thread of the application; stays when its mirrors go",
	.driver = "net_ring",
	.max_queues = NB_RINGS,
	.is_kept = true,
	.check = check,
	.prepare = prepare,
	.describe = describe,
	.clean_up = clean_up,
};
