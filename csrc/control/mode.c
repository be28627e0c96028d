/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>

#include "bonds.h"
#include "config.h"
#include "drains.h"
#include "drivers.h"
#include "error.h"
#include "poolkinds.h"
#include "ports.h"

/* A source's longest frame: its MTU, an Ethernet header and two VLAN tags. */
#define FRAME_OVERHEAD (RTE_ETHER_HDR_LEN + 2 * RTE_VLAN_HLEN)

static bool
is_drained(const struct mirror *mirror)
{
	return (mirror->param.flags & RTE_MIRROR_F_DRAIN) != 0;
}

/* Why a thread may not be given what is the application's; NULL: it may. */
static const char *
why_only_copies(const struct mirror *mirror, const struct mirror_driver *driver)
{
	const struct rte_mirror_param *param = &mirror->param;

	if (!is_drained(mirror))
		return NULL;
	if (mirror_budget_has_single_producer(mirror->source_port))
		return "the source receives into a pool for one producer, and the target's thread would be "
		       "another";
	if (!driver->reads_at_once &&
			!mirror_drains_see_behind(param->target_port, param->target_queue))
		return "the target keeps packets in rings that do not have its name, so nothing tells "
		       "how many";
	return NULL;
}

/* Why RTE_MIRROR_AUTO does not come to share. */
static const char *
why_not_share(const struct mirror *mirror, const struct mirror_driver *driver)
{
	if (is_drained(mirror))
		return "gets packets later, from a thread";
	if (driver->reads_at_once)
		return "is to get mbufs that say where they come from";
	if (driver->name != NULL)
		return "reads a packet after its tx burst has returned";
	return "is not known to have read a packet when its tx burst returns";
}

/* What RTE_MIRROR_AUTO comes to; config has the reason, too. */
static enum rte_mirror_mode
choose(struct mirror *mirror, const struct mirror_driver *driver, const char *driver_name,
		uint16_t fast_free_port)
{
	const bool takes_chains = mirror->config.max_segs > 1;
	char *reason = mirror->config.mode_reason;

	if (fast_free_port != RTE_MAX_ETHPORTS) {
		snprintf(reason, RTE_MIRROR_REASON_SIZE,
				"port %u has MBUF_FAST_FREE enabled and would free what is shared",
				fast_free_port);
		return RTE_MIRROR_COPY;
	}
	if (why_only_copies(mirror, driver) != NULL) {
		snprintf(reason, RTE_MIRROR_REASON_SIZE, "%s", why_only_copies(mirror, driver));
		return RTE_MIRROR_COPY;
	}
	if (driver->reads_at_once && mirror->param.flags == 0) {
		snprintf(reason, RTE_MIRROR_REASON_SIZE,
				"%s has read a packet when its tx burst returns, and frees it by "
				"reference count",
				driver_name);
		return RTE_MIRROR_SHARE;
	}
	snprintf(reason, RTE_MIRROR_REASON_SIZE, "%s %s, and takes %s", driver_name,
			why_not_share(mirror, driver),
			takes_chains ? "chains" : "one segment a packet");
	return takes_chains ? RTE_MIRROR_SPLIT : RTE_MIRROR_COPY;
}

static int
check_mode(const struct mirror *mirror, uint16_t fast_free_port)
{
	const struct mirror_config *config = &mirror->config;

	if (config->mode != RTE_MIRROR_COPY && fast_free_port != RTE_MAX_ETHPORTS)
		return mirror_refuse(ENOTSUP,
				"port %u has MBUF_FAST_FREE enabled and would free packets that the mirror "
				"still shares: configure it without, or choose RTE_MIRROR_COPY",
				fast_free_port);
	if (config->mode == RTE_MIRROR_SHARE && mirror_port_rewrites(mirror->param.target_port))
		return mirror_refuse(ENOTSUP,
				"target: port %u is a bond that balances loads by rewriting packets, or does not "
				"tell its mode: choose RTE_MIRROR_SPLIT or RTE_MIRROR_COPY",
				mirror->param.target_port);
	if (config->mode == RTE_MIRROR_SPLIT && config->max_segs == 1)
		return mirror_refuse(ENOTSUP,
				"target: port %u takes one segment a packet: enable MULTI_SEGS there, or "
				"choose RTE_MIRROR_COPY",
				mirror->param.target_port);
	return 0;
}

static int
check_is_single(struct mirror *mirror)
{
	const struct mirror *other;
	struct rte_eth_dev_info source;
	int rc = mirror_port_info_get(mirror->source_port, &source);

	if (rc != 0)
		return mirror_refuse(-rc, "source: port %u does not say what it is: %s",
				mirror->source_port, strerror(-rc));
	if (mirror_count_queues(mirror, &source) > 1)
		return mirror_refuse(ENOTSUP,
				"pool %s is for one thread, and the source has a poller for each queue and "
				"direction: make it for several",
				mirror->config.pool->name);
	/* The poller frees, too: mbufs that it does not need, or that the target refuses. */
	if (mirror_pool_has_one_producer(mirror->config.pool) && !mirror->config.frees_at_once)
		return mirror_refuse(ENOTSUP,
				"pool %s is for one thread, and port %u may have mbufs freed in another "
				"thread: make it for several",
				mirror->config.pool->name, mirror->param.target_port);
	TAILQ_FOREACH(other, &mirror_all, next) {
		if (mirror_is_in_question(other, mirror) && other->state != RTE_MIRROR_STOPPED &&
				other->config.pool == mirror->config.pool)
			return mirror_refuse(ENOTSUP,
					"pool %s is for one thread, and %s uses it: make it for several",
					other->config.pool->name, other->name);
	}
	return 0;
}

