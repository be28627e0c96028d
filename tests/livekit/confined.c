/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 *
 * In the place of the C library's epoll_wait(): EAL's thread for interrupts, and no other, lives under a seccomp filter that kills
 * the process for listen() with descriptor 3, which EAL does not do; or, where CONFINED_TO has numbers of system calls, for all
 * others.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_NUMBERS 128

static void
set_filter(struct sock_filter *code, unsigned short len)
{
	const struct sock_fprog program = { .len = len, .filter = code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		abort();
}

static void
confine_to(char *numbers)
{
	struct sock_filter code[2 * MAX_NUMBERS + 2] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	};
	unsigned short len = 1;
	char *at = NULL, *each;

	for (each = strtok_r(numbers, ",", &at); each != NULL; each = strtok_r(NULL, ",", &at)) {
		if (len > 2 * MAX_NUMBERS)
			abort();
		code[len++] = (struct sock_filter)BPF_JUMP(
				BPF_JMP | BPF_JEQ | BPF_K, (unsigned int)atoi(each), 0, 1);
		code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	set_filter(code, len);
}

static void
confine(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_listen, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	char *numbers = getenv("CONFINED_TO");

	if (numbers != NULL)
		confine_to(numbers);
	else
		set_filter(code, sizeof(code) / sizeof(code[0]));
}

/* A thread has the program's name until who has started it gives it another. */
static void
await_name(char name[16])
{
	int tries;

	for (tries = 0; tries < 5000; tries++) {
		pthread_getname_np(pthread_self(), name, 16);
		if (gettid() == getpid() || strcmp(name, program_invocation_short_name) != 0)
			return;
		usleep(1000);
	}
}

int
epoll_wait(int epoll, struct epoll_event *events, int max, int timeout)
{
	static __thread int is_confined;
	char name[16] = "";

	await_name(name);
	if (!is_confined &&
			(strcmp(name, "eal-intr-thread") == 0 || strcmp(name, "dpdk-intr") == 0)) {
		confine();
		is_confined = 1;
	}
	return syscall(SYS_epoll_wait, epoll, events, max, timeout);
}
