/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FILTER_CODE_H
#define MIRROR_FILTER_CODE_H

/**
 * @file
 * From a program to machine code.
 *
 * Generated code calls nothing else, and writes to registers, its own stack and the verdicts alone. It reads a packet's first segment, at
 * offsets that it has compared with data_len. Where bytes do not lie in that segment it jumps to the interpreter, which
 * runs the whole program anew: a program has no effects, so that decides the same.
 *
 * A program is a function of one packet, called by a loop over many that stands before it.
 *
 * Every jump has room for the longest distance there can be, so that no instruction's size depends on where another ends
 * up. Instructions are written once, one after the other; then the jumps are pointed at where their targets are.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "filter.h"

/** What holds before an instruction, whichever way a program comes to it. */
struct mirror_facts {
	bool reached;     /**< a program can come to it */
	uint16_t first;   /**< bytes that the first segment is known to have */
	uint16_t written; /**< words of memory that have been written, a bit each */
};

/** The longest first segment. */
#define MIRROR_SEGMENT_MAX UINT16_MAX

/** Bytes that a first segment must have for a BPF_ABS, BPF_IND (but for the index) or BPF_MSH; 0: other instructions. */
uint64_t mirror_insn_reads(const struct bpf_insn *insn);

/**
 * Finds the facts of each of a program's instructions.
 *
 * @return
 *   The words of memory that may be read before they are written, a bit each.
 */
uint16_t mirror_facts_find(const struct rte_mirror_filter *filter, struct mirror_facts *facts);

/** A jump whose target is not known yet. */
struct mirror_jump {
	size_t at; /**< where its offset belongs */
	size_t to; /**< an instruction's index, or an end's below */
};

/** Code that is being generated. */
struct mirror_assembly {
	const struct rte_mirror_filter *filter;
	struct mirror_facts *facts; /**< of each instruction */
	uint8_t *bytes;
	size_t length;
	size_t room;    /**< up to what length what is being written may make it */
	size_t *starts; /**< where each instruction's code begins, then each end's */
	struct mirror_jump *jumps;
	size_t nb_jumps;
	size_t jumps_room;
	bool has_memory;  /**< whether the program uses any word */
	bool is_too_long; /**< something was longer than it may be: there is no code */
};

/** Where jumps lead besides to instructions: the packet is not chosen; the interpreter decides. */
static inline size_t
mirror_end_none(const struct mirror_assembly *assembly)
{
	return assembly->filter->nb_insns;
}

static inline size_t
mirror_end_interpreter(const struct mirror_assembly *assembly)
{
	return assembly->filter->nb_insns + 1;
}

#define MIRROR_NB_ENDS 2

/** Appends code. */
void mirror_emit(struct mirror_assembly *assembly, const void *bytes, size_t length);
/** Notes that what is appended next is the offset of a jump. */
void mirror_emit_jump(struct mirror_assembly *assembly, size_t to);

/*
 * The machine's part: x86_64.c or aarch64.c.
 */

/** Bytes and jumps that the code of an instruction, of the loop, of the beginning or of an end has at most. */
#define MIRROR_CODE_BYTES_MAX 128
#define MIRROR_CODE_JUMPS_MAX 3

/** How A compares with what it is compared with; another in its lowest bit is the opposite. */
enum mirror_condition {
	MIRROR_EQUAL = 0, /**< or no bit in common */
	MIRROR_NOT_EQUAL = 1,
	MIRROR_NOT_BELOW = 2,
	MIRROR_BELOW = 3,
	MIRROR_ABOVE = 4,
	MIRROR_NOT_ABOVE = 5,
};

/** What is called: it calls what comes behind it of each packet, and writes down what that says. */
void mirror_machine_loop(struct mirror_assembly *assembly);
/** What comes before the first instruction: memory that may be read unwritten is 0 from then on. */
void mirror_machine_begin(struct mirror_assembly *assembly, uint16_t unwritten);
/** BPF_LD and BPF_LDX. */
void mirror_machine_load(struct mirror_assembly *assembly, const struct mirror_facts *facts,
		const struct bpf_insn *insn);
/** BPF_ST, BPF_STX. */
void mirror_machine_store(struct mirror_assembly *assembly, const struct bpf_insn *insn);
/** BPF_ALU. */
void mirror_machine_compute(struct mirror_assembly *assembly, const struct bpf_insn *insn);
/** The comparison of a BPF_JMP, or its test of bits. */
void mirror_machine_compare(struct mirror_assembly *assembly, const struct bpf_insn *insn);
void mirror_machine_jump(struct mirror_assembly *assembly, size_t to);
/** Jumps if that is what the comparison before has found. */
void mirror_machine_jump_if(
		struct mirror_assembly *assembly, enum mirror_condition condition, size_t to);
/** BPF_MISC. */
void mirror_machine_move(struct mirror_assembly *assembly, const struct bpf_insn *insn);
/** BPF_RET. */
void mirror_machine_return(struct mirror_assembly *assembly, const struct bpf_insn *insn);
void mirror_machine_end_none(struct mirror_assembly *assembly);
void mirror_machine_end_interpreter(struct mirror_assembly *assembly);
/** Writes a jump's offset: the target is that far from it. */
void mirror_machine_set_offset(uint8_t *offset, ptrdiff_t distance);

/*
 * For all machines.
 */

/** Generates a filter's code, which is the caller's to free(): its length; 0: there is none. */
size_t mirror_code_generate(const struct rte_mirror_filter *filter, uint8_t **code);

/** Puts code where it can be run; NULL: that cannot be had. */
void *mirror_code_load(const uint8_t *code, size_t length);
/** Takes away what mirror_code_load() has put there and nobody runs any more. */
void mirror_code_unload(void *loaded, size_t length);

#endif /* MIRROR_FILTER_CODE_H */