/* How many bytes one mbuf has to hold. */
static uint32_t
needed_room(const struct mirror *mirror)
{
	const struct mirror_config *config = &mirror->config;
	uint32_t longest;
	uint16_t mtu = 0;

	if (config->mode == RTE_MIRROR_SPLIT)
		return config->split_len;
	if (config->mode == RTE_MIRROR_SHARE || mirror_port_mtu_get(mirror->source_port, &mtu) != 0)
		return 1;
	longest = RTE_MIN(config->snaplen, (uint32_t)mtu + FRAME_OVERHEAD);
	return (longest - 1) / config->max_segs + 1;
}

static bool
is_pinned(struct rte_mempool *pool)
{
	return (rte_pktmbuf_priv_flags(pool) & RTE_PKTMBUF_POOL_F_PINNED_EXT_BUF) != 0;
}

/* Checks a pool that the application has given. */
static int
check_pool(struct mirror *mirror)
{
	const struct mirror_config *config = &mirror->config;
	struct rte_mempool *pool = config->pool;
	const bool refers = config->mode == RTE_MIRROR_SPLIT ||
			(config->mode == RTE_MIRROR_SHARE && config->snaplen != UINT32_MAX);

	if (pool->private_data_size < sizeof(struct rte_pktmbuf_pool_private))
		return mirror_refuse(EINVAL,
				"pool %s is none of mbufs: make it with rte_pktmbuf_pool_create()",
				pool->name);
	if (refers && is_pinned(pool))
		return mirror_refuse(EINVAL,
				"pool %s has pinned buffers, so its mbufs cannot refer to other data: "
				"give another, or choose RTE_MIRROR_COPY",
				pool->name);
	if (is_pinned(pool) && mirror_port_has_fast_free(mirror->param.target_port))
		return mirror_refuse(EINVAL,
				"pool %s has pinned buffers, and port %u has MBUF_FAST_FREE enabled, which "
				"is for plain mbufs: give another",
				pool->name, mirror->param.target_port);
	if (rte_pktmbuf_data_room_size(pool) < RTE_PKTMBUF_HEADROOM + needed_room(mirror))
		return mirror_refuse(EINVAL,
				"pool %s has room for %d bytes behind the headroom, too few for the %u that "
				"must fit: make it with more",
				pool->name,
				RTE_MAX(rte_pktmbuf_data_room_size(pool) - RTE_PKTMBUF_HEADROOM, 0),
				needed_room(mirror));
	/* A mirror never starves its application. */
	if (is_drained(mirror) && mirror_budget_is_received_into(pool, mirror->param.target_port))
		return mirror_refuse(EINVAL,
				"pool %s is one that the application receives into, and with "
				"RTE_MIRROR_F_DRAIN the target may keep it empty: give another, or none",
				pool->name);
	return config->pool_is_single ? check_is_single(mirror) : 0;
}

/* With FAST_FREE a driver gives back what it frees to the pool of the first. */
static int
check_target_pools(const struct mirror *mirror)
{
	const uint16_t target = mirror->param.target_port;
	const struct mirror *other;

	if (!mirror_port_has_fast_free(target))
		return 0;
	TAILQ_FOREACH(other, &mirror_all, next) {
		if (mirror_is_in_question(other, mirror) && other->state != RTE_MIRROR_STOPPED &&
				other->param.target_port == target &&
				other->config.pool != mirror->config.pool)
			return mirror_refuse(ENOTSUP,
					"target: port %u has MBUF_FAST_FREE enabled and takes mbufs of one "
					"pool, and %s sends it those of %s: use that pool",
					target, other->name, other->config.pool->name);
	}
	return 0;
}

/* Of mbufs from the library's pools. */
static int
check_split_len(const struct mirror_config *config)
{
	if (config->split_len <= MIRROR_POOL_ROOM)
		return 0;
	return mirror_refuse(EINVAL,
			"split_len %u is more than the %d bytes of the library's mbufs: give less, or a pool",
			config->split_len, MIRROR_POOL_ROOM);
}

