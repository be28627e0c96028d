/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>
#include <string.h>

#include "code.h"

/*
 * Registers, all of them the caller's to lose (System V ABI for x86-64) but for the loop's, rbx, rbp and r12:
 *
 *   rdi  the packet             eax  accumulator        r9, edx  of passing use
 *   rsi  its first bytes        ecx  index
 *   r8   how many: data_len     [rsp - 64 ...]  memory, in the 128 bytes that signals leave alone
 *
 * The upper halves of rax, rcx and r8 are 0: every instruction that writes one writes 32 bits.
 */

#define CODE(assembly, ...)                                  \
	do {                                                 \
		const uint8_t code[] = { __VA_ARGS__ };      \
		mirror_emit((assembly), code, sizeof(code)); \
	} while (0)

/* Where a word of memory is, from rsp on, as a signed byte. */
#define WORD(k) ((uint8_t)(-64 + 4 * (int)(k)))

static void
emit32(struct mirror_assembly *assembly, uint32_t value)
{
	mirror_emit(assembly, &value, sizeof(value));
}

void
mirror_machine_jump_if(struct mirror_assembly *assembly, enum mirror_condition condition, size_t to)
{
	/* The second byte of a conditional jump. */
	static const uint8_t opcodes[] = {
		[MIRROR_EQUAL] = 0x84,
		[MIRROR_NOT_EQUAL] = 0x85,
		[MIRROR_NOT_BELOW] = 0x83,
		[MIRROR_BELOW] = 0x82,
		[MIRROR_ABOVE] = 0x87,
		[MIRROR_NOT_ABOVE] = 0x86,
	};

	CODE(assembly, 0x0f, opcodes[condition]);
	mirror_emit_jump(assembly, to);
	emit32(assembly, 0);
}

void
mirror_machine_jump(struct mirror_assembly *assembly, size_t to)
{
	CODE(assembly, 0xe9); /* jmp */
	mirror_emit_jump(assembly, to);
	emit32(assembly, 0);
}

void
mirror_machine_set_offset(uint8_t *offset, ptrdiff_t distance)
{
	/* From the end of the jump, which its offset is. */
	const int32_t relative = distance - 4;

	memcpy(offset, &relative, sizeof(relative));
}

void
mirror_machine_loop(struct mirror_assembly *assembly)
{
	size_t again, call;

	CODE(assembly, 0xf3, 0x0f, 0x1e, 0xfa); /* endbr64 */
	CODE(assembly, 0x53, 0x55, 0x41, 0x54); /* push rbx; push rbp; push r12 */
	CODE(assembly, 0x48, 0x89, 0xfb, 0x89, 0xf5, 0x49, 0x89,
			0xd4); /* mov rbx, rdi; mov ebp, esi; mov r12, rdx */
	again = assembly->length;
	CODE(assembly, 0x48, 0x8b, 0x3b, 0xe8); /* mov rdi, [rbx]; call */
	call = assembly->length;
	emit32(assembly, 0);
	CODE(assembly, 0x41, 0x88, 0x04, 0x24, 0x49, 0xff, 0xc4); /* mov [r12], al; inc r12 */
	CODE(assembly, 0x48, 0x83, 0xc3, 8, 0xff, 0xcd, 0x75);    /* add rbx, 8; dec ebp; jnz */
	CODE(assembly, (uint8_t)(again - assembly->length - 1));
	CODE(assembly, 0x41, 0x5c, 0x5d, 0x5b, 0xc3); /* pop r12; pop rbp; pop rbx; ret */
	mirror_machine_set_offset(assembly->bytes + call, assembly->length - call);
}

void
mirror_machine_begin(struct mirror_assembly *assembly, uint16_t unwritten)
{
	unsigned int k;

	_Static_assert(offsetof(struct rte_mbuf, data_len) < 128, "offsets of a signed byte");
	CODE(assembly, 0x48, 0x8b, 0x77,
			offsetof(struct rte_mbuf, buf_addr)); /* mov rsi, [rdi + ] */
	CODE(assembly, 0x0f, 0xb7, 0x47,
			offsetof(struct rte_mbuf, data_off)); /* movzx eax, word [rdi + ] */
	CODE(assembly, 0x48, 0x01, 0xc6);                     /* add rsi, rax */
	CODE(assembly, 0x44, 0x0f, 0xb7, 0x47,
			offsetof(struct rte_mbuf, data_len)); /* movzx r8d, word [rdi + ] */
	CODE(assembly, 0x31, 0xc0, 0x31, 0xc9);               /* xor eax, eax; xor ecx, ecx */
	for (k = 0; k < BPF_MEMWORDS; k++) {
		if ((unwritten >> k & 1) != 0)
			CODE(assembly, 0x89, 0x44, 0x24, WORD(k)); /* mov [rsp + ], eax */
	}
}

void
mirror_machine_end_none(struct mirror_assembly *assembly)
{
	CODE(assembly, 0x31, 0xc0, 0xc3); /* xor eax, eax; ret */
}

