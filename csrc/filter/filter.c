/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "filter.h"

#if defined(__x86_64__) || defined(__aarch64__)
static void
add_code(struct rte_mirror_filter *filter)
{
	uint8_t *code;
	void *loaded;

	filter->code_length = mirror_code_generate(filter, &code);
	if (filter->code_length == 0)
		return;
	loaded = mirror_code_load(code, filter->code_length);
	free(code);
	memcpy(&filter->code, &loaded, sizeof(loaded));
}
#else
static void
add_code(struct rte_mirror_filter *filter)
{
	(void)filter;
}
#endif

struct rte_mirror_filter *
mirror_filter_make(const struct bpf_insn *insns, size_t nb_insns)
{
	struct rte_mirror_filter *filter = calloc(1, sizeof(*filter) + nb_insns * sizeof(insns[0]));

	if (filter == NULL)
		return NULL;
	filter->nb_users = 1;
	filter->nb_insns = nb_insns;
	memcpy(filter->insns, insns, nb_insns * sizeof(insns[0]));
	add_code(filter);
	return filter;
}

struct rte_mirror_filter *
mirror_filter_use(struct rte_mirror_filter *filter)
{
	__atomic_add_fetch(&filter->nb_users, 1, __ATOMIC_RELAXED);
	return filter;
}

void
mirror_filter_leave(struct rte_mirror_filter *filter)
{
	if (filter == NULL || __atomic_sub_fetch(&filter->nb_users, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	if (filter->code != NULL)
		mirror_code_unload((void *)(uintptr_t)filter->code, filter->code_length);
	free(filter);
}
