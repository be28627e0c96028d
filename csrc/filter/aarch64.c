/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>
#include <string.h>

#include "code.h"

/*
 * Registers, all of them the caller's to lose (AAPCS64) but for the loop's, x19 to x21:
 *
 *   x0  the packet              w3  accumulator        w5, w6  of passing use
 *   x1  its first bytes         w4  index              x16     where to go on
 *   w2  how many: data_len      [sp ...]  memory, if there is any
 *
 * The upper halves of x2 to x6 are 0: every instruction that writes one writes 32 bits, or adds what is small.
 */

enum reg { X0, X1, X2, X3, X4, X5, X6, X16 = 16, ZR = 31, SP = 31 };

#define A X3
#define X X4

/** Bytes of a frame with memory: 16 words. */
#define FRAME (BPF_MEMWORDS * 4)

enum condition { EQ = 0, NE = 1, HS = 2, LO = 3, HI = 8, LS = 9 };

static void
emit(struct mirror_assembly *assembly, uint32_t insn)
{
	mirror_emit(assembly, &insn, sizeof(insn));
}

/* Of three registers: opcode rd, rn, rm. */
static void
emit3(struct mirror_assembly *assembly, uint32_t opcode, enum reg rd, enum reg rn, enum reg rm)
{
	emit(assembly, opcode | rm << 16 | rn << 5 | rd);
}

void
mirror_machine_jump(struct mirror_assembly *assembly, size_t to)
{
	mirror_emit_jump(assembly, to);
	emit(assembly, 0x14000000); /* b, 128 MB either way */
}

/* A conditional branch has 1 MB either way: the opposite one leads round a jump. */
void
mirror_machine_jump_if(struct mirror_assembly *assembly, enum mirror_condition condition, size_t to)
{
	static const enum condition conditions[] = {
		[MIRROR_EQUAL] = EQ,
		[MIRROR_NOT_EQUAL] = NE,
		[MIRROR_NOT_BELOW] = HS,
		[MIRROR_BELOW] = LO,
		[MIRROR_ABOVE] = HI,
		[MIRROR_NOT_ABOVE] = LS,
	};

	emit(assembly, 0x54000000 | 2 << 5 | conditions[condition ^ 1]); /* b.cond, over the next */
	mirror_machine_jump(assembly, to);
}

void
mirror_machine_set_offset(uint8_t *offset, ptrdiff_t distance)
{
	uint32_t insn;

	memcpy(&insn, offset, sizeof(insn));
	insn |= (uint32_t)(distance / 4) & 0x3ffffff;
	memcpy(offset, &insn, sizeof(insn));
}

static void
set_constant(struct mirror_assembly *assembly, enum reg rd, uint32_t value)
{
	emit(assembly, 0x52800000 | (value & 0xffff) << 5 | rd); /* movz */
	emit(assembly, 0x72a00000 | (value >> 16) << 5 | rd);    /* movk , lsl 16 */
}

static void
set_address(struct mirror_assembly *assembly, enum reg rd, uint64_t value)
{
	uint32_t i, part;

	emit(assembly, 0xd2800000 | (uint32_t)(value & 0xffff) << 5 | rd); /* movz */
	for (i = 1; i < 4; i++) {
		part = value >> 16 * i & 0xffff;
		emit(assembly, 0xf2800000 | i << 21 | part << 5 | rd); /* movk , lsl 16 * i */
	}
}

static void
load_field(struct mirror_assembly *assembly, uint32_t opcode, enum reg rd, size_t scaled)
{
	emit(assembly, opcode | (uint32_t)scaled << 10 | X0 << 5 | rd);
}

#define LDR_X(assembly, rd, field) \
	load_field((assembly), 0xf9400000, (rd), offsetof(struct rte_mbuf, field) / 8)
#define LDR_W(assembly, rd, field) \
	load_field((assembly), 0xb9400000, (rd), offsetof(struct rte_mbuf, field) / 4)
#define LDRH(assembly, rd, field) \
	load_field((assembly), 0x79400000, (rd), offsetof(struct rte_mbuf, field) / 2)

static void
move(struct mirror_assembly *assembly, enum reg rd, enum reg rm)
{
	emit3(assembly, 0x2a000000, rd, ZR, rm); /* orr */
}

static void
store_word(struct mirror_assembly *assembly, enum reg rt, uint32_t k)
{
	emit(assembly, 0xb9000000 | k << 10 | SP << 5 | rt); /* str , [sp, 4 * k] */
}

