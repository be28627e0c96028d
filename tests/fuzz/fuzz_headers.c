/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A libFuzzer program: whatever is in a packet, nothing behind its end is looked at, and what is found in its headers
 * does not depend on how it is cut into segments. Each segment is memory of its own, of just its size.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <rte_mbuf.h>

#include "../../csrc/datapath/datapath.h"
#include "../../csrc/filter/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What comes before the frame. */
struct choice {
	uint8_t seg_len; /* 0: one segment */
	uint8_t tags;
	uint16_t tci, tci_outer;
};

#define MAX_SEGS 600

static struct rte_mbuf segments[MAX_SEGS];

static void
need(int is_true)
{
	if (!is_true)
		abort();
}

static struct rte_mbuf *
packet(const struct choice *choice, uint16_t seg_len, const uint8_t *data, size_t size)
{
	static const uint64_t flags[] = { 0, RTE_MBUF_F_RX_VLAN_STRIPPED,
		RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED, RTE_MBUF_F_TX_VLAN,
		RTE_MBUF_F_TX_QINQ };
	struct rte_mbuf *seg = segments;

	memset(segments, 0, sizeof(segments));
	segments[0].ol_flags = flags[choice->tags % RTE_DIM(flags)];
	segments[0].vlan_tci = choice->tci;
	segments[0].vlan_tci_outer = choice->tci_outer;
	segments[0].pkt_len = size;
	segments[0].nb_segs = 1;
	for (;;) {
		seg->data_len = seg_len != 0 ? RTE_MIN(size, seg_len) : size;
		seg->buf_addr = malloc(seg->data_len);
		need(seg->buf_addr != NULL || seg->data_len == 0);
		if (seg->data_len > 0)
			memcpy(seg->buf_addr, data, seg->data_len);
		data += seg->data_len;
		size -= seg->data_len;
		if (size == 0)
			return segments;
		need(segments[0].nb_segs < MAX_SEGS);
		seg->next = seg + 1;
		seg++;
		segments[0].nb_segs++;
	}
}

static void
packet_free(void)
{
	unsigned int i;

	for (i = 0; i < MAX_SEGS && segments[i].buf_addr != NULL; i++)
		free(segments[i].buf_addr);
}

/* A filter: looks at all that there is, and says how much that is and what it comes to. */
static uint64_t
look(const struct rte_mbuf *pkt)
{
	const struct rte_mbuf *seg;
	uint64_t sum = 0;
	uint32_t len = 0, nb = 0, i;

	for (seg = pkt; seg != NULL; seg = seg->next) {
		for (i = 0; i < seg->data_len; i++)
			sum = sum * 31 + *rte_pktmbuf_mtod_offset(seg, uint8_t *, i);
		len += seg->data_len;
		nb++;
	}
	need(len == pkt->pkt_len);
	need(nb == pkt->nb_segs);
	return sum << 16 | len;
}

static uint64_t seen;

static void
remember(const struct rte_mbuf *const *pkts, uint32_t nb_pkts, uint8_t *verdicts)
{
	need(nb_pkts == 1);
	seen = look(pkts[0]);
	verdicts[0] = MIRROR_CHOSEN;
}

static struct rte_mirror_filter remembers = { .code = remember };

/* What is found in a packet, by all that looks at packets. */
struct found {
	struct mirror_headers headers;
	uint64_t seen;
	bool mac, flow;
};

static struct found
find(struct rte_mbuf *pkt)
{
	const struct mirror_selector selector = {
		.has_vlans = true,
		.wants_tags = true,
		.vlans = { [1] = UINT64_MAX },
		.has_flow = true,
		.flow[0].src_port = { 0, 32767 },
		.flow[0].dst_port = { 0, UINT16_MAX },
		.mac[0].mask = { 1 },
		.filter = &remembers,
	};
	struct mirror_counters counters = { 0 };
	struct found found;

	memset(&found, 0, sizeof(found));
	mirror_headers_read(pkt, pkt->ol_flags, &found.headers);
	found.mac = mirror_match_mac(&selector, &counters, &pkt, 1) == 1;
	found.flow = mirror_match_headers(&selector, UINT64_MAX, &counters, &pkt, 1) == 1;
	seen = 0;
	mirror_match_filter(&selector, UINT64_MAX, &counters, &pkt, 1);
	found.seen = seen;
	return found;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct found whole, cut;
	struct choice choice;

	if (size < sizeof(choice) || size - sizeof(choice) > MAX_SEGS)
		return 0;
	memcpy(&choice, data, sizeof(choice));
	data += sizeof(choice);
	size -= sizeof(choice);
	whole = find(packet(&choice, 0, data, size));
	packet_free();
	cut = find(packet(&choice, choice.seg_len, data, size));
	packet_free();
	need(memcmp(&whole, &cut, sizeof(whole)) == 0);
	return 0;
}
