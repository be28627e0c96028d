/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdlib.h>

#include <pcap/pcap.h>

#include "control.h"

/*
 * What rte_bpf does not see to itself, found out from how large the values can get that a program computes. As of DPDK
 * 26.07:
 *
 * - It reads at offsets that a packet says. One that comes near 2^32 leads outside of the packet.
 * - Its compiler for x86 encodes a JSET with one of 0 to 127 as a longer instruction than there is, and what follows is
 *   taken for a part of it. A constant with its highest bit set goes by way of a register, and is encoded well. The bit
 *   makes no difference where it is 0 in all that is tested.
 */

/** Offsets that nobody can have use of. */
#define OFFSET_MAX INT32_MAX
/** As of linux/filter.h, which Linux alone has: SKF_AD_OFF. */
#define KERNEL_OFFSETS UINT32_C(0xfffff000)

/* The largest values that accumulator, index and memory may have before an instruction. */
struct bounds {
	uint32_t a, x, memory[BPF_MEMWORDS];
};

/* All ones, down from the highest bit: what bits can make at most of values up to that. */
static uint32_t
all_ones(uint32_t value)
{
	return value == 0 ? 0 : UINT32_MAX >> __builtin_clz(value);
}

static uint32_t
alu_bound(uint16_t operation, uint64_t a, uint64_t operand, bool is_constant)
{
	const bool is_shift = is_constant && operand < 32;

	switch (operation) {
	case BPF_ADD:
		return RTE_MIN(a + operand, UINT32_MAX);
	case BPF_MUL:
		return RTE_MIN(a * operand, UINT32_MAX);
	case BPF_LSH:
		return is_shift ? RTE_MIN(a << operand, UINT32_MAX) : UINT32_MAX;
	case BPF_RSH:
		return is_shift ? a >> operand : a;
	case BPF_AND:
		return RTE_MIN(a, operand);
	case BPF_OR:
	case BPF_XOR:
		return all_ones(a | operand);
	case BPF_DIV:
	case BPF_MOD:
		return a;
	default:
		/* Below 0, which is at the other end. */
		return UINT32_MAX;
	}
}

/* What a load into the accumulator or the index makes of it. */
static uint32_t
load_bound(const struct bpf_insn *insn, const struct bounds *before)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		return insn->k;
	case BPF_MEM:
		return before->memory[insn->k % BPF_MEMWORDS];
	case BPF_MSH:
		return 15 * 4;
	case BPF_LEN:
		return UINT32_MAX;
	default:
		return BPF_SIZE(insn->code) == BPF_B          ? UINT8_MAX :
				BPF_SIZE(insn->code) == BPF_H ? UINT16_MAX :
								UINT32_MAX;
	}
}

static struct bounds
bounds_after(const struct bpf_insn *insn, const struct bounds *before)
{
	struct bounds after = *before;
	const bool has_constant = BPF_SRC(insn->code) == BPF_K;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		after.a = load_bound(insn, before);
		break;
	case BPF_LDX:
		after.x = load_bound(insn, before);
		break;
	case BPF_ST:
		after.memory[insn->k % BPF_MEMWORDS] = before->a;
		break;
	case BPF_STX:
		after.memory[insn->k % BPF_MEMWORDS] = before->x;
		break;
	case BPF_ALU:
		after.a = alu_bound(BPF_OP(insn->code), before->a,
				has_constant ? insn->k : before->x, has_constant);
		break;
	case BPF_MISC:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			after.x = before->a;
		else
			after.a = before->x;
		break;
	default:
		break;
	}
	return after;
}

static void
join(struct bounds *bounds, const struct bounds *other)
{
	unsigned int i;

	bounds->a = RTE_MAX(bounds->a, other->a);
	bounds->x = RTE_MAX(bounds->x, other->x);
	for (i = 0; i < BPF_MEMWORDS; i++)
		bounds->memory[i] = RTE_MAX(bounds->memory[i], other->memory[i]);
}

/* What Linux has in the place of such offsets is about where a packet came through, not in it. */
static bool
asks_the_kernel(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
			insn->k >= KERNEL_OFFSETS;
}

/* Where the packet is read, the offset is one that can be: bounds are those before the instruction. */
static bool
reads_near(const struct bpf_insn *insn, const struct bounds *bounds)
{
	const uint16_t class = BPF_CLASS(insn->code), mode = BPF_MODE(insn->code);

	if (class != BPF_LD && class != BPF_LDX)
		return true;
	if (mode == BPF_IND)
		return (uint64_t)insn->k + bounds->x < OFFSET_MAX;
	return (mode != BPF_ABS && mode != BPF_MSH) || insn->k < OFFSET_MAX;
}

/* Brings the bounds to where an instruction may lead: false for one that leads back, or out of the program. */
static bool
lead_on(const struct bpf_insn *insn, unsigned int left, struct bounds *bounds)
{
	const struct bounds after = bounds_after(insn, bounds);

	if (BPF_CLASS(insn->code) == BPF_RET)
		return true;
	if (BPF_CLASS(insn->code) != BPF_JMP) {
		if (left > 1)
			join(bounds + 1, &after);
		return left > 1;
	}
	if (BPF_OP(insn->code) == BPF_JA) {
		if (insn->k + 1 >= left || insn->k >= left)
			return false;
		join(bounds + 1 + insn->k, &after);
		return true;
	}
	if (1u + RTE_MAX(insn->jt, insn->jf) >= left)
		return false;
	join(bounds + 1 + insn->jt, &after);
	join(bounds + 1 + insn->jf, &after);
	return true;
}

/* Whether what the instruction tests can be had compiled; see above. */
static bool
mend_jset(struct bpf_insn *insn, const struct bounds *bounds)
{
	if (insn->code != (BPF_JMP | BPF_JSET | BPF_K) || insn->k > INT8_MAX)
		return true;
	if (bounds->a > INT32_MAX)
		return false;
	insn->k |= UINT32_C(1) << 31;
	return true;
}

int
mirror_bpf_mend(struct bpf_program *program, bool *may_compile, const char **why)
{
	struct bounds *bounds = calloc(program->bf_len, sizeof(*bounds));
	unsigned int i;

	if (bounds == NULL) {
		*why = "out of memory";
		return -ENOMEM;
	}
	*may_compile = true;
	*why = NULL;
	for (i = 0; i < program->bf_len && *why == NULL; i++) {
		struct bpf_insn *insn = &program->bf_insns[i];

		if (asks_the_kernel(insn))
			*why = "it asks where a packet came through, which only a kernel's "
			       "interface knows: choose by direction or queues instead";
		else if (!reads_near(insn, &bounds[i]))
			*why = "it reads at offsets that a packet can make larger than any packet";
		else if (!lead_on(insn, program->bf_len - i, &bounds[i]))
			*why = "it has loops, as protochain needs them, and rte_bpf knows none";
		*may_compile &= mend_jset(insn, &bounds[i]);
	}
	free(bounds);
	return *why == NULL ? 0 : -ENOTSUP;
}
