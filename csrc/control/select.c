/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <netinet/in.h>
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
check_range(const char *what, const struct rte_mirror_range *range, uint16_t max)
{
	if (range->min > range->max)
		return mirror_refuse(EINVAL, "%s %u to %u: the range is empty", what, range->min,
				range->max);
	if (range->max > max)
		return mirror_refuse(EINVAL, "%s %u to %u: not within 0 to %u", what, range->min,
				range->max, max);
	return 0;
}

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
		rc = check_range(what, &ranges[i], max);
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

static struct mirror_mac_test
mac_test(const struct rte_ether_addr *src, const struct rte_ether_addr *src_mask,
		const struct rte_ether_addr *dst, const struct rte_ether_addr *dst_mask)
{
	const struct rte_ether_addr value[] = { *dst, *src }, mask[] = { *dst_mask, *src_mask };
	struct mirror_mac_test test = { 0 };

	memcpy(&test.value, value, sizeof(value));
	memcpy(&test.mask, mask, sizeof(mask));
	test.value &= test.mask;
	return test;
}

static int
check_reserved(const char *what, const void *reserved, size_t size)
{
	const uint8_t *bytes = reserved;
	size_t i;

	for (i = 0; i < size; i++) {
		if (bytes[i] != 0)
			return mirror_refuse(
					EINVAL, "%s: reserved is not 0: zero-initialise it", what);
	}
	return 0;
}

static int
make_mac(struct mirror_selector *selector, const struct rte_mirror_mac *mac)
{
	if (mac == NULL)
		return 0;
	if (check_reserved("mac", mac->reserved, sizeof(mac->reserved)) != 0)
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
check_prefix(const char *what, const uint8_t *address, unsigned int length, uint8_t ip_version)
{
	const unsigned int bits = ip_version == 4 ? 32 : 128;
	unsigned int i;

	if (length > 0 && ip_version == 0)
		return mirror_refuse(EINVAL, "flow: %s has a prefix: give ip_version, too", what);
	if (length > bits)
		return mirror_refuse(EINVAL, "flow: %s has a prefix of %u bits: at most %u", what,
				length, bits);
	for (i = length; i < 128; i++) {
		if ((address[i / 8] & (0x80 >> i % 8)) != 0)
			return mirror_refuse(EINVAL,
					"flow: %s has bits behind its prefix of %u: set them to 0",
					what, length);
	}
	return 0;
}

/* Whether the data path finds ports behind the header of a protocol; 0: of any. */
static bool
may_have_ports(uint8_t protocol)
{
	static const uint8_t with_ports[] = { 0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP,
		IPPROTO_DCCP, IPPROTO_UDPLITE };

	return memchr(with_ports, protocol, sizeof(with_ports)) != NULL;
}

static int
check_flow(const struct rte_mirror_flow *flow)
{
	const bool any_ports = flow->src_port.max == 0 && flow->dst_port.max == 0;
	int rc = check_reserved("flow", flow->reserved, sizeof(flow->reserved));

	if (rc == 0)
		rc = check_range("flow: src_port", &flow->src_port, UINT16_MAX);
	if (rc == 0)
		rc = check_range("flow: dst_port", &flow->dst_port, UINT16_MAX);
	if (rc != 0)
		return rc;
	if (flow->both_ways > 1)
		return mirror_refuse(EINVAL, "flow: both_ways is neither 0 nor 1");
	if (flow->ip_version != 0 && flow->ip_version != 4 && flow->ip_version != 6)
		return mirror_refuse(EINVAL, "flow: ip_version %u: give 4, 6, or 0 for any",
				flow->ip_version);
	if (flow->ip_version == 0 && flow->protocol == 0 && flow->src_len == 0 &&
			flow->dst_len == 0 && any_ports)
		return mirror_refuse(EINVAL,
				"flow: nothing is asked for: leave flow NULL for any packet");
	if (!any_ports && !may_have_ports(flow->protocol))
		return mirror_refuse(EINVAL, "flow: protocol %u has no ports: leave them 0",
				flow->protocol);
	rc = check_prefix("src", flow->src, flow->src_len, flow->ip_version);
	if (rc == 0)
		rc = check_prefix("dst", flow->dst, flow->dst_len, flow->ip_version);
	return rc;
}

static void
set_prefix(uint64_t address[2], uint64_t mask[2], const uint8_t *prefix, unsigned int length)
{
	uint8_t bytes[16] = { 0 };
	unsigned int i;

	for (i = 0; i < length; i++)
		bytes[i / 8] |= 0x80 >> i % 8;
	memcpy(mask, bytes, sizeof(bytes));
	memcpy(address, prefix, sizeof(bytes));
}

static struct rte_mirror_range
ports(const struct rte_mirror_range *range)
{
	return range->max != 0 ? *range : (struct rte_mirror_range){ 0, UINT16_MAX };
}

static int
make_flow(struct mirror_selector *selector, const struct rte_mirror_flow *flow)
{
	struct mirror_flow_test *test = &selector->flow[0], *back = &selector->flow[1];

	if (flow == NULL)
		return 0;
	if (check_flow(flow) != 0)
		return -EINVAL;
	selector->has_flow = true;
	selector->ip_version = flow->ip_version;
	selector->protocol = flow->protocol;
	selector->wants_ports = flow->src_port.max != 0 || flow->dst_port.max != 0;
	set_prefix(test->src, test->src_mask, flow->src, flow->src_len);
	set_prefix(test->dst, test->dst_mask, flow->dst, flow->dst_len);
	test->src_port = ports(&flow->src_port);
	test->dst_port = ports(&flow->dst_port);
	*back = *test;
	if (flow->both_ways != 0) {
		set_prefix(back->src, back->src_mask, flow->dst, flow->dst_len);
		set_prefix(back->dst, back->dst_mask, flow->src, flow->src_len);
		back->src_port = test->dst_port;
		back->dst_port = test->src_port;
	}
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
		rc = check_reserved(
				"select", &select->reserved_byte, sizeof(select->reserved_byte));
	if (rc == 0)
		rc = check_reserved("select", select->reserved, sizeof(select->reserved));
	if (rc == 0)
		rc = make_mac(selector, select->mac);
	if (rc == 0)
		rc = make_vlans(selector, select);
	if (rc == 0)
		rc = make_flow(selector, select->flow);
	if (rc == 0)
		rc = make_sample(selector, select);
	if (rc == 0)
		rc = make_filter(selector, select);
	selector->has_matches = selector->has_mac || selector->has_vlans ||
			selector->has_inner_vlans || selector->has_flow || selector->filter != NULL;
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
