/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_ethdev.h>

#include "check.h"
#include "config.h"
#include "drains.h"
#include "error.h"
#include "interfaces.h"
#include "ports.h"
#include "selection.h"

#define ALL_DIRECTIONS ((uint32_t)RTE_MIRROR_RX | (uint32_t)RTE_MIRROR_TX)
#define ALL_FLAGS      ((uint32_t)RTE_MIRROR_F_ORIGIN | (uint32_t)RTE_MIRROR_F_DRAIN)

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
	if (name[strspn(name, "0123456789")] == '\0')
		return mirror_refuse(EINVAL,
				"name %s would be taken for an id: give one that is not digits alone",
				name);
	return 0;
}

static int
check_lengths(const struct rte_mirror_param *param)
{
	const uint32_t snaplen = param->snaplen, split_len = param->split_len;

	if (snaplen != 0 && snaplen < RTE_MIRROR_LEN_MIN)
		return mirror_refuse(EINVAL,
				"snaplen %u is less than an Ethernet header: give %d or more, or 0 for "
				"whole packets",
				snaplen, RTE_MIRROR_LEN_MIN);
	if (split_len == 0)
		return 0;
	if (param->mode == RTE_MIRROR_SHARE || param->mode == RTE_MIRROR_COPY)
		return mirror_refuse(EINVAL,
				"split_len is for RTE_MIRROR_SPLIT: leave it 0, or choose that mode");
	if (split_len < RTE_MIRROR_LEN_MIN)
		return mirror_refuse(EINVAL,
				"split_len %u is less than an Ethernet header: give %d or more, or 0 for %d",
				split_len, RTE_MIRROR_LEN_MIN, RTE_MIRROR_SPLIT_LEN);
	if (snaplen != 0 && split_len >= snaplen)
		return mirror_refuse(EINVAL,
				"split_len %u leaves nothing to refer to of the %u bytes of snaplen: "
				"choose RTE_MIRROR_COPY",
				split_len, snaplen);
	return 0;
}

static int
check_rate(const struct rte_mirror_param *param)
{
	if ((unsigned int)param->rate_unit > RTE_MIRROR_BITS)
		return mirror_refuse(EINVAL, "rate_unit %d is unknown", (int)param->rate_unit);
	if (param->rate_unit != RTE_MIRROR_PACKETS && param->rate == 0)
		return mirror_refuse(
				EINVAL, "rate_unit: there is no rate: give one, or leave it out");
	return 0;
}

