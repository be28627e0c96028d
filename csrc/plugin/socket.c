/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_log.h>

#include "../compat.h"
#include "../life.h"
#include "commands.h"
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

/* How soon the end of EAL is noticed; and how long what has failed is not tried again. */
#define LOOK_MS 100

static struct place place;

/*
 * The first is the listening socket, the others are clients. The mutex is held while they are opened and closed: fork()
 * copies them when it is not, and the child closes its copies. Else clients would not notice the parent hang up, nor
 * a parent's successor its end.
 */
static struct pollfd fds[1 + MAX_CLIENTS];
static nfds_t nb_fds;
static pthread_mutex_t fds_mutex = PTHREAD_MUTEX_INITIALIZER;

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

/* Tells a client that there is no room for it, and hangs up. */
static void
turn_away(int fd)
{
	char answer[512], rest;
	struct reply reply = reply_for_json(text_begin(answer, sizeof(answer)));

	plugin_refuse(EBUSY, "%d clients are served already: end one of them, or try again",
			MAX_CLIENTS);
	commands_refuse(&reply, EBUSY);
	if (reply_end_json(&reply) == 0)
		send_text(fd, &reply.text);
	/* If closed with a request unread, what the client had from us would be lost to it. */
	shutdown(fd, SHUT_RDWR);
	while (recv(fd, &rest, 1, MSG_DONTWAIT) > 0)
		;
	close(fd);
}

/* Lets a client in, if there is room for one. False: none can be let in just now. */
static bool
let_in(void)
{
	int fd;

	pthread_mutex_lock(&fds_mutex);
	fd = accept4(fds[0].fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0 && nb_fds > MAX_CLIENTS)
		turn_away(fd);
	else if (fd >= 0 && !greet(fd))
		close(fd);
	else if (fd >= 0)
		fds[nb_fds++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	pthread_mutex_unlock(&fds_mutex);
	return fd >= 0;
}

static void
hang_up(nfds_t i)
{
	pthread_mutex_lock(&fds_mutex);
	close(fds[i].fd);
	fds[i] = fds[--nb_fds];
	pthread_mutex_unlock(&fds_mutex);
}

static uint64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Waits for somebody to serve; for clients that are new not before a time. */
static void
wait_for_clients(uint64_t not_before_ms)
{
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000 };
	nfds_t i;

	fds[0].events = now_ms() >= not_before_ms ? POLLIN : 0;
	if (poll(fds, nb_fds, LOOK_MS) >= 0)
		return;
	/* It wants no more of them than the process may have open: then each is asked. */
	nanosleep(&moment, NULL);
	for (i = 0; i < nb_fds; i++)
		fds[i].revents = POLLIN;
}

/* Serves clients until EAL has ended, or the application has closed the socket. */
static void
serve_clients(void)
{
	uint64_t not_before_ms = 0;
	nfds_t i;

	while (!life_is_over()) {
		wait_for_clients(not_before_ms);
		if ((fds[0].revents & ~POLLIN) != 0)
			break;
		for (i = nb_fds - 1; i > 0; i--) {
			if (fds[i].revents != 0 && !serve_client(fds[i].fd))
				hang_up(i);
		}
		/* With no file descriptor left it would be asked for again and again. */
		if (fds[0].revents != 0 && !let_in())
			not_before_ms = now_ms() + LOOK_MS;
	}
	while (nb_fds > 0)
		hang_up(nb_fds - 1);
}

static bool
listen_at(const char *path)
{
	/* Without the mutex: it waits for others who are after the same place. */
	int fd = place_bind(&place, path);

	if (fd < 0) {
		plugin_log(RTE_LOG_ERR, "%s", plugin_reason());
		return false;
	}
	pthread_mutex_lock(&fds_mutex);
	fds[nb_fds++] = (struct pollfd){ .fd = fd };
	pthread_mutex_unlock(&fds_mutex);
	plugin_log(RTE_LOG_INFO, "mirrors can be controlled through %s", path);
	return true;
}

static uint32_t
serve(void *path)
{
	bool is_listening;

	if (!life_enter())
		return 0;
	is_listening = listen_at(path);
	life_leave();
	if (is_listening)
		serve_clients();
	place_remove(&place);
	return 0;
}

static void
before_fork(void)
{
	pthread_mutex_lock(&fds_mutex);
}

static void
after_fork(void)
{
	pthread_mutex_unlock(&fds_mutex);
}

static void
in_child(void)
{
	while (nb_fds > 0)
		close(fds[--nb_fds].fd);
	after_fork();
}

/* A thread of EAL's kind serves, away from the cores that poll. */
static void
start_serving(void *path)
{
	int rc = mirror_thread_create("mirror-socket", serve, path);

	if (rc != 0)
		plugin_log(RTE_LOG_ERR, "cannot start the thread that serves %s: %s",
				(const char *)path, strerror(-rc));
}

bool
socket_open(void)
{
	const char *set = secure_getenv("DPDK_MIRROR_SOCKET");
	char *path;

	if (set == NULL || set[0] == '\0')
		return false;
	path = strdup(set);
	pthread_atfork(before_fork, after_fork, in_child);
	if (path == NULL || !doors_wait(start_serving, path))
		plugin_log(RTE_LOG_ERR, "cannot start the thread that waits for EAL");
	return true;
}

void
socket_close(void)
{
	place_remove(&place);
}
