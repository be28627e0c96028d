/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * Programs and packets of any make, in child processes: what a generator of code does wrong may end a process.
 *
 * test_filter [PAIRS [SEED]]
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "differ.h"

/** Packets and programs of a child, each with each. */
#define NB_PACKETS  40
#define NB_PROGRAMS 250

static struct packet packets[NB_PACKETS];

static void
show(const struct bpf_insn *insns, size_t nb)
{
	size_t i;

	for (i = 0; i < nb; i++)
		fprintf(stderr, "{ 0x%x, %u, %u, 0x%08x },\n", insns[i].code, insns[i].jt,
				insns[i].jf, insns[i].k);
}

static void
fail(const struct bpf_insn *insns, size_t nb, const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	show(insns, nb);
	exit(1);
}

static void
compare(const struct bpf_insn *insns, size_t nb, const char *what)
{
	struct rte_mirror_filter *filter = mirror_filter_make(insns, nb);
	const char *wrong;
	unsigned int i;

	if (filter == NULL || filter->code == NULL)
		fail(insns, nb, what, "no code");
	for (i = 0; i < NB_PACKETS; i++) {
		wrong = differ(filter, &packets[i]);
		if (wrong != NULL)
			fail(insns, nb, what, wrong);
	}
	/* An emulator that keeps what it has made of code does not see that another is there. */
	if (WITH_DPDK)
		mirror_filter_leave(filter);
}

static void
compare_program(random_state *state)
{
	struct bpf_insn insns[PROGRAM_MAX];
	const size_t nb = program_make(state, insns);

	if (mirror_filter_refusal(insns, nb) != NULL)
		fail(insns, nb, "a program is refused", mirror_filter_refusal(insns, nb));
	compare(insns, nb, "a program");
}

#if WITH_DPDK
/* Whether it has come to a program that can be a filter. */
static bool
compare_expression(random_state *state)
{
	char expression[EXPRESSION_MAX];
	struct bpf_program program;
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);
	bool is_made;

	expression_make(state, expression);
	is_made = pcap_compile(pcap, &program, expression, random_below(state, 2),
				  PCAP_NETMASK_UNKNOWN) == 0;
	if (is_made) {
		/* Offsets may be the kernel's by accident. */
		is_made = mirror_filter_refusal(program.bf_insns, program.bf_len) == NULL;
		if (is_made)
			compare(program.bf_insns, program.bf_len, expression);
		pcap_freecode(&program);
	}
	pcap_close(pcap);
	return is_made;
}
#else
static bool
compare_expression(random_state *state)
{
	compare_program(state);
	return true;
}
#endif

static void
run(uint64_t seed)
{
	random_state state = seed * 2 + 1;
	unsigned int i, nb_made = 0;

	for (i = 0; i < 16; i++)
		random_below(&state, 2);
	for (i = 0; i < NB_PACKETS; i++)
		packet_make(&state, &packets[i]);
	for (i = 0; i < NB_PROGRAMS; i++) {
		if (i % 2 == 0)
			compare_program(&state);
		else
			nb_made += compare_expression(&state);
	}
	/* Otherwise expressions are no test. */
	if (nb_made < NB_PROGRAMS / 8) {
		fprintf(stderr, "libpcap takes %u expressions\n", nb_made);
		exit(1);
	}
	exit(0);
}

static bool
passes(uint64_t seed)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0)
		run(seed);
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("fork");
		return false;
	}
	if (WIFSIGNALED(status))
		fprintf(stderr, "%s\n", strsignal(WTERMSIG(status)));
	if (status != 0)
		fprintf(stderr, "again: test_filter 1 %" PRIu64 "\n", seed);
	return status == 0;
}

int
main(int argc, char **argv)
{
	const uint64_t nb_pairs = argc > 1 ? strtoull(argv[1], NULL, 0) : 100000;
	const uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	uint64_t seed, nb_failed = 0;

	for (seed = first; (seed - first) * NB_PACKETS * NB_PROGRAMS < nb_pairs; seed++)
		nb_failed += !passes(seed);
	printf("%" PRIu64 " pairs, %" PRIu64 " of %" PRIu64 " children failed\n",
			(seed - first) * NB_PACKETS * NB_PROGRAMS, nb_failed, seed - first);
	return nb_failed != 0;
}
