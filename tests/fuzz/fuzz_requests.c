/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

/*
 * A libFuzzer program: whatever comes as requests, one a line, is answered in JSON, with a DPDK that is up. Between two
 * inputs all that they have made goes again.
 *
 * Requests have files, sockets and interfaces made. So a thread of its own answers them, where there is nothing to spoil:
 * its root directory is an empty one, and it has a network namespace of its own.
 */

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "../../csrc/plugin/pairs.h"
#include "../../csrc/plugin/request.h"
#include "rte_mirror.h"

#define SKIPPED  77
#define NB_PORTS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	const char *input; /* NULL: none, or done with */
	size_t size;
	char root[64];
} work = { .mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };

static void
need(int is_true)
{
	if (!is_true)
		abort();
}

static void
skip(const char *why)
{
	fprintf(stderr, "skipped: %s\n", why);
	exit(SKIPPED);
}

/* Answers a request, of just its size, so that a look behind its end is seen. */
static void
answer(const char *request, size_t length, char answered[REQUEST_ANSWER_SIZE])
{
	struct text text = mirror_text_begin(answered, REQUEST_ANSWER_SIZE);
	const size_t there = length < REQUEST_SIZE ? length : REQUEST_SIZE;
	char *exact = malloc(there);
	size_t i;

	need(exact != NULL);
	memcpy(exact, request, there);
	mirror_request_answer(exact, length, NULL, &text);
	free(exact);
	need(!text.is_cut && text.length == strlen(answered));
	for (i = 0; i < text.length; i++)
		need(answered[i] >= ' ' && answered[i] <= '~');
	need(strncmp(answered, "{\"", 2) == 0 && answered[text.length - 1] == '}');
	/* Every refusal has a name. */
	need(strstr(answered, "\"error\":\"unknown\"") == NULL);
}

static void
ask(const char *request)
{
	char answered[REQUEST_ANSWER_SIZE];

	answer(request, strlen(request), answered);
}

/* Removes what a request made that begins so, if it stays. */
static void
remove_target(const char *add, const char *request, size_t length)
{
	char again[REQUEST_SIZE], removal[4 * REQUEST_SIZE];
	struct text text = mirror_text_begin(removal, sizeof(removal));
	struct pairs pairs;

	if (length >= sizeof(again) || length < strlen(add) ||
			memcmp(request, add, strlen(add)) != 0)
		return;
	memcpy(again, request, length);
	again[length] = '\0';
	if (mirror_pairs_read(&pairs, again + strlen(add)) != 0 ||
			mirror_pairs_take(&pairs, "to") == NULL)
		return;
	mirror_text_append(&text, "/mirror/target/remove,to=\"");
	mirror_text_append_escaped(&text, mirror_pairs_take(&pairs, "to"));
	mirror_text_append(&text, "\",force=yes");
	ask(removal);
}

static void
empty_root(void)
{
	DIR *root = opendir("/");
	const struct dirent *entry;

	need(root != NULL);
	while ((entry = readdir(root)) != NULL)
		(void)unlink(entry->d_name);
	closedir(root);
}

/* What is there when an input comes. */
static void
furnish(void)
{
	ask("/mirror/target/add,to=ring:kept");
	ask("/mirror/add,source=0,to=ring:kept,name=web");
}

static void
answer_lines(const char *input, size_t size)
{
	const char *end = input + size, *line, *next;
	char answered[REQUEST_ANSWER_SIZE];

	for (line = input; line < end; line = next + 1) {
		next = memchr(line, '\n', end - line);
		next = next != NULL ? next : end;
		if (next > line)
			answer(line, next - line, answered);
	}
	ask("/mirror/remove,all=yes");
	for (line = input; line < end; line = next + 1) {
		next = memchr(line, '\n', end - line);
		next = next != NULL ? next : end;
		remove_target("/mirror/add,", line, next - line);
		remove_target("/mirror/target/add,", line, next - line);
	}
	need(rte_mirror_list(NULL, 0) == 0);
	furnish();
	empty_root();
	need(rte_eth_dev_count_total() == NB_PORTS + 1);
}

static void *
answer_inputs(void *arg)
{
	(void)arg;
	need(unshare(CLONE_FS) == 0 && chroot(work.root) == 0 && chdir("/") == 0);
	furnish();
	pthread_mutex_lock(&work.mutex);
	for (;;) {
		while (work.input == NULL)
			pthread_cond_wait(&work.changed, &work.mutex);
		answer_lines(work.input, work.size);
		work.input = NULL;
		pthread_cond_broadcast(&work.changed);
	}
	return NULL;
}

static void
open_ports(void)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
			"packets", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	const struct rte_eth_conf conf = { 0 };
	uint16_t port;

	need(pool != NULL && rte_eth_dev_count_avail() == NB_PORTS);
	for (port = 0; port < NB_PORTS; port++) {
		need(rte_eth_dev_configure(port, 1, 1, &conf) == 0);
		need(rte_eth_rx_queue_setup(port, 0, 64, SOCKET_ID_ANY, NULL, pool) == 0);
		need(rte_eth_tx_queue_setup(port, 0, 64, SOCKET_ID_ANY, NULL) == 0);
		need(rte_eth_dev_start(port) == 0);
	}
}

/* The libraries that filters need are looked for once, and could not be found later, without the root directory. */
static void
find_libraries(void)
{
	char answered[REQUEST_ANSWER_SIZE];
	static const char add[] = "/mirror/add,source=0,to=port:1,force=yes,filter=ip";

	answer(add, strlen(add), answered);
	need(strstr(answered, "\"error\"") == NULL);
	ask("/mirror/remove,all=yes");
}

static int
remove_one(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	(void)status, (void)type, (void)ftw;
	return remove(path);
}

/* With the runtime directory that EAL had there. */
static void
remove_root(void)
{
	nftw(work.root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char *eal[] = { (*argv)[0], "--no-huge", "--no-shconf", "--no-telemetry", "-m", "256",
		"--no-pci", "-l", "0", "--log-level=8", "--log-level=*:1", "--vdev=net_null0",
		"--vdev=net_null1" };
	pthread_t thread;

	(void)argc;
	snprintf(work.root, sizeof(work.root), "/tmp/fuzz-requests-XXXXXX");
	if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0)
		skip("only root can have a root directory and a network namespace of its own");
	need(mkdtemp(work.root) != NULL && setenv("RUNTIME_DIRECTORY", work.root, 1) == 0);
	need(rte_eal_init(RTE_DIM(eal), eal) >= 0);
	open_ports();
	find_libraries();
	atexit(remove_root);
	need(pthread_create(&thread, NULL, answer_inputs, NULL) == 0);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pthread_mutex_lock(&work.mutex);
	work.input = (const char *)data;
	work.size = size;
	pthread_cond_broadcast(&work.changed);
	while (work.input != NULL)
		pthread_cond_wait(&work.changed, &work.mutex);
	pthread_mutex_unlock(&work.mutex);
	return 0;
}
