/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 *
 * A process with a thread like EAL's for interrupts, which sleeps in epoll_wait() with known values in all registers and
 * looks at them when it wakes. Commands come through stdin, a letter each; answers are lines.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NB_GENERAL 10
#define NB_VECTORS 32
#define NB_MASKS   8

/* The layout is known to the code below. */
struct registers {
	uint64_t general[NB_GENERAL]; /* rbx rbp r12 r13 r14 r15 r8 r9 r10 rdx */
	uint32_t mxcsr;
	uint16_t x87_control;
	uint16_t padding;
	uint64_t flags;
	uint8_t vectors[NB_VECTORS][64];
	uint64_t masks[NB_MASKS];
};

/* Whether there are all of them; else half of the vectors, and half of each. */
static int has_avx512;

#define HALF "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15"
#define ALL  HALF ",16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31"

/* long wait_with(const struct registers *before, struct registers *after, int epoll, struct epoll_event *one); */
__asm__(".text\n"
	".globl wait_with\n"
	".type wait_with, @function\n"
	"wait_with:\n"
	"	push %rbx\n	push %rbp\n	push %r12\n	push %r13\n	push %r14\n	push %r15\n"
	"	push %rsi\n"
	"	mov %rdi, %rax\n"
	"	mov %edx, %edi\n"
	"	mov %rcx, %rsi\n"
	"	ldmxcsr 80(%rax)\n"
	"	fldcw 84(%rax)\n"
	"	cmpl $0, has_avx512(%rip)\n"
	"	jne 1f\n"
	"	.irp n," HALF "\n	vmovdqu 96+64*\\n(%rax), %ymm\\n\n	.endr\n"
	"	jmp 2f\n"
	"1:	.irp n," ALL "\n	vmovdqu64 96+64*\\n(%rax), %zmm\\n\n	.endr\n"
	"	.irp n,0,1,2,3,4,5,6,7\n	kmovq 2144+8*\\n(%rax), %k\\n\n	.endr\n"
	"2:\n"
	"	mov (%rax), %rbx\n	mov 8(%rax), %rbp\n	mov 16(%rax), %r12\n"
	"	mov 24(%rax), %r13\n	mov 32(%rax), %r14\n	mov 40(%rax), %r15\n"
	"	mov 48(%rax), %r8\n	mov 56(%rax), %r9\n	mov 64(%rax), %r10\n"
	"	mov 72(%rax), %rdx\n"
	"	mov $232, %eax\n" /* epoll_wait */
	"	stc\n"
	"	syscall\n"
	"	mov (%rsp), %rcx\n"
	"	pushf\n	pop %r11\n	mov %r11, 88(%rcx)\n"
	"	mov %rbx, (%rcx)\n	mov %rbp, 8(%rcx)\n	mov %r12, 16(%rcx)\n"
	"	mov %r13, 24(%rcx)\n	mov %r14, 32(%rcx)\n	mov %r15, 40(%rcx)\n"
	"	mov %r8, 48(%rcx)\n	mov %r9, 56(%rcx)\n	mov %r10, 64(%rcx)\n"
	"	mov %rdx, 72(%rcx)\n"
	"	stmxcsr 80(%rcx)\n"
	"	fnstcw 84(%rcx)\n"
	"	cmpl $0, has_avx512(%rip)\n"
	"	jne 1f\n"
	"	.irp n," HALF "\n	vmovdqu %ymm\\n, 96+64*\\n(%rcx)\n	.endr\n"
	"	jmp 2f\n"
	"1:	.irp n," ALL "\n	vmovdqu64 %zmm\\n, 96+64*\\n(%rcx)\n	.endr\n"
	"	.irp n,0,1,2,3,4,5,6,7\n	kmovq %k\\n, 2144+8*\\n(%rcx)\n	.endr\n"
	"2:\n"
	"	vzeroupper\n"
	"	pop %rsi\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbp\n	pop %rbx\n"
	"	ret\n");

long wait_with(const struct registers *before, struct registers *after, int epoll,
		struct epoll_event *one);

static int wake, epoll;
static volatile int is_inside, nb_calls, nb_handled, nb_handled_inside;
static volatile int must_spin;
static struct registers expected;

/* What others make the thread call. Leaves no register that it may use as it was, and most of those that it may not. */
void
clobber(void)
{
	static const uint32_t mxcsr = 0x1f80 | 0x6000;
	static const uint16_t control = 0x0c7f;

	is_inside = 1;
	usleep(1000);
	__asm__ volatile("ldmxcsr %0\n fldcw %1\n vpcmpeqd %%ymm0, %%ymm0, %%ymm0\n"
			 "vmovdqa %%ymm0, %%ymm7\n vmovdqa %%ymm0, %%ymm15\n"
			 "mov $-1, %%r8\n mov $-1, %%r9\n mov $-1, %%r10\n clc"
			:
			: "m"(mxcsr), "m"(control)
			: "xmm0", "xmm7", "xmm15", "r8", "r9", "r10", "memory");
	if (has_avx512)
		__asm__ volatile(
				"vpternlogd $255, %zmm1, %zmm1, %zmm1\n vmovdqa64 %zmm1, %zmm16\n"
				"vmovdqa64 %zmm1, %zmm31\n kxnorq %k1, %k1, %k1\n kmovq %k1, %k7\n");
	nb_calls++;
	is_inside = 0;
}

