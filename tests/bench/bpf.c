/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_bpf.h>

#include "bed.h"
#include "bpf.h"

static bool interpreted;

/* Without a reference to it the linker would leave DPDK's librte_bpf out. */
__attribute__((used)) static const void *const linked = (const void *)(uintptr_t)rte_bpf_load;

void
bpf_interpret(bool interpret)
{
	interpreted = interpret;
}

int
rte_bpf_get_jit(const struct rte_bpf *bpf, struct rte_bpf_jit *jit)
{
	__typeof__(&rte_bpf_get_jit) get_jit;

	*(void **)&get_jit = dlsym(RTLD_NEXT, "rte_bpf_get_jit");
	ENSURE(get_jit != NULL);
	return interpreted ? -ENOTSUP : get_jit(bpf, jit);
}