void
mirror_machine_loop(struct mirror_assembly *assembly)
{
	size_t again, call;

	emit(assembly, 0xd503245f); /* bti c */
	emit(assembly, 0xa9bd7bfd); /* stp x29, x30, [sp, -48]! */
	emit(assembly, 0x910003fd); /* mov x29, sp */
	emit(assembly, 0xa90153f3); /* stp x19, x20, [sp, 16] */
	emit(assembly, 0xf90013f5); /* str x21, [sp, 32] */
	emit(assembly, 0xaa0003f3); /* mov x19, x0 */
	emit(assembly, 0x2a0103f4); /* mov w20, w1 */
	emit(assembly, 0xaa0203f5); /* mov x21, x2 */
	again = assembly->length;
	emit(assembly, 0xf8408660); /* ldr x0, [x19], 8 */
	call = assembly->length;
	emit(assembly, 0x94000000); /* bl */
	emit(assembly, 0x380016a0); /* strb w0, [x21], 1 */
	emit(assembly, 0x71000694); /* subs w20, w20, 1 */
	/* b.ne */
	emit(assembly, 0x54000001 | ((uint32_t)(again - assembly->length) / 4 & 0x7ffff) << 5);
	emit(assembly, 0xf94013f5); /* ldr x21, [sp, 32] */
	emit(assembly, 0xa94153f3); /* ldp x19, x20, [sp, 16] */
	emit(assembly, 0xa8c37bfd); /* ldp x29, x30, [sp], 48 */
	emit(assembly, 0xd65f03c0); /* ret */
	mirror_machine_set_offset(assembly->bytes + call, assembly->length - call);
}

void
mirror_machine_begin(struct mirror_assembly *assembly, uint16_t unwritten)
{
	unsigned int k;

	LDR_X(assembly, X1, buf_addr);
	LDRH(assembly, X5, data_off);
	emit3(assembly, 0x8b000000, X1, X1, X5); /* add */
	LDRH(assembly, X2, data_len);
	move(assembly, A, ZR);
	move(assembly, X, ZR);
	if (assembly->has_memory)
		emit(assembly, 0xd1000000 | FRAME << 10 | SP << 5 | SP); /* sub sp, sp, */
	for (k = 0; k < BPF_MEMWORDS; k++) {
		if ((unwritten >> k & 1) != 0)
			store_word(assembly, ZR, k);
	}
}

static void
leave_frame(struct mirror_assembly *assembly)
{
	if (assembly->has_memory)
		emit(assembly, 0x91000000 | FRAME << 10 | SP << 5 | SP); /* add sp, sp, */
}

static void
return_constant(struct mirror_assembly *assembly, enum mirror_verdict verdict)
{
	leave_frame(assembly);
	emit(assembly, 0x52800000 | verdict << 5 | X0); /* movz */
	emit(assembly, 0xd65f03c0);                     /* ret */
}

void
mirror_machine_end_none(struct mirror_assembly *assembly)
{
	return_constant(assembly, MIRROR_NOT_CHOSEN);
}

void
mirror_machine_end_interpreter(struct mirror_assembly *assembly)
{
	leave_frame(assembly);
	set_address(assembly, X1, (uintptr_t)assembly->filter);
	set_address(assembly, X16, (uintptr_t)mirror_filter_interpret);
	emit(assembly, 0xd61f0000 | X16 << 5); /* br, by x16 as to what is called */
}

/* Loads by BPF_SIZE from x1 + x5, in the machine's order. */
static void
load_bytes(struct mirror_assembly *assembly, uint16_t size, enum reg rd)
{
	switch (size) {
	case BPF_W:
		emit3(assembly, 0xb8606800, rd, X1, X5); /* ldr */
		emit3(assembly, 0x5ac00800, rd, rd, 0);  /* rev */
		break;
	case BPF_H:
		emit3(assembly, 0x78606800, rd, X1, X5); /* ldrh */
		emit3(assembly, 0x5ac00400, rd, rd, 0);  /* rev16 */
		break;
	default:
		emit3(assembly, 0x38606800, rd, X1, X5); /* ldrb */
		break;
	}
}

/* Makes x5 an offset at which the first segment has what is read; whether there can be one. */
static bool
find_bytes(struct mirror_assembly *assembly, const struct mirror_facts *facts,
		const struct bpf_insn *insn)
{
	const uint64_t reads = mirror_insn_reads(insn);

	if (reads > MIRROR_SEGMENT_MAX) {
		mirror_machine_jump(assembly, mirror_end_interpreter(assembly));
		return false;
	}
	if (BPF_MODE(insn->code) == BPF_IND || reads > facts->first) {
		set_constant(assembly, X5, reads);
		if (BPF_MODE(insn->code) == BPF_IND)
			emit3(assembly, 0x8b000000, X5, X5, X); /* add */
		emit3(assembly, 0xeb000000, ZR, X5, X2);        /* cmp */
		mirror_machine_jump_if(assembly, MIRROR_ABOVE, mirror_end_interpreter(assembly));
	}
	set_constant(assembly, X5, insn->k);
	if (BPF_MODE(insn->code) == BPF_IND)
		emit3(assembly, 0x8b000000, X5, X5, X); /* add */
	return true;
}

