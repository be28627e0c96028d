/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_malloc.h>

#include "life.h"

#define MAGIC UINT64_C(0x6d6972726f722e31)

/* In EAL's memory, which goes with EAL. */
static uint64_t *mark;

bool
life_has_begun(void)
{
	/* EAL takes the clock's frequency when its memory is there, and nothing else sets it. */
	return rte_get_tsc_hz() != 0;
}

void
life_mark(void)
{
	uint64_t *none = NULL, *made;

	if (__atomic_load_n(&mark, __ATOMIC_ACQUIRE) != NULL)
		return;
	made = rte_malloc("mirror_life", sizeof(*made), 0);
	if (made == NULL)
		return;
	*made = MAGIC;
	if (!__atomic_compare_exchange_n(
			    &mark, &none, made, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		rte_free(made);
}

bool
life_is_over(void)
{
	uint64_t found = 0, *where = __atomic_load_n(&mark, __ATOMIC_ACQUIRE);
	const struct iovec here = { &found, sizeof(found) }, there = { where, sizeof(found) };

	if (where == NULL)
		return false;
	/* The kernel looks, since it may not be there any more. Where it may not look, DPDK counts as up. */
	if (process_vm_readv(getpid(), &here, 1, &there, 1, 0) != (ssize_t)sizeof(found))
		return errno == EFAULT;
	return found != MAGIC;
}
