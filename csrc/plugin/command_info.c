/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../counter_names.h"
#include "commands.h"
#include "mirrors.h"
#include "params.h"
#include "portinfo.h"
#include "refusal.h"
#include "targets.h"

int
mirror_command_list(struct pairs *params, struct reply *reply)
{
	uint32_t start = 0, *ids;
	unsigned int nb = 0;
	int i, nb_ids, rc = mirror_params_number(params, "start", UINT32_MAX, &start);

	if (rc == 0)
		rc = mirror_params_end(params, "start");
	if (rc != 0)
		return rc;
	nb_ids = mirror_ids_list(&ids);
	if (nb_ids < 0)
		return nb_ids;
	mirror_reply_array(reply);
	/* Oldest first is the order of ids. */
	for (i = 0; i < nb_ids && nb < REPLY_MAX_NUMBERS; i++) {
		if (ids[i] < start)
			continue;
		mirror_reply_append(reply, ids[i]);
		nb++;
	}
	free(ids);
	return 0;
}

int
mirror_command_stats(struct pairs *params, struct reply *reply)
{
	struct rte_mirror_stats stats;
	unsigned int i;
	uint32_t id;
	int rc = mirror_params_mirror_alone(params, &id);

	if (rc != 0)
		return rc;
	rc = rte_mirror_stats_get(id, &stats);
	if (rc != 0)
		return mirror_plugin_refuse_as_library(rc);
	mirror_reply_object(reply);
	for (i = 0; i < RTE_DIM(mirror_counter_names); i++)
		mirror_reply_number(reply, mirror_counter_names[i].name,
				mirror_counter_value(&stats, &mirror_counter_names[i]));
	return 0;
}

static const char *
state_text(enum rte_mirror_state state)
{
	switch (state) {
	case RTE_MIRROR_RUNNING:
		return "running";
	case RTE_MIRROR_WAITING:
		return "waiting";
	case RTE_MIRROR_PAUSED:
		return "paused";
	default:
		return "stopped";
	}
}

static const char *
engine_text(enum rte_mirror_filter_engine engine)
{
	switch (engine) {
	case RTE_MIRROR_FILTER_JIT:
		return "jit";
	case RTE_MIRROR_FILTER_INTERPRETER:
		return "interpreter";
	default:
		return "none";
	}
}

/* Names of ports of mirrors that no command has added are as the ports are named now. */
static void
describe_ends(const struct rte_mirror_info *info, const struct asked_mirror *asked,
		struct reply *reply)
{
	char source[RTE_ETH_NAME_MAX_LEN], target[2 * RTE_ETH_NAME_MAX_LEN];
	struct text text = mirror_text_begin(target, sizeof(target));

	mirror_portinfo_name(info->source_port, source);
	mirror_targets_write_port(info->target_port, &text);
	mirror_reply_number(reply, "source_port", info->source_port);
	mirror_reply_text(reply, "source", asked != NULL ? asked->source : source);
	mirror_reply_number(reply, "target_port", info->target_port);
	mirror_reply_text(reply, "target",
			asked != NULL ? mirror_targets_text(asked->target) : target);
}

/* Writes the numbers of the queues of a direction that have been seen polled, or that have not: 0-3,5. */
static void
write_queues(const struct rte_mirror_queue *queues, uint32_t nb,
		enum rte_mirror_direction direction, bool polled, struct text *text)
{
	uint32_t i, first;

#define IS_ONE(queue) ((queue).direction == direction && ((queue).bursts > 0) == polled)
	for (i = 0; i < nb; i++) {
		if (!IS_ONE(queues[i]))
			continue;
		for (first = i; i + 1 < nb && IS_ONE(queues[i + 1]); i++)
			;
		mirror_text_append(text, text->length > 0 ? ",%u" : "%u", queues[first].queue_id);
		if (i > first)
			mirror_text_append(text, "-%u", queues[i].queue_id);
	}
#undef IS_ONE
	/* A string holds so much. */
	if (text->is_cut)
		strcpy(text->buffer + RTE_MIN(text->length, text->size - sizeof("...")), "...");
}

static void
describe_queues(const struct rte_mirror_queue *queues, uint32_t nb, struct reply *reply)
{
	static const struct {
		const char *key;
		enum rte_mirror_direction direction;
		bool polled;
	} parts[] = {
		{ "rx_polled", RTE_MIRROR_RX, true },
		{ "rx_unpolled", RTE_MIRROR_RX, false },
		{ "tx_polled", RTE_MIRROR_TX, true },
		{ "tx_unpolled", RTE_MIRROR_TX, false },
	};
	char buffer[REPLY_PIECE_SIZE];
	unsigned int i;

	for (i = 0; i < RTE_DIM(parts); i++) {
		struct text text = mirror_text_begin(buffer, sizeof(buffer));

		write_queues(queues, nb, parts[i].direction, parts[i].polled, &text);
		mirror_reply_string(reply, parts[i].key, buffer);
	}
}

