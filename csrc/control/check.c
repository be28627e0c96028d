/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_ethdev.h>

#include "control.h"

#define ALL_DIRECTIONS ((uint32_t)RTE_MIRROR_RX | (uint32_t)RTE_MIRROR_TX)

/* With FAST_FREE a driver frees mbufs without a look at their reference count, those that mirrors share too. */
static int
check_fast_free(void)
{
	uint16_t port = mirror_fast_free_port(), candidate;

	for (candidate = 0; port == RTE_MAX_ETHPORTS && candidate < RTE_MAX_ETHPORTS; candidate++) {
		if ((mirror_port_queue_offloads(candidate) & RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE) !=
				0)
			port = candidate;
	}
	if (port == RTE_MAX_ETHPORTS)
		return 0;
	return mirror_refuse(ENOTSUP,
			"port %u has MBUF_FAST_FREE enabled and would free packets that the mirror "
			"still shares: configure it without",
			port);
}

static int
check_name(const char *name)
{
	const unsigned char *c = (const unsigned char *)name;

	if (name == NULL)
		return 0;
	if (*c == '\0')
		return mirror_refuse(EINVAL, "name is empty: give one, or NULL for mirror<id>");
	if (strlen(name) >= RTE_MIRROR_NAME_SIZE)
		return mirror_refuse(
				EINVAL, "name is longer than %d bytes", RTE_MIRROR_NAME_SIZE - 1);
	for (; *c != '\0'; c++) {
		if (iscntrl(*c) && *c < 0x80)
			return mirror_refuse(EINVAL, "name has a control character");
	}
	return 0;
}

static int
check_not_built(const struct rte_mirror_param *param)
{
	if (param->mode != RTE_MIRROR_SHARE)
		return mirror_refuse(ENOTSUP, "mode %d is not built yet: use RTE_MIRROR_SHARE",
				(int)param->mode);
	if (param->select != NULL)
		return mirror_refuse(ENOTSUP,
				"select is not built yet: choose packets with an offload function");
	if (param->pool != NULL || param->split_len != 0)
		return mirror_refuse(ENOTSUP,
				"pool and split_len are for modes that are not built yet: leave them 0");
	if (param->snaplen != 0)
		return mirror_refuse(ENOTSUP, "snaplen is not built yet: leave it 0");
	if (param->flags != 0)
		return mirror_refuse(ENOTSUP, "flags 0x%" PRIx32 " are not built yet: leave them 0",
				param->flags);
	return 0;
}

int
mirror_check_param(const struct rte_mirror_param *param)
{
	unsigned int i;

	if (param == NULL)
		return mirror_refuse(EINVAL, "param is NULL");
	for (i = 0; i < RTE_DIM(param->reserved); i++) {
		if (param->reserved[i] != 0)
			return mirror_refuse(EINVAL,
					"reserved[%u] is not 0: zero-initialise the parameters", i);
	}
	if ((unsigned int)param->mode > RTE_MIRROR_AUTO)
		return mirror_refuse(EINVAL, "mode %d is unknown", (int)param->mode);
	if (param->directions == 0)
		return mirror_refuse(
				EINVAL, "no direction: give RTE_MIRROR_RX, RTE_MIRROR_TX or both");
	if ((param->directions & ~ALL_DIRECTIONS) != 0)
		return mirror_refuse(EINVAL, "directions 0x%" PRIx32 " has unknown bits",
				param->directions);
	if (check_name(param->name) != 0)
		return -EINVAL;
	return check_not_built(param);
}

/* A port that packets can flow through. */
static int
check_port(uint16_t port_id, const char *role, struct rte_eth_dev_info *dev)
{
	int rc;

	if (!mirror_port_exists(port_id))
		return mirror_refuse(ENODEV, "%s: there is no port %u", role, port_id);
	if (!mirror_port_is_started(port_id))
		return mirror_refuse(ENETDOWN, "%s: port %u is not started: start it first", role,
				port_id);
	rc = mirror_port_info_get(port_id, dev);
	if (rc != 0)
		return mirror_refuse(-rc, "%s: port %u does not say what it is: %s", role, port_id,
				strerror(-rc));
	return 0;
}

static int
check_source(struct mirror *mirror)
{
	struct rte_eth_dev_info dev;
	int rc = check_port(mirror->src_port, "source", &dev);

	if (rc != 0)
		return rc;
	if ((mirror->directions & RTE_MIRROR_RX) != 0 && dev.nb_rx_queues == 0)
		return mirror_refuse(EINVAL,
				"source: port %u has no rx queue: configure one, or mirror tx alone",
				mirror->src_port);
	if ((mirror->directions & RTE_MIRROR_TX) != 0 && dev.nb_tx_queues == 0)
		return mirror_refuse(EINVAL,
				"source: port %u has no tx queue: configure one, or mirror rx alone",
				mirror->src_port);
	if ((mirror->directions & RTE_MIRROR_TX) != 0 && mirror_port_is_lockfree(mirror->src_port))
		return mirror_refuse(ENOTSUP,
				"source: port %u has MT_LOCKFREE enabled, so several threads may send on one "
				"queue at once: configure it without, or mirror rx alone",
				mirror->src_port);
	return 0;
}

