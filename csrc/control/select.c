/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ether.h>

#include "../filter/filter.h"
#include "error.h"
#include "selection.h"

#define VLAN_ID_MAX 4095

static int
check_ranges(const char *what, const struct rte_mirror_range *ranges, uint16_t nb, uint16_t max)
{
	uint16_t i;
	int rc = 0;

	if (ranges != NULL && nb == 0)
		return mirror_refuse(
				EINVAL, "%s: no range is given: leave them NULL for any", what);
	if (ranges == NULL && nb != 0)
		return mirror_refuse(EINVAL, "%s: NULL, but their number is not 0", what);
	for (i = 0; rc == 0 && i < nb; i++)
		rc = mirror_check_range(what, &ranges[i], max);
	return rc;
}

static void
set_ids(uint64_t *words, const struct rte_mirror_range *ranges, uint16_t nb)
{
	unsigned int i, id;

	for (i = 0; i < nb; i++) {
		for (id = ranges[i].min; id <= ranges[i].max; id++)
			words[id / 64] |= UINT64_C(1) << id % 64;
	}
}

static int
make_vlans(struct mirror_selector *selector, const struct rte_mirror_select *select)
{
	int rc = check_ranges("vlans", select->vlans, select->nb_vlans, VLAN_ID_MAX);

	if (rc == 0)
		rc = check_ranges("inner_vlans", select->inner_vlans, select->nb_inner_vlans,
				VLAN_ID_MAX);
	if (rc != 0)
		return rc;
	selector->has_vlans = select->vlans != NULL;
	set_ids(selector->vlans, select->vlans, select->nb_vlans);
	selector->has_inner_vlans = select->inner_vlans != NULL;
	set_ids(selector->inner_vlans, select->inner_vlans, select->nb_inner_vlans);
	return 0;
}

static struct mirror_words_test
mac_test(const struct rte_ether_addr *src, const struct rte_ether_addr *src_mask,
		const struct rte_ether_addr *dst, const struct rte_ether_addr *dst_mask)
{
	const struct rte_ether_addr value[] = { *dst, *src }, mask[] = { *dst_mask, *src_mask };
	struct mirror_words_test test = { 0 };

	memcpy(&test.value, value, sizeof(value));
	memcpy(&test.mask, mask, sizeof(mask));
	test.value &= test.mask;
	return test;
}

static int
make_mac(struct mirror_selector *selector, const struct rte_mirror_mac *mac)
{
	if (mac == NULL)
		return 0;
	if (mirror_check_reserved("mac", mac->reserved, sizeof(mac->reserved)) != 0)
		return -EINVAL;
	if (mac->both_ways > 1)
		return mirror_refuse(EINVAL, "mac: both_ways is neither 0 nor 1");
	if (rte_is_zero_ether_addr(&mac->src_mask) && rte_is_zero_ether_addr(&mac->dst_mask))
		return mirror_refuse(EINVAL,
				"mac: both masks are 0: give one, or leave mac NULL for any address");
	selector->has_mac = true;
	selector->mac[0] = mac_test(&mac->src, &mac->src_mask, &mac->dst, &mac->dst_mask);
	selector->mac[1] = mac_test(&mac->dst, &mac->dst_mask, &mac->src, &mac->src_mask);
	selector->mac_both_ways = mac->both_ways != 0;
	return 0;
}

static int
make_sample(struct mirror_selector *selector, const struct rte_mirror_select *select)
{
	if (select->sample_random > 1)
		return mirror_refuse(EINVAL, "sample_random is neither 0 nor 1");
	if (select->sample_one_in == 0 && select->sample_random != 0)
		return mirror_refuse(EINVAL, "sample_random without sample_one_in: give that, too");
	if (select->sample_random == 0 && select->sample_seed != 0)
		return mirror_refuse(EINVAL, "sample_seed is for sample_random: leave it 0");
	selector->sample_one_in = select->sample_one_in;
	selector->sample_random = select->sample_random != 0;
	selector->sample_seed = select->sample_seed;
	if (selector->sample_random)
		selector->sample_scale = 1 / log1p(-1.0 / select->sample_one_in);
	return 0;
}

static int
make_filter(struct mirror_selector *selector, const struct rte_mirror_select *select)
{
	if (select->filter != NULL && select->compiled != NULL)
		return mirror_refuse(EINVAL, "filter and compiled are both given: give one");
	if (select->filter != NULL)
		return rte_mirror_filter_compile(select->filter, &selector->filter);
	if (select->compiled != NULL)
		selector->filter = mirror_filter_use(select->compiled);
	return 0;
}

