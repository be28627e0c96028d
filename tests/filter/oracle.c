/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include "oracle.h"

struct state {
	const uint8_t *bytes;
	uint32_t nb_bytes, length;
	uint32_t a, x, memory[BPF_MEMWORDS];
	bool written[BPF_MEMWORDS];
	bool is_defined;
	bool has_failed; /* the program ends, and chooses nothing */
};

static uint32_t
bytes_at(struct state *state, uint64_t offset, unsigned int size)
{
	uint32_t value = 0;

	if (offset + size > state->nb_bytes) {
		state->has_failed = true;
		return 0;
	}
	while (size-- > 0)
		value = value << 8 | state->bytes[offset++];
	return value;
}

static uint32_t
word_at(struct state *state, uint32_t k)
{
	if (!state->written[k])
		state->is_defined = false;
	return state->memory[k];
}

static uint32_t
shifted(struct state *state, uint32_t value, uint32_t count, bool left)
{
	if (count > 31) {
		state->is_defined = false;
		return 0;
	}
	return left ? value << count : value >> count;
}

static uint32_t
divided(struct state *state, uint32_t value, uint32_t divisor, bool remainder)
{
	if (divisor == 0) {
		state->has_failed = true;
		return 0;
	}
	return remainder ? value % divisor : value / divisor;
}

static unsigned int
size_of(uint16_t code)
{
	return BPF_SIZE(code) == BPF_W ? 4 : BPF_SIZE(code) == BPF_H ? 2 : 1;
}

static uint32_t
loaded(struct state *state, const struct bpf_insn *insn)
{
	switch (BPF_MODE(insn->code)) {
	case BPF_ABS:
		return bytes_at(state, insn->k, size_of(insn->code));
	case BPF_IND:
		return bytes_at(state, (uint64_t)state->x + insn->k, size_of(insn->code));
	case BPF_MSH:
		return (bytes_at(state, insn->k, 1) & 0xf) << 2;
	case BPF_LEN:
		return state->length;
	case BPF_MEM:
		return word_at(state, insn->k);
	default:
		return insn->k;
	}
}

static uint32_t
computed(struct state *state, uint16_t operation, uint32_t operand)
{
	switch (operation) {
	case BPF_ADD:
		return state->a + operand;
	case BPF_SUB:
		return state->a - operand;
	case BPF_MUL:
		return state->a * operand;
	case BPF_DIV:
		return divided(state, state->a, operand, false);
	case BPF_MOD:
		return divided(state, state->a, operand, true);
	case BPF_AND:
		return state->a & operand;
	case BPF_OR:
		return state->a | operand;
	case BPF_XOR:
		return state->a ^ operand;
	case BPF_LSH:
		return shifted(state, state->a, operand, true);
	case BPF_RSH:
		return shifted(state, state->a, operand, false);
	default:
		return 0 - state->a;
	}
}

static bool
holds(const struct state *state, uint16_t operation, uint32_t operand)
{
	switch (operation) {
	case BPF_JEQ:
		return state->a == operand;
	case BPF_JGT:
		return state->a > operand;
	case BPF_JGE:
		return state->a >= operand;
	default:
		return (state->a & operand) != 0;
	}
}

static void
store(struct state *state, const struct bpf_insn *insn, uint32_t value)
{
	state->memory[insn->k] = value;
	state->written[insn->k] = true;
}

/* Runs an instruction; how many to pass over. */
static size_t
step(struct state *state, const struct bpf_insn *insn)
{
	const uint32_t operand = BPF_SRC(insn->code) == BPF_X ? state->x : insn->k;

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		state->a = loaded(state, insn);
		return 0;
	case BPF_LDX:
		state->x = loaded(state, insn);
		return 0;
	case BPF_ST:
		store(state, insn, state->a);
		return 0;
	case BPF_STX:
		store(state, insn, state->x);
		return 0;
	case BPF_ALU:
		/* By an index of 0 libpcap does not divide. */
		if ((BPF_OP(insn->code) == BPF_DIV || BPF_OP(insn->code) == BPF_MOD) &&
				BPF_SRC(insn->code) == BPF_K && insn->k == 0)
			state->is_defined = false;
		state->a = computed(state, BPF_OP(insn->code), operand);
		return 0;
	case BPF_JMP:
		if (BPF_OP(insn->code) == BPF_JA)
			return insn->k;
		return holds(state, BPF_OP(insn->code), operand) ? insn->jt : insn->jf;
	default:
		if (BPF_MISCOP(insn->code) == BPF_TAX)
			state->x = state->a;
		else
			state->a = state->x;
		return 0;
	}
}

bool
oracle_chooses(const struct bpf_insn *insns, const uint8_t *bytes, uint32_t nb_bytes,
		uint32_t length, bool *is_defined)
{
	struct state state = {
		.bytes = bytes, .nb_bytes = nb_bytes, .length = length, .is_defined = true
	};

	while (BPF_CLASS(insns->code) != BPF_RET && !state.has_failed)
		insns += 1 + step(&state, insns);
	*is_defined = state.is_defined;
	if (state.has_failed)
		return false;
	return (BPF_RVAL(insns->code) == BPF_A ? state.a : insns->k) != 0;
}
