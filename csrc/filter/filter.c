/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdlib.h>
#include <string.h>

#include "code.h"
#include "filter.h"

#if defined(__x86_64__) || defined(__aarch64__)
static void
add_code(struct mirror_filter *filter)
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
add_code(struct mirror_filter *filter)
{
	(void)filter;
}
#endif

struct mirror_filter *
mirror_filter_make(const struct bpf_insn *insns, size_t nb_insns)
{
	struct mirror_filter *filter = calloc(1, sizeof(*filter) + nb_insns * sizeof(insns[0]));

	if (filter == NULL)
		return NULL;
	filter->nb_insns = nb_insns;
	memcpy(filter->insns, insns, nb_insns * sizeof(insns[0]));
	add_code(filter);
	return filter;
}

void
mirror_filter_free(struct mirror_filter *filter)
{
	if (filter != NULL && filter->code != NULL)
		mirror_code_unload((void *)(uintptr_t)filter->code, filter->code_length);
	free(filter);
}
