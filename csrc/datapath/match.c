/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_ip.h>

#include "../filter/filter.h"
#include "../filter/read.h"
#include "datapath.h"

static inline bool
mirror_passes_words(const struct mirror_words_test *test, mirror_words words)
{
	const mirror_words differ = (words ^ test->value) & test->mask;

	return (differ[0] | differ[1]) == 0;
}

/* Counts a packet that has ended before it could be chosen, if it ought not to have: false. */
static bool
mirror_has_ended(const struct rte_mbuf *pkt, struct mirror_counters *counters)
{
	counters->stats.unsupported += !mirror_is_whole(pkt);
	return false;
}

/* Of a short packet, or of one whose first segment is short: it may not have both addresses. */
static __rte_noinline bool
mirror_passes_short(const struct mirror_selector *selector, struct mirror_counters *counters,
		const struct rte_mbuf *pkt)
{
	uint8_t buffer[2 * RTE_ETHER_ADDR_LEN];
	const void *addresses = mirror_read(pkt, 0, sizeof(buffer), buffer);
	mirror_words words = { 0 };

	if (addresses == NULL)
		return mirror_has_ended(pkt, counters);
	memcpy(&words, addresses, sizeof(buffer));
	return mirror_passes_words(&selector->mac[0], words) ||
			(selector->mac_both_ways && mirror_passes_words(&selector->mac[1], words));
}

uint16_t
mirror_match_mac(const struct mirror_selector *selector, struct mirror_counters *counters,
		struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	/* Kept in registers. */
	const struct mirror_words_test forth = selector->mac[0], back = selector->mac[1];
	const bool both_ways = selector->mac_both_ways;
	unsigned int i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];
		mirror_words words;

		pkts[nb] = pkt;
		if (unlikely(pkt->data_len < sizeof(words))) {
			nb += mirror_passes_short(selector, counters, pkt);
			continue;
		}
		memcpy(&words, rte_pktmbuf_mtod(pkt, const void *), sizeof(words));
		nb += mirror_passes_words(&forth, words) ||
				(both_ways && mirror_passes_words(&back, words));
	}
	return nb;
}

static bool
mirror_is_within(const struct rte_mirror_range *range, uint16_t number)
{
	return number >= range->min && number <= range->max;
}

static bool
mirror_has_vlan(const uint64_t *vlans, const struct mirror_headers *headers, unsigned int tag)
{
	const uint16_t id = headers->vlans[tag];

	return headers->nb_tags > tag && (vlans[id / 64] >> id % 64 & 1) != 0;
}

static inline bool
mirror_has_addresses(
		const struct mirror_flow_test *test, const uint64_t src[2], const uint64_t dst[2])
{
	unsigned int i;
	uint64_t differ = 0;

	for (i = 0; i < 2; i++) {
		differ |= (src[i] ^ test->src[i]) & test->src_mask[i];
		differ |= (dst[i] ^ test->dst[i]) & test->dst_mask[i];
	}
	return differ == 0;
}

static bool
mirror_passes_flow(const struct mirror_flow_test *test, const struct mirror_headers *headers)
{
	return mirror_has_addresses(test, headers->src, headers->dst) &&
			mirror_is_within(&test->src_port, headers->src_port) &&
			mirror_is_within(&test->dst_port, headers->dst_port);
}

static bool
mirror_is_of_flow(const struct mirror_selector *selector, const struct mirror_headers *headers)
{
	if (headers->ip_version == 0 || (selector->wants_ports && !headers->has_ports))
		return false;
	if (selector->ip_version != 0 && selector->ip_version != headers->ip_version)
		return false;
	if (selector->protocol != 0 && selector->protocol != headers->protocol)
		return false;
	return mirror_passes_flow(&selector->flow[0], headers) ||
			mirror_passes_flow(&selector->flow[1], headers);
}

static bool
mirror_passes_headers(const struct mirror_selector *selector, const struct mirror_headers *headers)
{
	if (selector->has_vlans && !mirror_has_vlan(selector->vlans, headers, 0))
		return false;
	if (selector->has_inner_vlans && !mirror_has_vlan(selector->inner_vlans, headers, 1))
		return false;
	return !selector->has_flow || mirror_is_of_flow(selector, headers);
}

/* Where most packets have their headers. */
#define TYPE      (2 * RTE_ETHER_ADDR_LEN)
#define IP        RTE_ETHER_HDR_LEN
#define IPV4_TTL  (IP + offsetof(struct rte_ipv4_hdr, time_to_live))
#define IPV4_END  (IP + sizeof(struct rte_ipv4_hdr) + 2 * sizeof(uint16_t))
#define IPV6_SRC  (IP + offsetof(struct rte_ipv6_hdr, src_addr))
#define IPV6_DST  (IP + offsetof(struct rte_ipv6_hdr, dst_addr))
#define IPV6_PORT (IP + sizeof(struct rte_ipv6_hdr))
#define IPV6_END  (IPV6_PORT + 2 * sizeof(uint16_t))

