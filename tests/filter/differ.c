/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "../../csrc/datapath/datapath.h"
#include "differ.h"
#include "oracle.h"

static bool
expected(const struct mirror_filter *filter, const uint8_t *bytes, uint32_t length,
		const char **wrong)
{
	bool is_defined;
	const bool chosen = oracle_chooses(filter->insns, bytes, length, length, &is_defined);

#if WITH_LIBPCAP
	if (is_defined && (bpf_filter(filter->insns, bytes, length, length) != 0) != chosen)
		*wrong = "libpcap and the oracle";
#endif
	return chosen;
}

static void
check(const struct mirror_filter *filter, const struct packet *packet, const char **wrong)
{
	const bool chosen = expected(filter, packet->bytes, packet->length, wrong);
	unsigned int i;

	for (i = 0; i < NB_CUTS; i++) {
		if (mirror_filter_interpret(packet->cuts[i], filter) != (enum mirror_verdict)chosen)
			*wrong = "the interpreter";
		if (filter->code(packet->cuts[i]) != (enum mirror_verdict)chosen)
			*wrong = "the code";
	}
}

/* With tags that a NIC has taken out, a filter sees the frame as it was on the wire. */
static void
check_tagged(const struct mirror_filter *filter, const struct packet *packet, const char **wrong)
{
	static const uint64_t stripped = RTE_MBUF_F_RX_VLAN_STRIPPED | RTE_MBUF_F_RX_QINQ_STRIPPED;
	static const uint8_t tags[] = { 0x88, 0xa8, 0, 200, 0x81, 0, 0, 100 };
	const struct mirror_selector selector = {
		.filter = (struct mirror_filter *)(uintptr_t)filter
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
	chosen = expected(filter, frame, packet->length + sizeof(tags), wrong);
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

const char *
differ(const struct mirror_filter *filter, const struct packet *packet)
{
	const char *wrong = NULL;

	check(filter, packet, &wrong);
	check_tagged(filter, packet, &wrong);
	return wrong;
}
