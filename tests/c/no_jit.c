/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* In the place of librte_bpf's: a machine that it has no compiler for. */

#include <errno.h>
#include <stdint.h>

#include <rte_bpf.h>

int
rte_bpf_get_jit(const struct rte_bpf *bpf, struct rte_bpf_jit *jit)
{
	(void)bpf;
	(void)jit;
	return -ENOTSUP;
}
