/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FILTER_FILTER_H
#define MIRROR_FILTER_FILTER_H

/**
 * @file
 * Classic BPF over mbufs: what libpcap compiles an expression to, run by an interpreter or as machine code.
 *
 * A program is as in "The BSD Packet Filter" (McCanne and Jacobson, 1993): two registers, 16 words of memory, jumps that
 * lead forward only. It means what libpcap's bpf_filter() makes of it, and where that leaves it to the machine:
 *
 * - loads beyond the packet's end, and divisions by 0, end the program: the packet is not chosen
 * - shifts by 32 and more give 0
 * - memory that has not been written is 0
 *
 * Both engines decide the same of every packet. tests/filter holds them against each other and against libpcap.
 */

#include <stddef.h>
#include <stdint.h>

#include <pcap/pcap.h>
#include <rte_mbuf.h>

/** What a filter says of a packet. */
enum mirror_verdict {
	MIRROR_NOT_CHOSEN = 0,
	MIRROR_CHOSEN = 1,
	MIRROR_BROKEN = 2, /**< nothing: it has fewer bytes than its pkt_len says */
};

/**
 * A program as machine code: what it says of each packet, of which there is one at least. It is called once for many:
 * where several filters take turns at one indirect call, CPUs mispredict it packet by packet.
 */
typedef void (*mirror_filter_code)(
		const struct rte_mbuf *const *pkts, uint32_t nb_pkts, uint8_t *verdicts);

/** A checked program. Immutable but for its users. */
struct rte_mirror_filter {
	unsigned int nb_users;
	mirror_filter_code code; /**< NULL: it is interpreted */
	size_t code_length;      /**< bytes */
	uint32_t nb_insns;
	struct bpf_insn insns[];
};

/** The longest program that is taken. */
#define MIRROR_FILTER_INSNS_MAX 65536

/** Why a program cannot be a filter: a sentence's end; NULL: it can. */
const char *mirror_filter_refusal(const struct bpf_insn *insns, size_t nb_insns);

/**
 * Makes a filter of a program that mirror_filter_refusal() has nothing against, with machine code where this machine
 * has it and lets code be made. It has one user. NULL: out of memory.
 */
struct rte_mirror_filter *mirror_filter_make(const struct bpf_insn *insns, size_t nb_insns);

/** Takes a user more. */
struct rte_mirror_filter *mirror_filter_use(struct rte_mirror_filter *filter);
/** Takes a user away, and frees the filter after the last; then no poller runs it any more. NULL is none. */
void mirror_filter_leave(struct rte_mirror_filter *filter);

/** The reference: what generated code has to agree with, and goes on with where it cannot. */
enum mirror_verdict mirror_filter_interpret(
		const struct rte_mbuf *pkt, const struct rte_mirror_filter *filter);

/** What a filter says of each packet: an enum mirror_verdict. There is one at least. */
static inline void
mirror_filter_run(const struct rte_mirror_filter *filter, const struct rte_mbuf *const *pkts,
		uint32_t nb_pkts, uint8_t *verdicts)
{
	uint32_t i;

	if (filter->code != NULL) {
		filter->code(pkts, nb_pkts, verdicts);
		return;
	}
	for (i = 0; i < nb_pkts; i++)
		verdicts[i] = mirror_filter_interpret(pkts[i], filter);
}

#endif /* MIRROR_FILTER_FILTER_H */
