/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* A libFuzzer program: of any program that is a filter, and any packet, both engines say what the oracle does. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "differ.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INSNS_MAX 64

/* A number of instructions, these, then the packet. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct packet packet;
	struct bpf_insn insns[INSNS_MAX];
	struct rte_mirror_filter *filter;
	const char *wrong;
	size_t nb;

	if (size == 0)
		return 0;
	nb = data[0] % INSNS_MAX;
	data++;
	size--;
	if (size < nb * sizeof(insns[0]) || size - nb * sizeof(insns[0]) > PACKET_MAX)
		return 0;
	memcpy(insns, data, nb * sizeof(insns[0]));
	if (mirror_filter_refusal(insns, nb) != NULL)
		return 0;
	packet.length = size - nb * sizeof(insns[0]);
	memcpy(packet.bytes, data + nb * sizeof(insns[0]), packet.length);
	packet_cut(&packet);
	filter = mirror_filter_make(insns, nb);
	wrong = filter == NULL || filter->code == NULL ? "no code" : differ(filter, &packet);
	if (wrong != NULL) {
		fprintf(stderr, "%s\n", wrong);
		abort();
	}
	mirror_filter_leave(filter);
	packets_free();
	return 0;
}