void
mirror_machine_end_interpreter(struct mirror_assembly *assembly)
{
	const uintptr_t filter = (uintptr_t)assembly->filter;
	const uintptr_t interpret = (uintptr_t)mirror_filter_interpret;

	CODE(assembly, 0x48, 0xbe); /* mov rsi, */
	mirror_emit(assembly, &filter, sizeof(filter));
	CODE(assembly, 0x48, 0xb8); /* mov rax, */
	mirror_emit(assembly, &interpret, sizeof(interpret));
	CODE(assembly, 0xff, 0xe0); /* jmp rax */
}

/* Goes on only if the first segment has so many bytes; whether it ever can. */
static bool
check_segment(struct mirror_assembly *assembly, const struct mirror_facts *facts, uint64_t reads)
{
	if (reads > MIRROR_SEGMENT_MAX) {
		mirror_machine_jump(assembly, mirror_end_interpreter(assembly));
		return false;
	}
	if (reads > facts->first) {
		CODE(assembly, 0x41, 0x81, 0xf8); /* cmp r8d, */
		emit32(assembly, reads);
		mirror_machine_jump_if(assembly, MIRROR_BELOW, mirror_end_interpreter(assembly));
	}
	return true;
}

/* Swaps what BPF_LD has read to the machine's order. */
static void
swap(struct mirror_assembly *assembly, uint16_t size)
{
	if (size == BPF_W)
		CODE(assembly, 0x0f, 0xc8); /* bswap eax */
	else if (size == BPF_H)
		CODE(assembly, 0x66, 0xc1, 0xc0, 8); /* rol ax, 8 */
}

/* A load to eax of BPF_SIZE, but for its operand. */
static void
emit_load(struct mirror_assembly *assembly, uint16_t size)
{
	if (size == BPF_W)
		CODE(assembly, 0x8b); /* mov eax, dword */
	else
		CODE(assembly, 0x0f, size == BPF_H ? 0xb7 : 0xb6); /* movzx eax, word or byte */
}

static void
load_absolute(struct mirror_assembly *assembly, const struct mirror_facts *facts,
		const struct bpf_insn *insn)
{
	if (!check_segment(assembly, facts, mirror_insn_reads(insn)))
		return;
	emit_load(assembly, BPF_SIZE(insn->code));
	CODE(assembly, 0x86); /* [rsi + ] */
	emit32(assembly, insn->k);
	swap(assembly, BPF_SIZE(insn->code));
}

static void
load_indirect(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const uint64_t reads = mirror_insn_reads(insn);

	if (reads > MIRROR_SEGMENT_MAX) {
		mirror_machine_jump(assembly, mirror_end_interpreter(assembly));
		return;
	}
	CODE(assembly, 0x4c, 0x8d, 0x89); /* lea r9, [rcx + ] */
	emit32(assembly, reads);
	CODE(assembly, 0x4d, 0x39, 0xc1); /* cmp r9, r8 */
	mirror_machine_jump_if(assembly, MIRROR_ABOVE, mirror_end_interpreter(assembly));
	emit_load(assembly, BPF_SIZE(insn->code));
	CODE(assembly, 0x84, 0x0e); /* [rsi + rcx + ] */
	emit32(assembly, insn->k);
	swap(assembly, BPF_SIZE(insn->code));
}

static void
load_header_length(struct mirror_assembly *assembly, const struct mirror_facts *facts,
		const struct bpf_insn *insn)
{
	if (!check_segment(assembly, facts, mirror_insn_reads(insn)))
		return;
	CODE(assembly, 0x0f, 0xb6, 0x8e); /* movzx ecx, byte [rsi + ] */
	emit32(assembly, insn->k);
	CODE(assembly, 0x83, 0xe1, 0x0f, 0xc1, 0xe1, 2); /* and ecx, 15; shl ecx, 2 */
}

/* BPF_LD and BPF_LDX: to eax, or to ecx. */
void
mirror_machine_load(struct mirror_assembly *assembly, const struct mirror_facts *facts,
		const struct bpf_insn *insn)
{
	const uint8_t to = BPF_CLASS(insn->code) == BPF_LDX ? 1 : 0;

	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		load_absolute(assembly, facts, insn);
		break;
	case BPF_IND:
		load_indirect(assembly, insn);
		break;
	case BPF_MSH:
		load_header_length(assembly, facts, insn);
		break;
	case BPF_LEN:
		CODE(assembly, 0x8b, 0x47 | to << 3,
				offsetof(struct rte_mbuf, pkt_len)); /* mov , [rdi + ] */
		break;
	case BPF_MEM:
		CODE(assembly, 0x8b, 0x44 | to << 3, 0x24, WORD(insn->k)); /* mov , [rsp + ] */
		break;
	default:                           /* BPF_IMM */
		CODE(assembly, 0xb8 | to); /* mov , */
		emit32(assembly, insn->k);
		break;
	}
}