/* What can be said of a packet at sight; the first two are what they count. */
enum mirror_sight { FAILS, PASSES, IS_TO_BE_READ };

static inline enum mirror_sight
mirror_see_ipv4(const struct mirror_selector *selector, const uint8_t *frame)
{
	mirror_words words;
	rte_be16_t fragment;

	memcpy(&fragment, frame + IP + offsetof(struct rte_ipv4_hdr, fragment_offset),
			sizeof(fragment));
	if (frame[IP] != RTE_IPV4_VHL_DEF || (fragment & RTE_BE16(RTE_IPV4_HDR_OFFSET_MASK)) != 0)
		return IS_TO_BE_READ;
	memcpy(&words, frame + IPV4_TTL, sizeof(words));
	if (selector->wants_tags || selector->ip_version == 6 ||
			!(mirror_passes_words(&selector->sight[0].ipv4, words) ||
					(selector->flow_both_ways &&
							mirror_passes_words(
									&selector->sight[1].ipv4,
									words))))
		return FAILS;
	return selector->sight_decides ? PASSES : IS_TO_BE_READ;
}

static inline bool
mirror_sees_flow6(const struct mirror_selector *selector, unsigned int way, const uint8_t *frame)
{
	const struct mirror_sight_test *sight = &selector->sight[way];
	uint64_t src[2], dst[2];
	uint32_t ports;

	memcpy(src, frame + IPV6_SRC, sizeof(src));
	memcpy(dst, frame + IPV6_DST, sizeof(dst));
	memcpy(&ports, frame + IPV6_PORT, sizeof(ports));
	return ((ports ^ sight->ports) & sight->ports_mask) == 0 &&
			mirror_has_addresses(&selector->flow[way], src, dst);
}

static inline enum mirror_sight
mirror_see_ipv6(const struct mirror_selector *selector, const uint8_t *frame)
{
	const uint8_t protocol = frame[IP + offsetof(struct rte_ipv6_hdr, proto)];

	/* Others may be extensions. */
	if (frame[IP] >> 4 != 6 || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return IS_TO_BE_READ;
	if (selector->wants_tags || selector->ip_version == 4 ||
			(selector->protocol != 0 && selector->protocol != protocol) ||
			!(mirror_sees_flow6(selector, 0, frame) ||
					(selector->flow_both_ways &&
							mirror_sees_flow6(selector, 1, frame))))
		return FAILS;
	return selector->sight_decides ? PASSES : IS_TO_BE_READ;
}

/*
 * What reading a packet's headers would come to, where they are in its first segment and at their usual offsets: nothing is
 * found to be missing there.
 */
static inline enum mirror_sight
mirror_see(const struct mirror_selector *selector, uint64_t tagged, const struct rte_mbuf *pkt)
{
	const uint8_t *frame = rte_pktmbuf_mtod(pkt, const uint8_t *);
	rte_be16_t type;

	if (unlikely(pkt->data_len < IPV4_END || (pkt->ol_flags & tagged) != 0))
		return IS_TO_BE_READ;
	memcpy(&type, frame + TYPE, sizeof(type));
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV4))
		return mirror_see_ipv4(selector, frame);
	if (type == RTE_BE16(RTE_ETHER_TYPE_IPV6))
		return pkt->data_len < IPV6_END ? IS_TO_BE_READ : mirror_see_ipv6(selector, frame);
	return mirror_is_tag(rte_be_to_cpu_16(type)) ? IS_TO_BE_READ : FAILS;
}

/* Apart, so that the loop over packets of which there is no need to keeps its registers. */
static __rte_noinline bool
mirror_read_and_match(const struct mirror_selector *selector, uint64_t off_wire,
		struct mirror_counters *counters, const struct rte_mbuf *pkt)
{
	struct mirror_headers headers;

	mirror_headers_read(pkt, pkt->ol_flags & off_wire, &headers);
	if (mirror_passes_headers(selector, &headers))
		return true;
	return headers.has_ended && mirror_has_ended(pkt, counters);
}