static int
check_target(const struct rte_mirror_param *param, struct mirror *mirror)
{
	const uint16_t port = mirror->target_port;
	struct rte_eth_dev_info dev;
	int rc = check_port(port, "target", &dev);

	if (rc != 0)
		return rc;
	if (dev.nb_tx_queues == 0)
		return mirror_refuse(
				EINVAL, "target: port %u has no tx queue: configure one", port);
	if (param->target_queue >= dev.nb_tx_queues ||
			param->nb_target_queues > dev.nb_tx_queues - param->target_queue)
		return mirror_refuse(ERANGE,
				"target: queues %u to %u asked for, but port %u has tx queues 0 to %u",
				param->target_queue,
				param->target_queue + RTE_MAX(param->nb_target_queues, 1) - 1, port,
				dev.nb_tx_queues - 1);
	mirror->target_queue = param->target_queue;
	mirror->nb_target_queues = param->nb_target_queues != 0 ?
			param->nb_target_queues :
			dev.nb_tx_queues - param->target_queue;
	mirror->target_is_lockfree = mirror_port_is_lockfree(port);
	/* Without it drivers may pick transmit functions that look at the first segment alone. */
	mirror->max_segs = 1;
	if ((mirror_port_tx_offloads(port) & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) != 0)
		mirror->max_segs = UINT16_MAX;
	return 0;
}

/* Whether mirrors lead from one port to another. There are no loops to go round in. */
static bool
leads_to(uint16_t from, uint16_t to)
{
	const struct mirror *mirror;

	if (from == to)
		return true;
	TAILQ_FOREACH(mirror, &mirrors, next) {
		if (mirror->state != RTE_MIRROR_STOPPED && mirror->src_port == from &&
				leads_to(mirror->target_port, to))
			return true;
	}
	return false;
}

static int
check_against(const struct mirror *other, const struct mirror *mirror, const char *name)
{
	if (name != NULL && strcmp(other->name, name) == 0)
		return mirror_refuse(EEXIST,
				"there is a mirror named %s already: choose another name", name);
	if (other->state == RTE_MIRROR_STOPPED)
		return 0;
	if (other->src_port == mirror->src_port && other->target_port == mirror->target_port &&
			(other->directions & mirror->directions) != 0)
		return mirror_refuse(EEXIST,
				"%s mirrors port %u to port %u in this direction already: remove it first",
				other->name, mirror->src_port, mirror->target_port);
	if (mirror->lock != NULL && other->lock == mirror->lock &&
			(leads_to(mirror->target_port, other->src_port) ||
					leads_to(other->target_port, mirror->src_port)))
		return mirror_refuse(EBUSY,
				"%s, in one chain with this mirror, holds the same lock while it sends: "
				"give each a lock of its own",
				other->name);
	return 0;
}

static int
check_others(const struct mirror *mirror, const char *name)
{
	unsigned int nb_on_source = 0;
	struct mirror *other;
	int rc;

	if (mirror->target_port == mirror->src_port)
		return mirror_refuse(ELOOP, "port %u is source and target: mirror to another port",
				mirror->src_port);
	if (leads_to(mirror->target_port, mirror->src_port))
		return mirror_refuse(ELOOP, "target would be mirrored back to its source");
	TAILQ_FOREACH(other, &mirrors, next) {
		rc = check_against(other, mirror, name);
		if (rc != 0)
			return rc;
		nb_on_source += other->state != RTE_MIRROR_STOPPED &&
				other->src_port == mirror->src_port;
	}
	if (nb_on_source >= MIRROR_MAX_PER_SOURCE)
		return mirror_refuse(ENOMEM, "port %u has %u mirrors: remove one first",
				mirror->src_port, nb_on_source);
	return 0;
}

int
mirror_check(uint16_t src_port, const struct rte_mirror_param *param, struct mirror *mirror)
{
	int rc;

	mirror->src_port = src_port;
	mirror->target_port = param->target_port;
	mirror->directions = param->directions;
	mirror->mode = param->mode;
	mirror->offload = param->offload;
	mirror->offload_ctx = param->ctx;
	mirror->lock = param->lock;
	if (src_port < RTE_MAX_ETHPORTS && param->target_port < RTE_MAX_ETHPORTS) {
		/* Read first: when a device goes while it is being checked, the mirror ends with it. */
		mirror->source_epoch = __atomic_load_n(&mirror_epochs[src_port], __ATOMIC_ACQUIRE);
		mirror->target_epoch = __atomic_load_n(
				&mirror_epochs[param->target_port], __ATOMIC_ACQUIRE);
	}
	rc = check_source(mirror);
	if (rc == 0)
		rc = check_target(param, mirror);
	if (rc == 0)
		rc = check_others(mirror, param->name);
	if (rc == 0)
		rc = check_fast_free();
	return rc;
}
