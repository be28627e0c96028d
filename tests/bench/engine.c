/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine.h"

static bool interpreted;

void
engine_interpret(bool interpret)
{
	interpreted = interpret;
}

ssize_t
pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
	if (!interpreted)
		return syscall(SYS_pwrite64, fd, bytes, length, offset);
	errno = EPERM;
	return -1;
}
