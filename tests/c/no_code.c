/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/* In the place of the C library's: a machine that lets nobody make code, as SELinux and seccomp can. Filters are interpreted. */

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int memfd_create(const char *name, unsigned int flags);

int
memfd_create(const char *name, unsigned int flags)
{
	/* EAL has memory of its own from it. */
	if (strncmp(name, "librte_mirror", strlen("librte_mirror")) != 0)
		return syscall(SYS_memfd_create, name, flags);
	errno = EACCES;
	return -1;
}
