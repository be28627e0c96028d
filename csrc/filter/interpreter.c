/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdbool.h>
#include <string.h>

#include <rte_byteorder.h>

#include "filter.h"
#include "read.h"

/* The machine that a program runs on. */
struct machine {
	const struct rte_mbuf *pkt;
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

/* A packet's bytes from an offset on, as a number; false: it ends before. */
static inline bool
mirror_bpf_load(const struct rte_mbuf *pkt, uint64_t offset, uint16_t size, uint32_t *value)
{
	const uint8_t *bytes;
	uint8_t buffer[4];
	uint16_t half;

	/* What index and constant add up to may be more than any packet has. */
	if (unlikely(offset > INT32_MAX))
		return false;
	bytes = mirror_read(pkt, offset, size == BPF_W ? 4 : size == BPF_H ? 2 : 1, buffer);
	if (bytes == NULL)
		return false;
	switch (size) {
	case BPF_W:
		memcpy(value, bytes, sizeof(*value));
		*value = rte_be_to_cpu_32(*value);
		return true;
	case BPF_H:
		memcpy(&half, bytes, sizeof(half));
		*value = rte_be_to_cpu_16(half);
		return true;
	default:
		*value = bytes[0];
		return true;
	}
}

/* BPF_LD and BPF_LDX; false: the packet ends before. */
static inline bool
mirror_bpf_run_load(const struct bpf_insn *insn, struct machine *machine, uint32_t *into)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_IMM:
		*into = insn->k;
		return true;
	case BPF_ABS:
		return mirror_bpf_load(machine->pkt, insn->k, BPF_SIZE(insn->code), into);
	case BPF_IND:
		return mirror_bpf_load(machine->pkt, (uint64_t)machine->x + insn->k,
				BPF_SIZE(insn->code), into);
	case BPF_MEM:
		*into = machine->memory[insn->k];
		return true;
	case BPF_LEN:
		*into = machine->pkt->pkt_len;
		return true;
	default: /* BPF_MSH: an IPv4 header's length */
		if (!mirror_bpf_load(machine->pkt, insn->k, BPF_B, into))
			return false;
		*into = (*into & 15) * 4;
		return true;
	}
}

/* BPF_ALU; false: a division by 0. */
static inline bool
mirror_bpf_run_alu(uint16_t operation, uint32_t *a, uint32_t operand)
{
	switch (operation) {
	case BPF_ADD:
		*a += operand;
		return true;
	case BPF_SUB:
		*a -= operand;
		return true;
	case BPF_MUL:
		*a *= operand;
		return true;
	case BPF_DIV:
		if (operand != 0)
			*a /= operand;
		return operand != 0;
	case BPF_MOD:
		if (operand != 0)
			*a %= operand;
		return operand != 0;
	case BPF_AND:
		*a &= operand;
		return true;
	case BPF_OR:
		*a |= operand;
		return true;
	case BPF_XOR:
		*a ^= operand;
		return true;
	case BPF_LSH:
		*a = operand < 32 ? *a << operand : 0;
		return true;
	case BPF_RSH:
		*a = operand < 32 ? *a >> operand : 0;
		return true;
	default: /* BPF_NEG */
		*a = -*a;
		return true;
	}
}

/* BPF_JMP: how many instructions are passed over. */
static inline uint32_t
mirror_bpf_run_jump(const struct bpf_insn *insn, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return insn->k;
	case BPF_JEQ:
		return a == operand ? insn->jt : insn->jf;
	case BPF_JGT:
		return a > operand ? insn->jt : insn->jf;
	case BPF_JGE:
		return a >= operand ? insn->jt : insn->jf;
	default: /* BPF_JSET */
		return (a & operand) != 0 ? insn->jt : insn->jf;
	}
}

/* BPF_ST, BPF_STX and BPF_MISC. */
static inline void
mirror_bpf_run_move(const struct bpf_insn *insn, struct machine *machine)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_ST:
		machine->memory[insn->k] = machine->a;
		break;
	case BPF_STX:
		machine->memory[insn->k] = machine->x;
		break;
	default:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			machine->x = machine->a;
		else
			machine->a = machine->x;
		break;
	}
}

/* What is said of a packet that ends before what a program reads. */
static __rte_noinline enum mirror_verdict
mirror_bpf_ends_before(const struct rte_mbuf *pkt)
{
	return mirror_is_whole(pkt) ? MIRROR_NOT_CHOSEN : MIRROR_BROKEN;
}

/* Runs any instruction but BPF_RET, and moves on by it; false: the program ends, and *verdict is what it says. */
static bool
mirror_bpf_run(const struct bpf_insn **insn, struct machine *machine, enum mirror_verdict *verdict)
{
	const uint16_t code = (*insn)->code;
	const uint32_t operand = BPF_SRC(code) == BPF_X ? machine->x : (*insn)->k;
	uint32_t *into = BPF_CLASS(code) == BPF_LDX ? &machine->x : &machine->a;

	switch (BPF_CLASS(code)) {
	case BPF_LD:
	case BPF_LDX:
		if (mirror_bpf_run_load(*insn, machine, into))
			return true;
		*verdict = mirror_bpf_ends_before(machine->pkt);
		return false;
	case BPF_ALU:
		*verdict = MIRROR_NOT_CHOSEN;
		return mirror_bpf_run_alu(BPF_OP(code), &machine->a, operand);
	case BPF_JMP:
		*insn += mirror_bpf_run_jump(*insn, machine->a, operand);
		return true;
	default:
		mirror_bpf_run_move(*insn, machine);
		return true;
	}
}

/*
 * What most programs mostly consist of is in line: one jump an instruction. It ends: jumps lead forward, and the last
 * instruction is a BPF_RET.
 */
enum mirror_verdict
mirror_filter_interpret(const struct rte_mbuf *pkt, const struct rte_mirror_filter *filter)
{
	struct machine machine = { .pkt = pkt };
	enum mirror_verdict verdict;
	const struct bpf_insn *insn;
	bool has_read = true;

	for (insn = filter->insns; likely(has_read); insn++) {
		switch (insn->code) {
		case BPF_LD | BPF_H | BPF_ABS:
			has_read = mirror_bpf_load(pkt, insn->k, BPF_H, &machine.a);
			break;
		case BPF_LD | BPF_B | BPF_ABS:
			has_read = mirror_bpf_load(pkt, insn->k, BPF_B, &machine.a);
			break;
		case BPF_LD | BPF_H | BPF_IND:
			has_read = mirror_bpf_load(
					pkt, (uint64_t)machine.x + insn->k, BPF_H, &machine.a);
			break;
		case BPF_LDX | BPF_B | BPF_MSH:
			has_read = mirror_bpf_load(pkt, insn->k, BPF_B, &machine.x);
			machine.x = (machine.x & 15) * 4;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			insn += machine.a == insn->k ? insn->jt : insn->jf;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			insn += (machine.a & insn->k) != 0 ? insn->jt : insn->jf;
			break;
		case BPF_RET | BPF_K:
			return insn->k != 0 ? MIRROR_CHOSEN : MIRROR_NOT_CHOSEN;
		case BPF_RET | BPF_A:
			return machine.a != 0 ? MIRROR_CHOSEN : MIRROR_NOT_CHOSEN;
		default:
			if (!mirror_bpf_run(&insn, &machine, &verdict))
				return verdict;
			break;
		}
	}
	return mirror_bpf_ends_before(pkt);
}
