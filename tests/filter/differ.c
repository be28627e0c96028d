/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "differ.h"
#include "layout.h"
#include "oracle.h"

FILTER_LAYOUT_CHECK;

#if WITH_DPDK
static bool
libpcap_chooses(const struct rte_mirror_filter *filter, const uint8_t *bytes, uint32_t length)
{
	/* It only reads them. */
	const struct bpf_program program = {
		.bf_len = filter->nb_insns,
		.bf_insns = (struct bpf_insn *)(uintptr_t)filter->insns,
	};
	const struct pcap_pkthdr header = { .caplen = length, .len = length };

	/* The same as bpf_filter(), which libpcap 1.11 deprecates. */
	return pcap_offline_filter(&program, &header, bytes) != 0;
}
#else
static bool
libpcap_chooses(const struct rte_mirror_filter *filter, const uint8_t *bytes, uint32_t length)
{
	bool is_defined;

	return oracle_chooses(filter->insns, bytes, length, length, &is_defined);
}

/* There are tags for the data path alone. */
void
differ_tagged(const struct rte_mirror_filter *filter, const struct packet *packet,
		const char **wrong)
{
	(void)filter;
	(void)packet;
	(void)wrong;
}
#endif

bool
differ_expects(const struct rte_mirror_filter *filter, const uint8_t *bytes, uint32_t length,
		const char **wrong)
{
	bool is_defined;
	const bool chosen = oracle_chooses(filter->insns, bytes, length, length, &is_defined);

	if (is_defined && libpcap_chooses(filter, bytes, length) != chosen)
		*wrong = "libpcap and the oracle";
	return chosen;
}

static void
check(const struct rte_mirror_filter *filter, const struct packet *packet, const char **wrong)
{
	const bool chosen = differ_expects(filter, packet->bytes, packet->length, wrong);
	uint8_t verdicts[NB_CUTS];
	unsigned int i;

	filter->code((const struct rte_mbuf *const *)packet->cuts, NB_CUTS, verdicts);
	for (i = 0; i < NB_CUTS; i++) {
		if (mirror_filter_interpret(packet->cuts[i], filter) != (enum mirror_verdict)chosen)
			*wrong = "the interpreter";
		if (verdicts[i] != (enum mirror_verdict)chosen)
			*wrong = "the code";
	}
}

const char *
differ(const struct rte_mirror_filter *filter, const struct packet *packet)
{
	const char *wrong = NULL;

	check(filter, packet, &wrong);
	differ_tagged(filter, packet, &wrong);
	return wrong;
}
