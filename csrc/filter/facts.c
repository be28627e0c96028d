/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "code.h"

uint64_t
mirror_insn_reads(const struct bpf_insn *insn)
{
	const uint16_t class = BPF_CLASS(insn->code), mode = BPF_MODE(insn->code);

	if (class == BPF_LDX && mode == BPF_MSH)
		return (uint64_t)insn->k + 1;
	if (class != BPF_LD || (mode != BPF_ABS && mode != BPF_IND))
		return 0;
	switch (BPF_SIZE(insn->code)) {
	case BPF_W:
		return (uint64_t)insn->k + 4;
	case BPF_H:
		return (uint64_t)insn->k + 2;
	default:
		return (uint64_t)insn->k + 1;
	}
}

static struct mirror_facts
facts_after(const struct bpf_insn *insn, struct mirror_facts facts)
{
	const uint16_t class = BPF_CLASS(insn->code);
	const uint64_t reads = mirror_insn_reads(insn);

	if (class == BPF_ST || class == BPF_STX)
		facts.written |= 1 << insn->k;
	/* Of an index nothing is known. */
	else if (reads > facts.first && reads <= MIRROR_SEGMENT_MAX &&
			BPF_MODE(insn->code) != BPF_IND)
		facts.first = reads;
	return facts;
}

/* What holds whether a program comes from there or from elsewhere. */
static void
join(struct mirror_facts *facts, const struct mirror_facts *from)
{
	if (!facts->reached) {
		*facts = *from;
		return;
	}
	facts->first = RTE_MIN(facts->first, from->first);
	facts->written &= from->written;
}

static bool
reads_word(const struct bpf_insn *insn)
{
	const uint16_t class = BPF_CLASS(insn->code);

	return (class == BPF_LD || class == BPF_LDX) && BPF_MODE(insn->code) == BPF_MEM;
}

uint16_t
mirror_facts_find(const struct rte_mirror_filter *filter, struct mirror_facts *facts)
{
	uint16_t unwritten = 0;
	size_t i;

	memset(facts, 0, filter->nb_insns * sizeof(facts[0]));
	facts[0].reached = true;
	/* Jumps lead forward: when it is an instruction's turn, all that lead to it have had theirs. */
	for (i = 0; i < filter->nb_insns; i++) {
		const struct bpf_insn *insn = &filter->insns[i];
		const struct mirror_facts after = facts_after(insn, facts[i]);

		if (!facts[i].reached || BPF_CLASS(insn->code) == BPF_RET)
			continue;
		if (reads_word(insn))
			unwritten |= 1 << insn->k & ~facts[i].written;
		if (insn->code == (BPF_JMP | BPF_JA)) {
			join(&facts[i + 1 + insn->k], &after);
		} else if (BPF_CLASS(insn->code) == BPF_JMP) {
			join(&facts[i + 1 + insn->jt], &after);
			join(&facts[i + 1 + insn->jf], &after);
		} else {
			join(&facts[i + 1], &after);
		}
	}
	return unwritten;
}
