/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "../../csrc/datapath/datapath.h"
#include "differ.h"

void
differ_tagged(const struct rte_mirror_filter *filter, const struct packet *packet,
		const char **wrong)
{
	static const uint64_t stripped = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED;
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 200, 0x81, 0, 0, 100 };
	const struct mirror_selector selector = {
		.filter = (struct rte_mirror_filter *)(uintptr_t)filter
	};
	struct mirror_counters counters = { 0 };
	uint8_t frame[PACKET_MAX + sizeof(tags)];
	struct rte_mbuf *pkt;
	unsigned int i;
	bool chosen;

	if (packet->length < 12)
		return;
	memcpy(frame, packet->bytes, 12);
	memcpy(frame + 12, tags, sizeof(tags));
	memcpy(frame + 12 + sizeof(tags), packet->bytes + 12, packet->length - 12);
	chosen = differ_expects(filter, frame, packet->length + sizeof(tags), wrong);
	for (i = 0; i < NB_CUTS; i++) {
		pkt = packet->cuts[i];
		pkt->ol_flags = stripped;
		pkt->vlan_tci_outer = 200;
		pkt->vlan_tci = 100;
		if (mirror_match_filter(&selector, stripped, &counters, &pkt, 1) != chosen)
			*wrong = "a packet without its tags";
		packet->cuts[i]->ol_flags = 0;
	}
}
