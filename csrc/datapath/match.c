/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include <rte_ether.h>

#include "datapath.h"

static inline bool
passes_mac(const struct mirror_mac_test *test, mirror_mac_words words)
{
	const mirror_mac_words differ = (words ^ test->value) & test->mask;

	return (differ[0] | differ[1]) == 0;
}

/* Of a short packet, or of one whose first segment is short: it may not have both addresses. */
static __rte_noinline bool
passes_short(const struct mirror_selector *selector, const struct rte_mbuf *pkt)
{
	uint8_t buffer[2 * RTE_ETHER_ADDR_LEN];
	const void *addresses = rte_pktmbuf_read(pkt, 0, sizeof(buffer), buffer);
	mirror_mac_words words = { 0 };

	if (addresses == NULL)
		return false;
	memcpy(&words, addresses, sizeof(buffer));
	return passes_mac(&selector->mac[0], words) ||
			(selector->mac_both_ways && passes_mac(&selector->mac[1], words));
}

uint16_t
mirror_match_mac(const struct mirror_selector *selector, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	/* Kept in registers. */
	const struct mirror_mac_test forth = selector->mac[0], back = selector->mac[1];
	const bool both_ways = selector->mac_both_ways;
	unsigned int i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];
		mirror_mac_words words;

		pkts[nb] = pkt;
		if (unlikely(pkt->data_len < sizeof(words))) {
			nb += passes_short(selector, pkt);
			continue;
		}
		memcpy(&words, rte_pktmbuf_mtod(pkt, const void *), sizeof(words));
		nb += passes_mac(&forth, words) || (both_ways && passes_mac(&back, words));
	}
	return nb;
}

static bool
is_within(const struct rte_mirror_range *range, uint16_t number)
{
	return number >= range->min && number <= range->max;
}

static bool
has_vlan(const uint64_t *vlans, const struct mirror_headers *headers, unsigned int tag)
{
	const uint16_t id = headers->vlans[tag];

	return headers->nb_tags > tag && (vlans[id / 64] >> id % 64 & 1) != 0;
}

static bool
passes_flow(const struct mirror_flow_test *test, const struct mirror_headers *headers)
{
	unsigned int i;
	uint64_t differ = 0;

	for (i = 0; i < 2; i++) {
		differ |= (headers->src[i] ^ test->src[i]) & test->src_mask[i];
		differ |= (headers->dst[i] ^ test->dst[i]) & test->dst_mask[i];
	}
	return differ == 0 && is_within(&test->src_port, headers->src_port) &&
			is_within(&test->dst_port, headers->dst_port);
}

static bool
is_of_flow(const struct mirror_selector *selector, const struct mirror_headers *headers)
{
	if (headers->ip_version == 0 || (selector->wants_ports && !headers->has_ports))
		return false;
	if (selector->ip_version != 0 && selector->ip_version != headers->ip_version)
		return false;
	if (selector->protocol != 0 && selector->protocol != headers->protocol)
		return false;
	return passes_flow(&selector->flow[0], headers) || passes_flow(&selector->flow[1], headers);
}

uint16_t
mirror_match_headers(const struct mirror_selector *selector, uint64_t off_wire,
		struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	struct mirror_headers headers;
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		mirror_headers_read(pkts[i], pkts[i]->ol_flags & off_wire, &headers);
		pkts[nb] = pkts[i];
		nb += (!selector->has_vlans || has_vlan(selector->vlans, &headers, 0)) &&
				(!selector->has_inner_vlans ||
						has_vlan(selector->inner_vlans, &headers, 1)) &&
				(!selector->has_flow || is_of_flow(selector, &headers));
	}
	return nb;
}

/*
 * The filter looks at a packet with its tags where they are on the wire: its addresses and the tags in a segment of
 * their own, then the packet itself from behind its addresses. Neither is more than a view, on the stack.
 */
static uint64_t
filter_tagged(const struct mirror_selector *selector, struct rte_mbuf *pkt, uint64_t flags)
{
	uint8_t buffer[2 * RTE_ETHER_ADDR_LEN + 2 * sizeof(struct rte_vlan_hdr)];
	struct rte_mbuf head = { .buf_addr = buffer, .data_len = 2 * RTE_ETHER_ADDR_LEN }, rest;
	struct mirror_tag tags[2];
	unsigned int nb_tags = mirror_tags(pkt, flags, tags), i;

	/* Nothing that could be put on a wire. */
	if (pkt->data_len < 2 * RTE_ETHER_ADDR_LEN)
		return 0;
	memcpy(buffer, rte_pktmbuf_mtod(pkt, void *), 2 * RTE_ETHER_ADDR_LEN);
	for (i = 0; i < nb_tags; i++) {
		const uint16_t tag[2] = { rte_cpu_to_be_16(tags[i].tpid),
			rte_cpu_to_be_16(tags[i].tci) };

		memcpy(buffer + head.data_len, tag, sizeof(tag));
		head.data_len += sizeof(tag);
	}
	memcpy(&rest, pkt, sizeof(rest));
	rest.data_off += 2 * RTE_ETHER_ADDR_LEN;
	rest.data_len -= 2 * RTE_ETHER_ADDR_LEN;
	head.pkt_len = pkt->pkt_len + nb_tags * sizeof(struct rte_vlan_hdr);
	head.nb_segs = pkt->nb_segs + 1;
	head.next = &rest;
	return selector->filter_code != NULL ? selector->filter_code(&head) :
					       selector->filter_exec(selector->bpf, &head);
}

uint16_t
mirror_match_filter(const struct mirror_selector *selector, uint64_t off_wire,
		struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];
		const uint64_t tagged = pkt->ol_flags & off_wire & MIRROR_TAGGED;
		uint64_t chosen;

		if (unlikely(tagged != 0))
			chosen = filter_tagged(selector, pkt, tagged);
		else if (selector->filter_code != NULL)
			chosen = selector->filter_code(pkt);
		else
			chosen = selector->filter_exec(selector->bpf, pkt);
		pkts[nb] = pkt;
		nb += chosen != 0;
	}
	return nb;
}
