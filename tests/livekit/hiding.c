/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A program that has what a library refers to, and exports none of it. It loads the library whose path it reads, and
 * says what that has found, in this thread and in another.
 */

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

int rte_eal_init(void);
int rte_hidden_function(int number);

/* So that the one that is looked for is not the first. */
static __thread char first[100] __attribute__((aligned(64)));
__thread int per_lcore__hidden = 7;
char rte_eth_fp_ops[256] = "table";
static void (*look)(void);

int
rte_eal_init(void)
{
	return 0;
}

int
rte_hidden_function(int number)
{
	return number + per_lcore__hidden;
}

static void *
run(void *arg)
{
	per_lcore__hidden += *(int *)arg + first[0];
	look();
	return NULL;
}

int
main(void)
{
	int here = 100, there = 200;
	char path[4096];
	pthread_t thread;
	void *library;

	puts("ready");
	fflush(stdout);
	if (fgets(path, sizeof(path), stdin) == NULL)
		return 1;
	path[strcspn(path, "\n")] = '\0';
	library = dlopen(path, RTLD_NOW);
	if (library == NULL) {
		puts(dlerror());
		return 1;
	}
	look = (void (*)(void))dlsym(library, "look");
	run(&here);
	if (pthread_create(&thread, NULL, run, &there) != 0 || pthread_join(thread, NULL) != 0)
		return 1;
	printf("rte_hidden_function is %s\n",
			dlsym(RTLD_DEFAULT, "rte_hidden_function") != NULL ? "there" : "hidden");
	return 0;
}