/* For how long, and whose it is. What is not known is left out. */
static void
describe_owner(const struct asked_mirror *asked, struct reply *reply)
{
	const struct adder *adder = &asked->adder;
	struct tm utc;
	char at[32];

	if (asked->lease.end_ns != 0)
		mirror_reply_number(reply, "ends_in_s", mirror_lease_left(&asked->lease));
	if (asked->lease.process.pid != 0)
		mirror_reply_number(reply, "ends_with", asked->lease.process.pid);
	gmtime_r(&adder->at, &utc);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &utc);
	mirror_reply_string(reply, "added_at", at);
	mirror_reply_text(reply, "added_by", adder->by);
	if (adder->peer.is_known)
		mirror_reply_number(reply, "added_uid", adder->peer.uid);
	if (adder->peer.pid != 0)
		mirror_reply_number(reply, "added_pid", adder->peer.pid);
}

static void
describe(const struct rte_mirror_info *info, struct reply *reply)
{
	const struct asked_mirror *asked = mirror_asked_get(info->id);

	mirror_reply_object(reply);
	mirror_reply_number(reply, "id", info->id);
	mirror_reply_number(reply, "added", asked != NULL);
	mirror_reply_text(reply, "name", info->name);
	mirror_reply_string(reply, "state", state_text(info->state));
	mirror_reply_text(reply, "reason", info->reason);
	mirror_reply_string(reply, "mode", mirror_spec_mode(info->mode));
	mirror_reply_text(reply, "mode_reason", info->mode_reason);
	mirror_reply_text(reply, "warning", info->warning);
	describe_ends(info, asked, reply);
	mirror_reply_string(reply, "directions", mirror_spec_directions(info->directions));
	mirror_reply_number(reply, "snaplen", info->snaplen);
	mirror_reply_number(reply, "split_len", info->split_len);
	mirror_reply_number(reply, "origin", (info->flags & RTE_MIRROR_F_ORIGIN) != 0);
	mirror_reply_string(reply, "filter_engine", engine_text(info->filter_engine));
	mirror_reply_number(reply, "target_queue", info->target_queue);
	mirror_reply_number(reply, "nb_target_queues", info->nb_target_queues);
	mirror_reply_number(reply, "rx_queues", info->rx_queues);
	mirror_reply_number(reply, "tx_queues", info->tx_queues);
	/* As clients of release 0.1 read them. */
	mirror_reply_number(reply, "nb_rx_queues", info->rx_queues);
	mirror_reply_number(reply, "nb_tx_queues", info->tx_queues);
	mirror_reply_number(reply, "sampled_cycles", info->sampled_cycles);
	mirror_reply_number(reply, "sampled_packets", info->sampled_packets);
	mirror_reply_number(reply, "poller_cpu_us", info->poller_cpu_us);
	mirror_reply_number(reply, "drain_cpu_us", info->drain_cpu_us);
	mirror_reply_number(reply, "drain_yields", info->drain_yields);
	/* What one that no command has added chooses, and by which functions, only its application knows. */
	mirror_reply_text(reply, "spec", asked != NULL ? asked->spec : "");
	if (asked != NULL)
		describe_owner(asked, reply);
}

int
mirror_command_info(struct pairs *params, struct reply *reply)
{
	struct rte_mirror_queue *queues;
	struct rte_mirror_info info;
	uint32_t id, size;
	int rc = mirror_params_mirror_alone(params, &id);

	if (rc != 0)
		return rc;
	rc = rte_mirror_info_get(id, &info);
	if (rc != 0)
		return mirror_plugin_refuse_as_library(rc);
	size = info.rx_queues + info.tx_queues;
	queues = calloc(size + 1, sizeof(*queues));
	if (queues == NULL)
		return mirror_plugin_refuse(ENOMEM, "out of memory");
	rc = rte_mirror_queues_get(id, queues, size);
	if (rc >= 0) {
		describe(&info, reply);
		describe_queues(queues, RTE_MIN((uint32_t)rc, size), reply);
	}
	free(queues);
	return rc >= 0 ? 0 : mirror_plugin_refuse_as_library(rc);
}