/* Long enough for much to happen. */
void
linger(void)
{
	is_inside = 1;
	usleep(300000);
	nb_calls++;
	is_inside = 0;
}

/* Its arguments, for who asks. */
static char text[256];
static long numbers[2];

void
note(const char *word, long second, long third)
{
	snprintf(text, sizeof(text), "%s", word);
	numbers[0] = second;
	numbers[1] = third;
	nb_calls++;
}

const char *
tell(void)
{
	return text;
}

/* Whether calls find the stack as they must: movaps would crash. */
void
align(void)
{
	char room[16] __attribute__((aligned(16)));

	__asm__ volatile("movaps %%xmm0, %0" : "=m"(room) : : "memory");
	nb_calls++;
}

static void
on_signal(int number)
{
	(void)number;
	nb_handled++;
	nb_handled_inside += is_inside;
}

static int
is_same(const struct registers *after, const sigset_t *mask, const stack_t *stack)
{
	sigset_t mask_now;
	stack_t stack_now;

	pthread_sigmask(SIG_BLOCK, NULL, &mask_now);
	sigaltstack(NULL, &stack_now);
	return memcmp(after, &expected, offsetof(struct registers, padding)) == 0 &&
			memcmp(after->vectors, expected.vectors, sizeof(expected.vectors)) == 0 &&
			memcmp(after->masks, expected.masks, sizeof(expected.masks)) == 0 &&
			(after->flags & 0x401) == 1 && /* carry, as it was set, and no direction */
			memcmp(&mask_now, mask, sizeof(mask_now)) == 0 &&
			stack_now.ss_sp == stack->ss_sp && stack_now.ss_size == stack->ss_size &&
			stack_now.ss_flags == stack->ss_flags;
}

static void *
sleep_and_look(void *arg)
{
	static char alternative[1 << 16];
	stack_t stack = { .ss_sp = alternative, .ss_size = sizeof(alternative) };
	struct registers after;
	struct epoll_event one;
	sigset_t mask;
	uint64_t count;
	long rc;

	(void)arg;
	sigaltstack(&stack, NULL);
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR2);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	for (;;) {
		while (must_spin)
			;
		memset(&after, 0, sizeof(after));
		rc = wait_with(&expected, &after, epoll, &one);
		if (rc == -EINTR)
			continue;
		if (rc != 1 || read(wake, &count, sizeof(count)) != sizeof(count))
			printf("waited: %ld\n", rc);
		else
			printf("%s\n", is_same(&after, &mask, &stack) ? "same" : "different");
		fflush(stdout);
	}
	return NULL;
}

static void
start_thread(size_t stack_size)
{
	pthread_attr_t attributes;
	pthread_t thread;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, stack_size);
	if (pthread_create(&thread, &attributes, sleep_and_look, NULL) != 0)
		abort();
	pthread_setname_np(thread, "eal-intr-thread");
}

static void
expect(void)
{
	unsigned int i;

	for (i = 0; i < NB_GENERAL; i++)
		expected.general[i] = UINT64_C(0x1111111111111111) * (i + 1);
	expected.general[8] = (uint64_t)-1; /* r10: its timeout */
	expected.general[9] = 1;            /* rdx: one event */
	expected.mxcsr = 0x1f80 | 0x2000;   /* rounds down */
	expected.x87_control = 0x077f;
	has_avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
	for (i = 0; i < (has_avx512 ? NB_VECTORS : NB_VECTORS / 2); i++)
		memset(expected.vectors[i], 0xa0 + i, has_avx512 ? 64 : 32);
	for (i = 0; i < (has_avx512 ? NB_MASKS : 0); i++)
		expected.masks[i] = UINT64_C(0x0102030405060708) * (i + 1);
}

static void *
load(void *path)
{
	if (dlopen(path, RTLD_NOW) == NULL)
		abort();
	return NULL;
}

/* Arguments: the size of the thread's stack, a library that another thread is to load at `l`. */
int
main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct epoll_event event = { .events = EPOLLIN };
	const uint64_t one = 1;
	pthread_t loading;
	int letter;

	sigaction(SIGUSR1, &action, NULL);
	expect();
	wake = eventfd(0, 0);
	epoll = epoll_create1(0);
	epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event);
	start_thread(argc > 1 ? (size_t)atol(argv[1]) : 1 << 20);
	puts("ready");
	fflush(stdout);
	while ((letter = getchar()) != EOF) {
		if (letter == 'w' && write(wake, &one, sizeof(one)) != sizeof(one))
			return 1;
		if (letter == 'c')
			printf("%d %d %d %ld %ld %s\n", nb_calls, nb_handled, nb_handled_inside,
					numbers[0], numbers[1], text);
		if ((letter == 'x' && close(epoll) == 0) ||
				(letter == 'y' && dup2(wake, epoll) == epoll))
			puts("closed");
		if (letter == 'l' && pthread_create(&loading, NULL, load, argv[2]) != 0)
			return 1;
		must_spin = letter == 's' ? 1 : letter == 'r' ? 0 : must_spin;
		fflush(stdout);
	}
	return 0;
}