uint16_t
mirror_match_headers(const struct mirror_selector *selector, uint64_t off_wire,
		struct mirror_counters *counters, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *pkt = pkts[i];
		const enum mirror_sight sight = mirror_see(selector, off_wire & MIRROR_TAGGED, pkt);

		pkts[nb] = pkt;
		nb += sight != IS_TO_BE_READ ?
				sight == PASSES :
				mirror_read_and_match(selector, off_wire, counters, pkt);
	}
	return nb;
}

/* Bytes of a tagged packet that its filter finds in one segment. */
#define TAGGED_HEAD 128

/*
 * The filter looks at a packet with its tags where they are on the wire. What it sees is a view: a segment on the stack
 * with addresses, tags and what filters mostly look at, then the packet's own segments from there on.
 */
static __rte_noinline enum mirror_verdict
mirror_filter_tagged(
		const struct rte_mirror_filter *filter, const struct rte_mbuf *pkt, uint64_t flags)
{
	const uint32_t nb_addresses = 2 * RTE_ETHER_ADDR_LEN;
	uint8_t bytes[TAGGED_HEAD], buffer[TAGGED_HEAD + 2 * sizeof(struct rte_vlan_hdr)];
	struct rte_mbuf head = { .buf_addr = buffer }, rest;
	struct mirror_tag tags[2];
	const unsigned int nb_tags = mirror_tags(pkt, flags, tags);
	const uint32_t got = mirror_read_head(pkt, sizeof(bytes), bytes, &rest);
	const struct rte_mbuf *shown = &head;
	uint8_t verdict;
	unsigned int i;

	/* Nothing that could be put on a wire. */
	if (got < nb_addresses)
		return mirror_is_whole(pkt) ? MIRROR_NOT_CHOSEN : MIRROR_BROKEN;
	memcpy(buffer, bytes, nb_addresses);
	head.data_len = nb_addresses;
	for (i = 0; i < nb_tags; i++) {
		const uint16_t tag[2] = { rte_cpu_to_be_16(tags[i].tpid),
			rte_cpu_to_be_16(tags[i].tci) };

		memcpy(buffer + head.data_len, tag, sizeof(tag));
		head.data_len += sizeof(tag);
	}
	memcpy(buffer + head.data_len, bytes + nb_addresses, got - nb_addresses);
	head.data_len += got - nb_addresses;
	head.pkt_len = RTE_MIN((uint64_t)pkt->pkt_len + nb_tags * sizeof(struct rte_vlan_hdr),
			(uint64_t)UINT32_MAX);
	head.nb_segs = rest.nb_segs + 1;
	head.next = &rest;
	mirror_filter_run(filter, &shown, 1, &verdict);
	return verdict;
}

/* What the filter says of each packet. */
static void
mirror_filter_all(const struct rte_mirror_filter *filter, uint64_t off_wire,
		const struct rte_mbuf *const *pkts, uint16_t nb_pkts, uint8_t *verdicts)
{
	uint64_t flags = 0;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++)
		flags |= pkts[i]->ol_flags;
	if (likely((flags & off_wire & MIRROR_TAGGED) == 0)) {
		mirror_filter_run(filter, pkts, nb_pkts, verdicts);
		return;
	}
	for (i = 0; i < nb_pkts; i++) {
		flags = pkts[i]->ol_flags & off_wire & MIRROR_TAGGED;
		if (flags != 0)
			verdicts[i] = mirror_filter_tagged(filter, pkts[i], flags);
		else
			mirror_filter_run(filter, &pkts[i], 1, &verdicts[i]);
	}
}

uint16_t
mirror_match_filter(const struct mirror_selector *selector, uint64_t off_wire,
		struct mirror_counters *counters, struct rte_mbuf **pkts, uint16_t nb_pkts)
{
	union {
		uint8_t of[MIRROR_BURST];
		uint64_t words[MIRROR_BURST / sizeof(uint64_t)];
	} verdicts = { .words = { 0 } };
	uint16_t i, nb = 0, nb_broken = 0;
	uint64_t any = 0;

	_Static_assert(MIRROR_NOT_CHOSEN == 0, "what is not chosen sets no bit");
	if (nb_pkts == 0)
		return 0;
	mirror_filter_all(selector->filter, off_wire, (const struct rte_mbuf *const *)pkts, nb_pkts,
			verdicts.of);
	/* Filters are mostly for what is rare. */
	for (i = 0; i < RTE_DIM(verdicts.words); i++)
		any |= verdicts.words[i];
	if (any == 0)
		return 0;
	for (i = 0; i < nb_pkts; i++) {
		pkts[nb] = pkts[i];
		nb += verdicts.of[i] == MIRROR_CHOSEN;
		nb_broken += verdicts.of[i] == MIRROR_BROKEN;
	}
	counters->stats.unsupported += nb_broken;
	return nb;
}
