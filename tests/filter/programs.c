/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>

#include "programs.h"

uint32_t
random_below(random_state *state, uint32_t limit)
{
	/* Marsaglia's xorshift64. */
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state >> 32) * limit >> 32);
}

static const uint16_t loads[] = {
	BPF_LD | BPF_W | BPF_ABS,
	BPF_LD | BPF_H | BPF_ABS,
	BPF_LD | BPF_B | BPF_ABS,
	BPF_LD | BPF_W | BPF_IND,
	BPF_LD | BPF_H | BPF_IND,
	BPF_LD | BPF_B | BPF_IND,
	BPF_LDX | BPF_B | BPF_MSH,
};
static const uint16_t others[] = {
	BPF_LD | BPF_W | BPF_LEN,
	BPF_LD | BPF_IMM,
	BPF_LD | BPF_MEM,
	BPF_LDX | BPF_W | BPF_LEN,
	BPF_LDX | BPF_IMM,
	BPF_LDX | BPF_MEM,
	BPF_ST,
	BPF_STX,
	BPF_MISC | BPF_TAX,
	BPF_MISC | BPF_TXA,
	BPF_ALU | BPF_NEG,
};
static const uint16_t operations[] = {
	BPF_ADD,
	BPF_SUB,
	BPF_MUL,
	BPF_DIV,
	BPF_MOD,
	BPF_AND,
	BPF_OR,
	BPF_XOR,
	BPF_LSH,
	BPF_RSH,
};
static const uint16_t comparisons[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };

#define ONE_OF(state, array) ((array)[random_below((state), RTE_DIM(array))])

static uint32_t
constant(random_state *state)
{
	static const uint32_t edges[] = { 0, 1, 2, 6, 17, 31, 32, 33, 0x7f, 0x80, 0xff, 0x100,
		0x7fff, 0x800, 0x86dd, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff };

	return random_below(state, 3) > 0 ? ONE_OF(state, edges) : random_below(state, UINT32_MAX);
}

static uint32_t
offset(random_state *state)
{
	static const uint32_t edges[] = { 12, 14, 23, 63, 64, 65534, 65535, 65536, 0x7fffffff,
		0xffdfffff };

	switch (random_below(state, 12)) {
	case 0:
		return ONE_OF(state, edges);
	case 1:
		return random_below(state, 400);
	default:
		return random_below(state, 80);
	}
}

static struct bpf_insn
comparison(random_state *state, size_t nb_behind)
{
	const uint32_t nb = RTE_MIN(nb_behind, UINT8_MAX + 1u);

	return (struct bpf_insn){
		.code = BPF_JMP | ONE_OF(state, comparisons) |
				(random_below(state, 4) == 0 ? BPF_X : BPF_K),
		.jt = random_below(state, 2) > 0 ? random_below(state, RTE_MIN(nb, 8u)) :
						   random_below(state, nb),
		.jf = random_below(state, 2) > 0 ? 0 : random_below(state, nb),
		.k = constant(state),
	};
}

static struct bpf_insn
any_insn(random_state *state, size_t nb_behind)
{
	struct bpf_insn insn = { .k = constant(state) };

	switch (random_below(state, 16)) {
	case 0 ... 4:
		insn.code = ONE_OF(state, loads);
		insn.k = offset(state);
		break;
	case 5 ... 7:
		insn.code = ONE_OF(state, others);
		if (BPF_MODE(insn.code) == BPF_MEM || BPF_CLASS(insn.code) == BPF_ST ||
				BPF_CLASS(insn.code) == BPF_STX)
			insn.k = random_below(state, BPF_MEMWORDS);
		break;
	case 8 ... 11:
		insn.code = BPF_ALU | ONE_OF(state, operations) |
				(random_below(state, 2) > 0 ? BPF_X : BPF_K);
		break;
	case 12 ... 14:
		return comparison(state, nb_behind);
	default:
		if (random_below(state, 8) == 0) {
			insn.code = BPF_RET | (random_below(state, 2) > 0 ? BPF_A : BPF_K);
		} else {
			insn.code = BPF_JMP | BPF_JA;
			insn.k = random_below(state, RTE_MIN(nb_behind, 6u));
		}
		break;
	}
	return insn;
}