static int
check_flags(const struct rte_mirror_param *param)
{
	if ((param->flags & ~ALL_FLAGS) != 0)
		return mirror_refuse(EINVAL, "flags 0x%" PRIx32 " has unknown bits", param->flags);
	if ((param->flags & RTE_MIRROR_F_ORIGIN) != 0 && param->mode == RTE_MIRROR_SHARE &&
			param->snaplen == 0)
		return mirror_refuse(EINVAL,
				"RTE_MIRROR_F_ORIGIN needs mbufs of the mirror's own: choose split, copy "
				"or auto, or a snaplen");
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
	if (check_name(param->name) != 0 || check_lengths(param) != 0 || check_rate(param) != 0)
		return -EINVAL;
	return check_flags(param);
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

/* Each of the selected queues is there in at least one of the mirrored directions. */
static int
check_selected_queues(const struct mirror *mirror, const struct rte_eth_dev_info *source)
{
	const uint32_t directions = mirror->param.directions;
	const uint16_t nb_rx = (directions & RTE_MIRROR_RX) != 0 ? source->nb_rx_queues : 0;
	const uint16_t nb_tx = (directions & RTE_MIRROR_TX) != 0 ? source->nb_tx_queues : 0;

	return mirror_selection_check_queues(
			mirror->selection, mirror->source_port, RTE_MAX(nb_rx, nb_tx));
}

static int
check_source(const struct mirror *mirror)
{
	struct rte_eth_dev_info dev;
	int rc = check_port(mirror->source_port, "source", &dev);

	if (rc != 0)
		return rc;
	if ((mirror->param.directions & RTE_MIRROR_RX) != 0 && dev.nb_rx_queues == 0)
		return mirror_refuse(EINVAL,
				"source: port %u has no rx queue: configure one, or mirror tx alone",
				mirror->source_port);
	if ((mirror->param.directions & RTE_MIRROR_TX) != 0 && dev.nb_tx_queues == 0)
		return mirror_refuse(EINVAL,
				"source: port %u has no tx queue: configure one, or mirror rx alone",
				mirror->source_port);
	if ((mirror->param.directions & RTE_MIRROR_TX) != 0 &&
			mirror_port_is_lockfree(mirror->source_port))
		return mirror_refuse(ENOTSUP,
				"source: port %u has MT_LOCKFREE enabled, so several threads may send on one "
				"queue at once: configure it without, or mirror rx alone",
				mirror->source_port);
	return check_selected_queues(mirror, &dev);
}

static int
refuse_target(uint16_t target)
{
	return mirror_refuse(ENODEV, "target: there is no port %u", target);
}

static int
check_sink(struct mirror *mirror)
{
	const struct rte_mirror_param *param = &mirror->param;
	char reason[RTE_MIRROR_REASON_SIZE];

	if (!mirror_drains_have_sink(param->target_port))
		return refuse_target(param->target_port);
	if ((param->flags & RTE_MIRROR_F_DRAIN) == 0)
		return mirror_refuse(EINVAL, "target: it has a thread: give RTE_MIRROR_F_DRAIN");
	if (mirror_drains_sink_is_over(param->target_port, reason))
		return mirror_refuse(ESHUTDOWN,
				"target: %s: remove its mirrors, and mirror to a new one", reason);
	/* One that has no id yet is new. */
	if (mirror->id == 0 && !mirror_drains_sink_has_room(param->target_port))
		return mirror_refuse(ENOSPC,
				"target: it has had as many mirrors as it can tell apart: mirror to another");
	if (param->target_queue != 0 || param->nb_target_queues > 1)
		return mirror_refuse(ERANGE,
				"target: it has no tx queues: leave out target_queue and nb_target_queues");
	mirror->config.nb_target_queues = 1;
	return 0;
}

static int
check_target(struct mirror *mirror)
{
	const struct rte_mirror_param *param = &mirror->param;
	const uint16_t port = param->target_port;
	struct rte_eth_dev_info dev;
	int rc = check_port(port, "target", &dev);

	if (rc != 0)
		return rc;
	if (mirror_port_is_member(port))
		return mirror_refuse(ENOTSUP,
				"target: port %u is a member of a bond, which transmits on its queues: "
				"mirror to the bond",
				port);
	if (mirror_port_has_lost_interface(port))
		return mirror_refuse(ENODEV,
				"target: the interface of port %u has gone: remove the mirrors to it, and "
				"add them again",
				port);
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
	mirror->config.nb_target_queues = param->nb_target_queues != 0 ?
			param->nb_target_queues :
			dev.nb_tx_queues - param->target_queue;
	mirror->config.target_is_lockfree = mirror_port_is_lockfree(port);
	return 0;
}

/* Whether mirrors lead from one port to another, by ways through ports that have not been visited. */
static bool
finds_way(uint16_t from, uint16_t to, bool *visited)
{
	const struct mirror *mirror;

	if (from == to)
		return true;
	/* From there nothing is mirrored. */
	if (from >= RTE_MAX_ETHPORTS)
		return false;
	if (visited[from])
		return false;
	visited[from] = true;
	TAILQ_FOREACH(mirror, &mirror_all, next) {
		if (mirror->source_port != from || mirror->state == RTE_MIRROR_STOPPED ||
				mirror->is_set_aside)
			continue;
		if (finds_way(mirror->param.target_port, to, visited))
			return true;
	}
	return false;
}

static bool
leads_to(uint16_t from, uint16_t to)
{
	bool visited[RTE_MAX_ETHPORTS] = { false };

	return finds_way(from, to, visited);
}

static int
check_against(const struct mirror *other, const struct mirror *mirror, const char *name)
{
	const uint16_t target = mirror->param.target_port, other_target = other->param.target_port;
	const bool drains = (mirror->param.flags & RTE_MIRROR_F_DRAIN) != 0;
	const bool other_drains = (other->param.flags & RTE_MIRROR_F_DRAIN) != 0;
	const rte_spinlock_t *lock = mirror->param.lock;

	if (name != NULL && strcmp(other->name, name) == 0)
		return mirror_refuse(EEXIST,
				"there is a mirror named %s already: choose another name", name);
	if (other->state == RTE_MIRROR_STOPPED)
		return 0;
	if (other->source_port == mirror->source_port && other_target == target &&
			(other->param.directions & mirror->param.directions) != 0)
		return mirror_refuse(EEXIST,
				"%s mirrors port %u to that target in this direction already: update it, or remove it first",
				other->name, mirror->source_port);
	if (other_target == target && other_drains != drains)
		return mirror_refuse(EBUSY,
				"%s sends to port %u %s RTE_MIRROR_F_DRAIN: give this mirror the same",
				other->name, target, other_drains ? "with" : "without");
	if (lock == NULL || other->param.lock != lock)
		return 0;
	if (leads_to(target, other->source_port) || leads_to(other_target, mirror->source_port))
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

	if (mirror->param.target_port == mirror->source_port)
		return mirror_refuse(ELOOP, "port %u is source and target: mirror to another port",
				mirror->source_port);
	if (leads_to(mirror->param.target_port, mirror->source_port))
		return mirror_refuse(ELOOP, "target would be mirrored back to its source");
	TAILQ_FOREACH(other, &mirror_all, next) {
		if (!mirror_is_in_question(other, mirror))
			continue;
		rc = check_against(other, mirror, name);
		if (rc != 0)
			return rc;
		nb_on_source += other->state != RTE_MIRROR_STOPPED &&
				other->source_port == mirror->source_port;
	}
	if (nb_on_source >= MIRROR_MAX_PER_SOURCE)
		return mirror_refuse(ENOMEM, "port %u has %u mirrors: remove one first",
				mirror->source_port, nb_on_source);
	return 0;
}

int
mirror_check_only(struct mirror *mirror, const char *name)
{
	const bool has_target = mirror->param.target_port != RTE_MAX_ETHPORTS;
	int rc = check_source(mirror);

	if (rc == 0 && mirror_is_sink(mirror->param.target_port))
		rc = check_sink(mirror);
	else if (rc == 0 && has_target)
		rc = check_target(mirror);
	if (rc == 0)
		rc = check_others(mirror, name);
	if (rc == 0)
		rc = has_target ? mirror_choose_mode(mirror) : mirror_check_mode(mirror);
	return rc;
}

int
mirror_check(struct mirror *mirror, const char *name)
{
	const uint16_t source = mirror->source_port, target = mirror->param.target_port;
	int rc;

	mirror->config = (struct mirror_config){ 0 };
	if (target == RTE_MAX_ETHPORTS)
		return refuse_target(target);
	/* Read first: when a device goes while it is being checked, the mirror ends with it. */
	if (source < RTE_MAX_ETHPORTS)
		mirror->config.source_epoch = mirror_epoch(source);
	if (target < RTE_MAX_ETHPORTS)
		mirror->config.target_epoch = mirror_epoch(target);
	rc = mirror_check_only(mirror, name);
	/* Last: a field of mbufs cannot be given back. */
	if (rc == 0 && (mirror->param.flags & RTE_MIRROR_F_ORIGIN) != 0)
		rc = mirror_origin_register();
	return rc;
}