static int
make_selector(struct mirror_selector *selector, const struct rte_mirror_select *select)
{
	int rc = check_ranges("queues", select->queues, select->nb_queues, UINT16_MAX);

	if (rc == 0)
		rc = mirror_check_reserved(
				"select", &select->reserved_byte, sizeof(select->reserved_byte));
	if (rc == 0)
		rc = mirror_check_reserved("select", select->reserved, sizeof(select->reserved));
	if (rc == 0)
		rc = make_mac(selector, select->mac);
	if (rc == 0)
		rc = make_vlans(selector, select);
	if (rc == 0)
		rc = mirror_flow_make(selector, select->flow);
	if (rc == 0)
		rc = make_sample(selector, select);
	if (rc == 0)
		rc = make_filter(selector, select);
	selector->wants_tags = selector->has_vlans || selector->has_inner_vlans;
	selector->has_matches = selector->has_mac || selector->wants_tags || selector->has_flow ||
			selector->filter != NULL;
	return rc;
}

/* How long tokens are kept, and a queue's portion of them lasts. */
#define BUCKET_MS  10
#define PORTION_MS 1

static int
make_bucket(struct mirror_selector *selector, const struct rte_mirror_param *param)
{
	const double hz = (double)rte_get_tsc_hz();
	struct mirror_bucket *bucket;

	if (param->rate == 0)
		return 0;
	bucket = aligned_alloc(alignof(struct mirror_bucket), sizeof(*bucket));
	if (bucket == NULL)
		return mirror_refuse(ENOMEM, "out of memory");
	*bucket = (struct mirror_bucket){
		.cycles_per_token = hz / (double)param->rate,
		.depth = (uint64_t)(hz * BUCKET_MS / 1000),
		.portion = param->rate * PORTION_MS / 1000,
		.counts_bits = param->rate_unit == RTE_MIRROR_BITS,
		.empty_at = rte_rdtsc() - (uint64_t)(hz * BUCKET_MS / 1000), /* full */
	};
	selector->bucket = bucket;
	return 0;
}

int
mirror_selection_make(const struct rte_mirror_param *param, struct mirror_selection **selection)
{
	static const struct rte_mirror_select everything;
	static uint64_t last_serial;
	const struct rte_mirror_select *select = param->select;
	struct mirror_selection *made;
	int rc;

	if (select == NULL)
		select = &everything;
	*selection = NULL;
	if (param->select == NULL && param->offload == NULL && param->rate == 0)
		return 0;
	made = calloc(1, sizeof(*made) + select->nb_queues * sizeof(made->queues[0]));
	if (made == NULL)
		return mirror_refuse(ENOMEM, "out of memory");
	made->nb_users = 1;
	made->selector.serial = __atomic_add_fetch(&last_serial, 1, __ATOMIC_RELAXED);
	made->selector.offload = param->offload;
	made->selector.offload_ctx = param->ctx;
	rc = make_bucket(&made->selector, param);
	if (rc == 0)
		rc = make_selector(&made->selector, select);
	if (rc != 0) {
		mirror_selection_leave(made);
		return rc;
	}
	made->nb_queues = select->nb_queues;
	if (made->nb_queues > 0)
		memcpy(made->queues, select->queues, made->nb_queues * sizeof(made->queues[0]));
	*selection = made;
	return 0;
}

struct mirror_selection *
mirror_selection_use(struct mirror_selection *selection)
{
	selection->nb_users++;
	return selection;
}

void
mirror_selection_leave(struct mirror_selection *selection)
{
	if (selection == NULL || --selection->nb_users > 0)
		return;
	mirror_filter_leave(selection->selector.filter);
	free(selection->selector.bucket);
	free(selection);
}

bool
mirror_selection_has_queue(const struct mirror_selection *selection, uint16_t queue_id)
{
	uint16_t i;

	if (selection == NULL || selection->nb_queues == 0)
		return true;
	for (i = 0; i < selection->nb_queues; i++) {
		if (queue_id >= selection->queues[i].min && queue_id <= selection->queues[i].max)
			return true;
	}
	return false;
}

int
mirror_selection_check_queues(
		const struct mirror_selection *selection, uint16_t port_id, uint16_t nb_queues)
{
	uint16_t i;

	for (i = 0; selection != NULL && i < selection->nb_queues; i++) {
		if (selection->queues[i].max >= nb_queues)
			return mirror_refuse(ERANGE,
					"source: queues %u to %u selected, but port %u has %u in the "
					"mirrored directions",
					selection->queues[i].min, selection->queues[i].max, port_id,
					nb_queues);
	}
	return 0;
}

enum rte_mirror_filter_engine
mirror_selection_engine(const struct mirror_selection *selection)
{
	if (selection == NULL || selection->selector.filter == NULL)
		return RTE_MIRROR_FILTER_NONE;
	if (selection->selector.filter->code != NULL)
		return RTE_MIRROR_FILTER_JIT;
	return RTE_MIRROR_FILTER_INTERPRETER;
}
