/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../c/harness.h"
#include "singlestep.h"

static void
run_traced(bool *is_inside, void (*run)(void *arg), void *arg)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		test_fail(__FILE__, __LINE__, "ptrace: %s", strerror(errno));
	/* The first time, the dynamic linker looks for the functions that it calls. */
	run(arg);
	raise(SIGSTOP);
	__atomic_store_n(is_inside, true, __ATOMIC_RELAXED);
	run(arg);
	__atomic_store_n(is_inside, false, __ATOMIC_RELAXED);
	_exit(0);
}

/* Waits until the child stops for this signal. */
static void
wait_for(pid_t child, int signal)
{
	int status;

	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFSTOPPED(status));
	CHECK_EQ(WSTOPSIG(status), signal);
}

/* Where the child is. A repeated instruction traps after each time, and stays where it is. */
static uint64_t
position(pid_t child)
{
#ifdef __x86_64__
	errno = 0;
	const long rip = ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rip), NULL);

	CHECK_EQ(errno, 0);
	return (uint64_t)rip;
#else
	static uint64_t nb_steps;

	(void)child;
	return ++nb_steps;
#endif
}

static uint64_t
step_through(pid_t child, const bool *is_inside)
{
	uint64_t nb = 0, here, before = position(child);
	bool was_inside = false;

	while (!was_inside || __atomic_load_n(is_inside, __ATOMIC_RELAXED)) {
		was_inside = __atomic_load_n(is_inside, __ATOMIC_RELAXED);
		CHECK_EQ(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), 0);
		wait_for(child, SIGTRAP);
		here = position(child);
		if (was_inside && here != before)
			nb++;
		before = here;
	}
	return nb;
}

uint64_t
singlestep_count(void (*run)(void *arg), void *arg)
{
	bool *is_inside = mmap(NULL, sizeof(*is_inside), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t nb;
	pid_t child;
	int status;

	CHECK(is_inside != MAP_FAILED);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		run_traced(is_inside, run, arg);
	wait_for(child, SIGSTOP);
	/* Should a check fail here, the child is not left behind. */
	CHECK_EQ(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_EXITKILL), 0);
	nb = step_through(child, is_inside);
	CHECK_EQ(ptrace(PTRACE_CONT, child, NULL, NULL), 0);
	CHECK_EQ(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	munmap(is_inside, sizeof(*is_inside));
	return nb;
}
