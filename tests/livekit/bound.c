/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* A library that refers to what hiding.c has, as librte_mirror does to DPDK. */

#include <stdint.h>
#include <stdio.h>

int rte_hidden_function(int number) __attribute__((weak));
int rte_tel_function(void) __attribute__((weak));
extern __thread int per_lcore__hidden __attribute__((weak));
extern char rte_eth_fp_ops[] __attribute__((weak));

void look(void);

struct {
	uint32_t size, is_bound, fp_ops_size;
} rte_mirror_binding = { 12, 0, FP_OPS_SIZE };

static int (*const volatile pointer)(int) = rte_hidden_function;

void
look(void)
{
	printf("%u %d %d %d %s %d\n", rte_mirror_binding.is_bound, per_lcore__hidden,
			rte_hidden_function(1), pointer(2), rte_eth_fp_ops,
			rte_tel_function != NULL);
}