void
mirror_machine_load(struct mirror_assembly *assembly, const struct mirror_facts *facts,
		const struct bpf_insn *insn)
{
	const enum reg to = BPF_CLASS(insn->code) == BPF_LDX ? X : A;

	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
	case BPF_IND:
		if (find_bytes(assembly, facts, insn))
			load_bytes(assembly, BPF_SIZE(insn->code), A);
		break;
	case BPF_MSH:
		if (!find_bytes(assembly, facts, insn))
			break;
		load_bytes(assembly, BPF_B, X);
		emit(assembly, 0x531e0c00 | X << 5 | X); /* ubfiz , , 2, 4 */
		break;
	case BPF_LEN:
		LDR_W(assembly, to, pkt_len);
		break;
	case BPF_MEM:
		emit(assembly, 0xb9400000 | insn->k << 10 | SP << 5 | to); /* ldr , [sp, 4 * k] */
		break;
	default: /* BPF_IMM */
		set_constant(assembly, to, insn->k);
		break;
	}
}

/* BPF_DIV and BPF_MOD, by what is in a register. */
static void
divide(struct mirror_assembly *assembly, uint16_t operation, enum reg by)
{
	emit3(assembly, 0x6b000000, ZR, by, ZR); /* cmp */
	mirror_machine_jump_if(assembly, MIRROR_EQUAL, mirror_end_none(assembly));
	if (operation == BPF_DIV) {
		emit3(assembly, 0x1ac00800, A, A, by); /* udiv */
		return;
	}
	emit3(assembly, 0x1ac00800, X6, A, by);           /* udiv */
	emit3(assembly, 0x1b008000 | A << 10, A, X6, by); /* msub: A - X6 * by */
}

/* BPF_LSH and BPF_RSH. The machine takes the count modulo 32. */
static void
shift(struct mirror_assembly *assembly, uint16_t operation, enum reg by)
{
	emit3(assembly, operation == BPF_LSH ? 0x1ac02000 : 0x1ac02400, A, A, by); /* lsl, lsr */
	emit(assembly, 0x7100001f | 31 << 10 | by << 5);                           /* cmp by, 31 */
	emit3(assembly, 0x1a800000 | LS << 12, A, A, ZR);                          /* csel */
}

void
mirror_machine_compute(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	static const uint32_t opcodes[] = {
		[BPF_ADD >> 4] = 0x0b000000,
		[BPF_SUB >> 4] = 0x4b000000,
		[BPF_MUL >> 4] = 0x1b000000 | ZR << 10, /* madd, to nothing */
		[BPF_AND >> 4] = 0x0a000000,
		[BPF_OR >> 4] = 0x2a000000,
		[BPF_XOR >> 4] = 0x4a000000,
	};
	const uint16_t operation = BPF_OP(insn->code);
	const enum reg operand = BPF_SRC(insn->code) == BPF_X ? X : X5;

	if (operation == BPF_NEG) {
		emit3(assembly, 0x4b000000, A, ZR, A); /* sub */
		return;
	}
	if (operand == X5)
		set_constant(assembly, X5, insn->k);
	if (operation == BPF_DIV || operation == BPF_MOD)
		divide(assembly, operation, operand);
	else if (operation == BPF_LSH || operation == BPF_RSH)
		shift(assembly, operation, operand);
	else
		emit3(assembly, opcodes[operation >> 4], A, A, operand);
}

void
mirror_machine_compare(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const enum reg operand = BPF_SRC(insn->code) == BPF_X ? X : X5;

	if (operand == X5)
		set_constant(assembly, X5, insn->k);
	/* tst or cmp */
	emit3(assembly, BPF_OP(insn->code) == BPF_JSET ? 0x6a000000 : 0x6b000000, ZR, A, operand);
}

void
mirror_machine_store(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	store_word(assembly, BPF_CLASS(insn->code) == BPF_STX ? X : A, insn->k);
}

void
mirror_machine_move(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const bool to_index = BPF_MISCOP(insn->code) == BPF_TAX;

	move(assembly, to_index ? X : A, to_index ? A : X);
}

void
mirror_machine_return(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	if (BPF_RVAL(insn->code) != BPF_A) {
		return_constant(assembly, insn->k != 0 ? MIRROR_CHOSEN : MIRROR_NOT_CHOSEN);
		return;
	}
	leave_frame(assembly);
	emit3(assembly, 0x6b000000, ZR, A, ZR);             /* cmp */
	emit3(assembly, 0x1a800400 | EQ << 12, X0, ZR, ZR); /* cset , ne */
	emit(assembly, 0xd65f03c0);                         /* ret */
}