static int
choose_pool(struct mirror *mirror)
{
	struct mirror_config *config = &mirror->config;
	int rc = 0;

	config->pool = mirror->param.pool;
	if (config->pool == NULL && check_split_len(config) != 0)
		return -EINVAL;
	if (config->pool != NULL) {
		config->pool_is_single = mirror_pool_is_single(config->pool);
		rc = check_pool(mirror);
	} else {
		config->pool = mirror_pool_get(mirror);
	}
	if (rc != 0)
		return rc;
	if (config->pool == NULL) {
		if (config->mode == RTE_MIRROR_SHARE && config->snaplen == UINT32_MAX)
			return 0;
		if (rte_errno != ENOMEM)
			return mirror_refuse(ENOMEM, "cannot make a pool of mbufs, %s: give a pool",
					rte_strerror(rte_errno));
		return mirror_refuse(ENOMEM,
				"no memory for a pool of mbufs: give EAL more, or give a pool");
	}
	config->room = rte_pktmbuf_data_room_size(config->pool) - RTE_PKTMBUF_HEADROOM;
	if (is_pinned(config->pool))
		config->own_flags = RTE_MBUF_F_EXTERNAL;
	return check_target_pools(mirror);
}

/* How many segments a packet may have that the target is given. */
static uint16_t
count_segs(const struct mirror_driver *driver, const struct rte_eth_dev_info *target,
		uint16_t target_port)
{
	const uint64_t offloads = mirror_port_tx_offloads(target_port);
	const struct rte_eth_desc_lim *limit = &target->tx_desc_lim;
	uint16_t nb = MIRROR_MAX_SEGS;

	/* Without it drivers may pick transmit functions that look at the first segment alone. */
	if (!driver->takes_chains && (offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS) == 0)
		return 1;
	/* What frees without a look at mbufs leaves chains linked, or frees their first segment alone. */
	if (mirror_port_has_fast_free(target_port))
		return 1;
	if (driver->max_segs != 0)
		nb = RTE_MIN(nb, driver->max_segs);
	/* 0: the driver does not tell. */
	if (limit->nb_seg_max != 0)
		nb = RTE_MIN(nb, limit->nb_seg_max);
	return limit->nb_mtu_seg_max != 0 ? RTE_MIN(nb, limit->nb_mtu_seg_max) : nb;
}

/* What is known of the target: its driver, and by which name. */
static int
find_target(struct mirror *mirror, const struct mirror_driver **driver, const char **name)
{
	static const struct mirror_driver sink = { "the writer", .reads_at_once = true,
		.limits = MIRROR_LIMIT_NONE };
	const uint16_t port_id = mirror->param.target_port;
	struct rte_eth_dev_info target;
	int rc;

	if (mirror_is_sink(port_id)) {
		*driver = &sink;
		*name = sink.name;
		mirror->config.max_segs = MIRROR_MAX_SEGS;
		return 0;
	}
	rc = mirror_port_info_get(port_id, &target);
	if (rc != 0)
		return mirror_refuse(-rc, "target: port %u does not say what it is: %s", port_id,
				strerror(-rc));
	*driver = mirror_driver_find(target.driver_name);
	*name = target.driver_name;
	mirror->config.max_segs = count_segs(*driver, &target, port_id);
	return 0;
}

int
mirror_choose_mode(struct mirror *mirror)
{
	const struct rte_mirror_param *param = &mirror->param;
	struct mirror_config *config = &mirror->config;
	const uint16_t fast_free_port = mirror_fast_free_port();
	const struct mirror_driver *driver;
	const char *driver_name;
	int rc = find_target(mirror, &driver, &driver_name);

	if (rc != 0)
		return rc;
	if (is_drained(mirror) && driver->name == NULL)
		return mirror_refuse(ENOTSUP,
				"target: port %u is of %s, which need not be drained: mirror to it without "
				"RTE_MIRROR_F_DRAIN",
				param->target_port, driver_name);
	config->frees_at_once = driver->reads_at_once && !is_drained(mirror);
	config->mode = param->mode;
	snprintf(config->mode_reason, sizeof(config->mode_reason), "it was asked for");
	if (param->mode == RTE_MIRROR_AUTO)
		config->mode = choose(mirror, driver, driver_name, fast_free_port);
	rc = check_mode(mirror, fast_free_port);
	if (rc == 0 && config->mode != RTE_MIRROR_COPY && why_only_copies(mirror, driver) != NULL)
		rc = mirror_refuse(ENOTSUP, "%s: choose RTE_MIRROR_COPY",
				why_only_copies(mirror, driver));
	if (rc != 0)
		return rc;
	config->snaplen = param->snaplen != 0 ? param->snaplen : UINT32_MAX;
	if (config->mode == RTE_MIRROR_SPLIT)
		config->split_len = param->split_len != 0 ? param->split_len : RTE_MIRROR_SPLIT_LEN;
	config->longest = UINT32_MAX;
	mirror_find_longest(mirror);
	return choose_pool(mirror);
}

int
mirror_check_mode(struct mirror *mirror)
{
	struct mirror_config *config = &mirror->config;

	/* What comes of auto depends on the target, and so does whether it takes chains. */
	config->mode = mirror->param.mode == RTE_MIRROR_AUTO ? RTE_MIRROR_COPY : mirror->param.mode;
	config->max_segs = UINT16_MAX;
	if (config->mode == RTE_MIRROR_SPLIT)
		config->split_len = mirror->param.split_len;
	if (mirror->param.pool == NULL && check_split_len(config) != 0)
		return -EINVAL;
	return check_mode(mirror, mirror_fast_free_port());
}