static void
multiply(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	if (BPF_SRC(insn->code) == BPF_X) {
		CODE(assembly, 0x0f, 0xaf, 0xc1); /* imul eax, ecx */
	} else {
		CODE(assembly, 0x69, 0xc0); /* imul eax, eax, */
		emit32(assembly, insn->k);
	}
}

/* The operations that have opcodes alike: with ecx, that one; with a constant, that and 4. */
static void
combine(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	static const uint8_t opcodes[] = {
		[BPF_ADD >> 4] = 0x01,
		[BPF_SUB >> 4] = 0x29,
		[BPF_OR >> 4] = 0x09,
		[BPF_AND >> 4] = 0x21,
		[BPF_XOR >> 4] = 0x31,
	};
	const uint8_t opcode = opcodes[BPF_OP(insn->code) >> 4];

	if (BPF_SRC(insn->code) == BPF_X) {
		CODE(assembly, opcode, 0xc8); /* eax, ecx */
	} else {
		CODE(assembly, opcode + 4); /* eax, */
		emit32(assembly, insn->k);
	}
}

/* BPF_DIV and BPF_MOD. */
static void
divide(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const bool by_index = BPF_SRC(insn->code) == BPF_X;

	if (!by_index && insn->k == 0) {
		mirror_machine_jump(assembly, mirror_end_none(assembly));
		return;
	}
	if (by_index) {
		CODE(assembly, 0x85, 0xc9); /* test ecx, ecx */
		mirror_machine_jump_if(assembly, MIRROR_EQUAL, mirror_end_none(assembly));
	} else {
		CODE(assembly, 0x41, 0xb9); /* mov r9d, */
		emit32(assembly, insn->k);
	}
	CODE(assembly, 0x31, 0xd2); /* xor edx, edx */
	if (!by_index)
		CODE(assembly, 0x41);
	CODE(assembly, 0xf7, 0xf1); /* div ecx, or r9d */
	if (BPF_OP(insn->code) == BPF_MOD)
		CODE(assembly, 0x89, 0xd0); /* mov eax, edx */
}

/* BPF_LSH and BPF_RSH. The machine takes the count modulo 32. */
static void
shift(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const uint8_t direction = BPF_OP(insn->code) == BPF_LSH ? 0xe0 : 0xe8;

	if (BPF_SRC(insn->code) == BPF_X) {
		CODE(assembly, 0xd3, direction);  /* shl or shr eax, cl */
		CODE(assembly, 0x31, 0xd2);       /* xor edx, edx */
		CODE(assembly, 0x83, 0xf9, 31);   /* cmp ecx, 31 */
		CODE(assembly, 0x0f, 0x47, 0xc2); /* cmova eax, edx */
	} else if (insn->k < 32) {
		CODE(assembly, 0xc1, direction, insn->k); /* shl or shr eax, */
	} else {
		CODE(assembly, 0x31, 0xc0); /* xor eax, eax */
	}
}

void
mirror_machine_compute(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	switch (BPF_OP(insn->code)) {
	case BPF_NEG:
		CODE(assembly, 0xf7, 0xd8); /* neg eax */
		break;
	case BPF_DIV:
	case BPF_MOD:
		divide(assembly, insn);
		break;
	case BPF_LSH:
	case BPF_RSH:
		shift(assembly, insn);
		break;
	case BPF_MUL:
		multiply(assembly, insn);
		break;
	default:
		combine(assembly, insn);
		break;
	}
}

void
mirror_machine_compare(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const bool is_test = BPF_OP(insn->code) == BPF_JSET;

	if (BPF_SRC(insn->code) == BPF_X) {
		CODE(assembly, is_test ? 0x85 : 0x39, 0xc8); /* test or cmp eax, ecx */
	} else {
		CODE(assembly, is_test ? 0xa9 : 0x3d); /* test or cmp eax, */
		emit32(assembly, insn->k);
	}
}

void
mirror_machine_store(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	const uint8_t from = BPF_CLASS(insn->code) == BPF_STX ? 1 : 0;

	CODE(assembly, 0x89, 0x44 | from << 3, 0x24, WORD(insn->k)); /* mov [rsp + ], */
}

void
mirror_machine_move(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	/* mov ecx, eax, or the other way */
	CODE(assembly, 0x89, BPF_MISCOP(insn->code) == BPF_TAX ? 0xc1 : 0xc8);
}

void
mirror_machine_return(struct mirror_assembly *assembly, const struct bpf_insn *insn)
{
	if (BPF_RVAL(insn->code) == BPF_A) {
		CODE(assembly, 0x85, 0xc0);       /* test eax, eax */
		CODE(assembly, 0x0f, 0x95, 0xc0); /* setne al */
		CODE(assembly, 0x0f, 0xb6, 0xc0); /* movzx eax, al */
	} else {
		CODE(assembly, 0xb8); /* mov eax, */
		emit32(assembly, insn->k != 0 ? MIRROR_CHOSEN : MIRROR_NOT_CHOSEN);
	}
	CODE(assembly, 0xc3); /* ret */
}
