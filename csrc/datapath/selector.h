/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DATAPATH_SELECTOR_H
#define MIRROR_DATAPATH_SELECTOR_H

/**
 * @file
 * struct rte_mirror_select, as the data path looks at it, and the tests that it is made of.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>

#include "rte_mirror.h"

struct rte_mirror_filter;
struct mirror_burst;
struct mirror_counters;
struct mirror_entry;

/** 16 bytes of a frame. */
typedef uint64_t mirror_words __attribute__((vector_size(16)));

/** What is asked of them. A vector, so that a test of both Ethernet addresses is one comparison. */
struct mirror_words_test {
	mirror_words value, mask;
};

/** What a flow looks like one way. Addresses are as in memory, of IPv4 the first half of the first word. */
struct mirror_flow_test {
	uint64_t src[2], src_mask[2];
	uint64_t dst[2], dst_mask[2];
	struct rte_mirror_range src_port, dst_port;
};

/**
 * What a flow looks like one way where most packets have their headers: no tag before them, no options or extensions in
 * them. Of ports what all of a range have in common.
 */
struct mirror_sight_test {
	struct mirror_words_test ipv4; /**< from the time to live to the ports */
	uint32_t ports, ports_mask;    /**< as in memory */
};

/** The words of 64 bits that have a bit for each VLAN id. */
#define MIRROR_VLAN_WORDS (4096 / 64)

/**
 * A mirror's token bucket, for all its queues: RFC 2697's, with time for tokens. Tokens are packets or bits.
 *
 * It is kept as the time stamp counter when the bucket is, or was, empty: what may pass since is in it, up to depth.
 */
struct mirror_bucket {
	double cycles_per_token;
	uint64_t depth;   /**< cycles that tokens are kept for */
	uint64_t portion; /**< tokens that a queue takes at a time, if there are as many */
	bool counts_bits;
	uint64_t empty_at __rte_cache_aligned; /**< written by all of the mirror's pollers */
};

/** Which packets a mirror is given. Immutable but for the bucket; lives for as long as a list refers to it. */
struct mirror_selector {
	/* What each packet is asked for. */
	bool has_mac;
	bool has_vlans;
	bool has_inner_vlans;
	bool has_flow;
	bool has_matches; /**< any of these */
	bool wants_tags;  /**< has_vlans or has_inner_vlans */
	bool mac_both_ways;
	struct mirror_words_test mac[2];
	uint64_t vlans[MIRROR_VLAN_WORDS];
	uint64_t inner_vlans[MIRROR_VLAN_WORDS];
	uint8_t ip_version; /**< 0: any */
	uint8_t protocol;   /**< 0: any */
	bool wants_ports;
	struct mirror_flow_test flow[2]; /**< the second is the first if one way is wanted */
	bool flow_both_ways;
	bool sight_decides; /**< what passes the tests at sight is of the flow; otherwise it may be */
	struct mirror_sight_test sight[2];

	struct rte_mirror_filter *filter; /**< NULL: none */

	/* Of what is left, one in so many; 0: all. */
	uint32_t sample_one_in;
	bool sample_random;
	double sample_scale; /**< 1 / ln(1 - 1 / sample_one_in) */
	uint64_t sample_seed;
	uint64_t serial; /**< no other selector's, not 0 */

	/* Of what is left, what it says; NULL: all. */
	rte_mirror_offload_fn offload;
	void *offload_ctx;

	/* Of what is left, as much as it has tokens for; NULL: all. */
	struct mirror_bucket *bucket;
};

/** What is known of a packet's headers. */
struct mirror_headers {
	unsigned int nb_tags;
	uint16_t vlans[2];  /**< ids of the first two tags, as far as there are such */
	uint8_t ip_version; /**< 4 or 6; 0: another packet, or no whole IP header */
	int protocol;       /**< by the IP header, or the last extension header; -1: not there */
	bool has_ended;     /**< the packet ends before something that was looked for */
	bool has_ports;
	uint32_t ip_offset; /**< where there is an IP header */
	uint32_t l4_offset; /**< where there are ports */
	uint16_t src_port, dst_port;
	uint64_t src[2], dst[2]; /**< as in struct mirror_flow_test */
};

/** Whether a type, in host order, is a VLAN tag's. */
static inline bool
mirror_is_tag(uint16_t type)
{
	return type == RTE_ETHER_TYPE_VLAN || type == RTE_ETHER_TYPE_QINQ || type == 0x9100;
}

/**
 * Reads a packet's headers.
 *
 * @param flags
 *   The ol_flags that say it does not look as it does on the wire.
 */
void mirror_headers_read(
		const struct rte_mbuf *pkt, uint64_t flags, struct mirror_headers *headers);

/**
 * Moves the packets that pass to the array's front, in order, for each kind of test. Each returns how many they are, and
 * counts as unsupported those of which nothing can be said, since they end before their pkt_len does.
 */
uint16_t mirror_match_mac(const struct mirror_selector *selector, struct mirror_counters *counters,
		struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t mirror_match_headers(const struct mirror_selector *selector, uint64_t off_wire,
		struct mirror_counters *counters, struct rte_mbuf **pkts, uint16_t nb_pkts);
uint16_t mirror_match_filter(const struct mirror_selector *selector, uint64_t off_wire,
		struct mirror_counters *counters, struct rte_mbuf **pkts, uint16_t nb_pkts);

/** How many of the packets, from the first one on, the mirror's rate lets pass. */
uint16_t mirror_limit(
		const struct mirror_entry *entry, struct rte_mbuf *const *pkts, uint16_t nb_pkts);

#endif /* MIRROR_DATAPATH_SELECTOR_H */
