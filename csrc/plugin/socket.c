/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <time.h>
#include <stdio.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_log.h>

#include "../compat.h"
#include "../life.h"
#include "doors.h"
#include "log.h"
#include "place.h"
#include "refusal.h"
#include "request.h"

/*
 * The same commands, greeting and limits as telemetry's socket, for applications that have switched that off. One
 * thread serves all clients: commands run one at a time anyway. It never waits for a client.
 */

/* As many as telemetry has. */
#define MAX_CLIENTS 10

/* How soon the end of EAL is noticed, and its beginning. */
#define LOOK_MS 100

static struct place place;

static bool
send_text(int fd, const struct text *text)
{
	return send(fd, text->buffer, text->length, MSG_DONTWAIT | MSG_NOSIGNAL) ==
			(ssize_t)text->length;
}

/* Answers one request. Whether the client is still there. */
static bool
serve_client(int fd)
{
	char request[REQUEST_SIZE], answer[REQUEST_ANSWER_SIZE];
	struct text text = text_begin(answer, sizeof(answer));
	/* How long it is, whatever there is room for. */
	ssize_t length = recv(fd, request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (length <= 0)
		return length < 0 && (errno == EAGAIN || errno == EINTR);
	request_answer(request, length, &text);
	return send_text(fd, &text);
}

static bool
greet(int fd)
{
	char greeting[256];
	struct text text = text_begin(greeting, sizeof(greeting));

	text_append(&text, "{\"version\":\"%s\",\"pid\":%d,\"max_output_len\":%d}", rte_version(),
			getpid(), REQUEST_ANSWER_SIZE);
	return send_text(fd, &text);
}

/* Lets a client in; there is room for one. */
static void
let_in(int listening, struct pollfd *place_of_client)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	if (greet(fd))
		*place_of_client = (struct pollfd){ .fd = fd, .events = POLLIN };
	else
		close(fd);
}

/* Serves clients until EAL has ended. fds[0] is the listening socket; who waits beyond MAX_CLIENTS waits for a place. */
static void
serve_clients(int listening)
{
	struct pollfd fds[1 + MAX_CLIENTS];
	nfds_t nb = 1, i;

	fds[0] = (struct pollfd){ .fd = listening, .events = POLLIN };
	while (!life_is_over()) {
		fds[0].events = nb <= MAX_CLIENTS ? POLLIN : 0;
		if (poll(fds, nb, LOOK_MS) <= 0)
			continue;
		for (i = nb - 1; i > 0; i--) {
			if (fds[i].revents == 0 || serve_client(fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--nb];
		}
		if ((fds[0].revents & POLLIN) != 0) {
			fds[nb].fd = -1;
			let_in(listening, &fds[nb]);
			nb += fds[nb].fd >= 0;
		}
	}
	while (nb-- > 1)
		close(fds[nb].fd);
}

static uint32_t
serve(void *path)
{
	int listening;

	listening = place_bind(&place, path);
	if (listening < 0) {
		plugin_log(RTE_LOG_ERR, "%s", plugin_reason());
		return 0;
	}
	plugin_log(RTE_LOG_INFO, "mirrors can be controlled through %s", (const char *)path);
	serve_clients(listening);
	close(listening);
	place_remove(&place);
	return 0;
}

/* Waits for EAL, and then has a thread of EAL's kind serve, away from the cores that poll. */
static void *
wait_for_eal(void *path)
{
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000 };
	int rc;

	while (!life_has_begun())
		nanosleep(&moment, NULL);
	rc = mirror_thread_create("mirror-socket", serve, path);
	if (rc != 0)
		plugin_log(RTE_LOG_ERR, "cannot start the thread that serves %s: %s",
				(const char *)path, strerror(-rc));
	return NULL;
}

bool
socket_open(void)
{
	const char *set = secure_getenv("DPDK_MIRROR_SOCKET");
	sigset_t all, before;
	pthread_t thread;
	char *path;

	if (set == NULL || set[0] == '\0')
		return false;
	path = strdup(set);
	/* Signals are for the application's threads. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (path == NULL || pthread_create(&thread, NULL, wait_for_eal, path) != 0)
		plugin_log(RTE_LOG_ERR, "cannot start the thread that waits for EAL");
	else
		pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return true;
}

void
socket_close(void)
{
	place_remove(&place);
}
