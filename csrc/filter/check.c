/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdbool.h>

#include "filter.h"

/** Linux's offsets at which no bytes are, but what the kernel knows of a packet: from SKF_LL_OFF of linux/filter.h on. */
#define KERNEL_OFFSETS UINT32_C(0xffe00000)

static bool
is_load(uint16_t code)
{
	switch (code) {
	case BPF_LD | BPF_W | BPF_ABS:
	case BPF_LD | BPF_H | BPF_ABS:
	case BPF_LD | BPF_B | BPF_ABS:
	case BPF_LD | BPF_W | BPF_IND:
	case BPF_LD | BPF_H | BPF_IND:
	case BPF_LD | BPF_B | BPF_IND:
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_B | BPF_MSH:
	case BPF_LDX | BPF_IMM:
	case BPF_LDX | BPF_MEM:
		return true;
	default:
		return false;
	}
}

static bool
is_alu(uint16_t code)
{
	if (code == (BPF_ALU | BPF_NEG))
		return true;
	switch (code & ~BPF_X) {
	case BPF_ALU | BPF_ADD:
	case BPF_ALU | BPF_SUB:
	case BPF_ALU | BPF_MUL:
	case BPF_ALU | BPF_DIV:
	case BPF_ALU | BPF_MOD:
	case BPF_ALU | BPF_AND:
	case BPF_ALU | BPF_OR:
	case BPF_ALU | BPF_XOR:
	case BPF_ALU | BPF_LSH:
	case BPF_ALU | BPF_RSH:
		return true;
	default:
		return false;
	}
}

static bool
is_jump(uint16_t code)
{
	if (code == (BPF_JMP | BPF_JA))
		return true;
	switch (code & ~BPF_X) {
	case BPF_JMP | BPF_JEQ:
	case BPF_JMP | BPF_JGT:
	case BPF_JMP | BPF_JGE:
	case BPF_JMP | BPF_JSET:
		return true;
	default:
		return false;
	}
}

/* Whether both engines know an instruction: BPF_LD and BPF_LDX aside, a class has no other forms than these. */
static bool
is_known(uint16_t code)
{
	switch (BPF_CLASS(code)) {
	case BPF_LD:
	case BPF_LDX:
		return is_load(code);
	case BPF_ST:
	case BPF_STX:
		return code == BPF_CLASS(code);
	case BPF_ALU:
		return is_alu(code);
	case BPF_JMP:
		return is_jump(code);
	case BPF_RET:
		return code == (BPF_RET | BPF_K) || code == (BPF_RET | BPF_A);
	default:
		return code == (BPF_MISC | BPF_TAX) || code == (BPF_MISC | BPF_TXA);
	}
}

/* With an index such an offset lies beyond every packet's end, as for libpcap. */
static bool
asks_the_kernel(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
			insn->k >= KERNEL_OFFSETS;
}

static bool
uses_memory(const struct bpf_insn *insn)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ST:
	case BPF_STX:
		return true;
	case BPF_LD:
	case BPF_LDX:
		return BPF_MODE(insn->code) == BPF_MEM;
	default:
		return false;
	}
}

/* Whether an instruction leads on to one of those behind it. */
static bool
leads_on(const struct bpf_insn *insn, size_t nb_behind)
{
	if (BPF_CLASS(insn->code) == BPF_RET)
		return true;
	if (BPF_CLASS(insn->code) != BPF_JMP)
		return nb_behind > 0;
	if (BPF_OP(insn->code) == BPF_JA)
		return insn->k < nb_behind;
	return insn->jt < nb_behind && insn->jf < nb_behind;
}

static const char *
insn_refusal(const struct bpf_insn *insn, size_t nb_behind)
{
	if (!is_known(insn->code))
		return "libpcap makes an instruction of it that is none of BPF's";
	if (asks_the_kernel(insn))
		return "it asks where a packet came through, which only a kernel's interface "
		       "knows: choose by direction or queues instead";
	if (uses_memory(insn) && insn->k >= BPF_MEMWORDS)
		return "libpcap makes it use memory that BPF does not have";
	if (!leads_on(insn, nb_behind))
		return "it has loops, as protochain needs them, and filters have none: name the "
		       "headers instead";
	return NULL;
}

const char *
mirror_filter_refusal(const struct bpf_insn *insns, size_t nb_insns)
{
	const char *refusal = NULL;
	size_t i;

	if (nb_insns == 0)
		return "libpcap makes nothing of it";
	if (nb_insns > MIRROR_FILTER_INSNS_MAX)
		return "it is too long: give less of it to each of several mirrors";
	for (i = 0; i < nb_insns && refusal == NULL; i++)
		refusal = insn_refusal(&insns[i], nb_insns - i - 1);
	return refusal;
}
