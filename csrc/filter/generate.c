/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdlib.h>

#include "code.h"

/* Has the code of an instruction, or of an end, begin here, and no longer than it may be. */
static void
begin_part(struct mirror_assembly *assembly, size_t part)
{
	assembly->starts[part] = assembly->length;
	assembly->room = assembly->length + MIRROR_CODE_BYTES_MAX;
	assembly->jumps_room = assembly->nb_jumps + MIRROR_CODE_JUMPS_MAX;
}

static enum mirror_condition
condition_of(uint16_t operation)
{
	switch (operation) {
	case BPF_JEQ:
		return MIRROR_EQUAL;
	case BPF_JGT:
		return MIRROR_ABOVE;
	case BPF_JGE:
		return MIRROR_NOT_BELOW;
	default: /* BPF_JSET */
		return MIRROR_NOT_EQUAL;
	}
}

static void
branch(struct mirror_assembly *assembly, size_t index)
{
	const struct bpf_insn *insn = &assembly->filter->insns[index];
	const enum mirror_condition condition = condition_of(BPF_OP(insn->code));

	if (BPF_OP(insn->code) == BPF_JA) {
		mirror_machine_jump(assembly, index + 1 + insn->k);
		return;
	}
	mirror_machine_compare(assembly, insn);
	if (insn->jt != 0)
		mirror_machine_jump_if(assembly, condition, index + 1 + insn->jt);
	if (insn->jt == 0 && insn->jf != 0)
		mirror_machine_jump_if(assembly, condition ^ 1, index + 1 + insn->jf);
	else if (insn->jf != 0)
		mirror_machine_jump(assembly, index + 1 + insn->jf);
}

static void
write_insn(struct mirror_assembly *assembly, size_t index)
{
	const struct bpf_insn *insn = &assembly->filter->insns[index];

	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
	case BPF_LDX:
		mirror_machine_load(assembly, &assembly->facts[index], insn);
		break;
	case BPF_ST:
	case BPF_STX:
		mirror_machine_store(assembly, insn);
		break;
	case BPF_ALU:
		mirror_machine_compute(assembly, insn);
		break;
	case BPF_JMP:
		branch(assembly, index);
		break;
	case BPF_RET:
		mirror_machine_return(assembly, insn);
		break;
	default:
		mirror_machine_move(assembly, insn);
		break;
	}
}

static void
write_code(struct mirror_assembly *assembly)
{
	const uint16_t unwritten = mirror_facts_find(assembly->filter, assembly->facts);
	size_t i;

	for (i = 0; i < assembly->filter->nb_insns; i++) {
		const uint16_t class = BPF_CLASS(assembly->filter->insns[i].code);

		assembly->has_memory |= class == BPF_ST || class == BPF_STX;
	}
	assembly->has_memory |= unwritten != 0;
	assembly->room = MIRROR_CODE_BYTES_MAX;
	mirror_machine_loop(assembly);
	assembly->room = assembly->length + MIRROR_CODE_BYTES_MAX;
	mirror_machine_begin(assembly, unwritten);
	for (i = 0; i < assembly->filter->nb_insns; i++) {
		begin_part(assembly, i);
		if (assembly->facts[i].reached)
			write_insn(assembly, i);
	}
	begin_part(assembly, mirror_end_none(assembly));
	mirror_machine_end_none(assembly);
	begin_part(assembly, mirror_end_interpreter(assembly));
	mirror_machine_end_interpreter(assembly);
}

static void
set_offsets(struct mirror_assembly *assembly)
{
	size_t i;

	for (i = 0; i < assembly->nb_jumps; i++) {
		const struct mirror_jump *jump = &assembly->jumps[i];

		mirror_machine_set_offset(assembly->bytes + jump->at,
				(ptrdiff_t)assembly->starts[jump->to] - (ptrdiff_t)jump->at);
	}
}

static bool
allocate(struct mirror_assembly *assembly)
{
	const size_t nb_parts = assembly->filter->nb_insns + MIRROR_NB_ENDS;

	assembly->facts = calloc(assembly->filter->nb_insns, sizeof(assembly->facts[0]));
	assembly->starts = calloc(nb_parts, sizeof(assembly->starts[0]));
	assembly->jumps = calloc(nb_parts * MIRROR_CODE_JUMPS_MAX, sizeof(assembly->jumps[0]));
	/* The loop and the beginning have room, too. */
	assembly->bytes = malloc((2 + nb_parts) * MIRROR_CODE_BYTES_MAX);
	return assembly->facts != NULL && assembly->starts != NULL && assembly->jumps != NULL &&
			assembly->bytes != NULL;
}

size_t
mirror_code_generate(const struct rte_mirror_filter *filter, uint8_t **code)
{
	struct mirror_assembly assembly = { .filter = filter };

	*code = NULL;
	if (allocate(&assembly)) {
		write_code(&assembly);
		set_offsets(&assembly);
		if (!assembly.is_too_long) {
			*code = assembly.bytes;
			assembly.bytes = NULL;
		}
	}
	free(assembly.bytes);
	free(assembly.facts);
	free(assembly.starts);
	free(assembly.jumps);
	return *code != NULL ? assembly.length : 0;
}