size_t
program_make(random_state *state, struct bpf_insn insns[static PROGRAM_MAX])
{
	static const uint32_t lengths[] = { 4, 8, 16, 40, 100, PROGRAM_MAX - 2 };
	const size_t nb = 2 + random_below(state, ONE_OF(state, lengths));
	size_t i;

	for (i = 0; i + 1 < nb; i++) {
		insns[i] = any_insn(state, nb - 1 - i);
		/* An index that would lead round to the packet's beginning. */
		if (i > 0 && BPF_CLASS(insns[i].code) == BPF_LD &&
				BPF_MODE(insns[i].code) == BPF_IND && random_below(state, 8) == 0)
			insns[i - 1] = (struct bpf_insn){ .code = BPF_LDX | BPF_IMM,
				.k = -random_below(state, 80) };
	}
	insns[i] = (struct bpf_insn){
		.code = BPF_RET | (random_below(state, 4) > 0 ? BPF_A : BPF_K), .k = 1
	};
	return nb;
}

static void append(char *expression, const char *format, ...) __rte_format_printf(2, 3);

static void
append(char *expression, const char *format, ...)
{
	const size_t length = strlen(expression);
	va_list args;

	va_start(args, format);
	vsnprintf(expression + length, EXPRESSION_MAX - length, format, args);
	va_end(args);
}

static const char *const primitives[] = { "ip", "ip6", "arp", "tcp", "udp", "icmp", "sctp", "vlan",
	"vlan 100", "mpls", "pppoes", "geneve", "port 53", "tcp port 80", "udp port 53",
	"src port 443", "portrange 1-1024", "host 10.0.0.1", "src host 10.0.0.1", "net 10.0.0.0/8",
	"ip6 host fe80::1", "ether host 02:00:00:00:00:01", "ether broadcast", "ether multicast",
	"ip multicast", "ip6 multicast", "less 60", "greater 60", "len > 100", "ip proto 47",
	"ether proto 0x88a2", "icmp6", "tcp[tcpflags] & tcp-syn != 0", "llc", "stp", "iso",
	"ip broadcast and not arp", "ip6 proto 17", "rarp", "igmp", "esp" };

static void
add_arithmetic(random_state *state, char *expression, unsigned int depth)
{
	static const char *const headers[] = { "ether", "ip", "ip6", "tcp", "udp", "arp", "icmp" };
	static const char *const operators[] = { "+", "-", "*", "/", "%", "&", "|", "^", "<<",
		">>" };

	switch (random_below(state, depth > 2 ? 3 : 6)) {
	case 0:
		append(expression, "%u", constant(state));
		break;
	case 1:
		append(expression, "len");
		break;
	case 2:
		append(expression, "%s[%u:%u]", ONE_OF(state, headers), random_below(state, 40),
				1u << random_below(state, 3));
		break;
	case 3:
		append(expression, "%s[", ONE_OF(state, headers));
		add_arithmetic(state, expression, depth + 1);
		append(expression, "]");
		break;
	default:
		append(expression, "(");
		add_arithmetic(state, expression, depth + 1);
		append(expression, " %s ", ONE_OF(state, operators));
		add_arithmetic(state, expression, depth + 1);
		append(expression, ")");
		break;
	}
}

static void
add_expression(random_state *state, char *expression, unsigned int depth)
{
	static const char *const relations[] = { "=", "!=", "<", "<=", ">", ">=" };
	static const char *const words[] = { "and", "or" };

	switch (random_below(state, depth > 4 ? 5 : 10)) {
	case 0 ... 2:
		append(expression, "%s", ONE_OF(state, primitives));
		break;
	case 3 ... 4:
		add_arithmetic(state, expression, 0);
		append(expression, " %s ", ONE_OF(state, relations));
		add_arithmetic(state, expression, 1);
		break;
	case 5:
		append(expression, "not (");
		add_expression(state, expression, depth + 1);
		append(expression, ")");
		break;
	default:
		append(expression, "(");
		add_expression(state, expression, depth + 1);
		append(expression, " %s ", ONE_OF(state, words));
		add_expression(state, expression, depth + 1);
		append(expression, ")");
		break;
	}
}

void
expression_make(random_state *state, char expression[static EXPRESSION_MAX])
{
	expression[0] = '\0';
	add_expression(state, expression, 0);
}
