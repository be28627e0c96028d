/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_log.h>

#include "../eal_gate.h"
#include "../threads.h"
#include "commands.h"
#include "endpoints.h"
#include "log.h"
#include "own_fds.h"
#include "socket_path.h"
#include "refusal.h"
#include "request.h"

/*
 * The same commands, greeting and limits as telemetry's socket, for applications that have switched that off, and as
 * there a thread for each client: one that waits keeps nobody else waiting. None waits for its client.
 */

/* As many as telemetry has. */
#define MAX_CLIENTS 10

/* How soon the end of EAL is noticed; and how long what has failed is not tried again. */
#define LOOK_MS 100

static struct socket_path own_path;

/* With the lock of own_fds.h, which the listening socket and the clients are told to. */
static unsigned int nb_clients;

static bool
send_text(int fd, const struct text *text)
{
	return send(fd, text->buffer, text->length, MSG_DONTWAIT | MSG_NOSIGNAL) ==
			(ssize_t)text->length;
}

static void
hang_up(int fd)
{
	mirror_own_fds_lock();
	mirror_own_fds_remove(fd);
	close(fd);
	mirror_own_fds_unlock();
}

/* There is room for another before this one learns of its end. */
static void
end_client(int fd)
{
	mirror_own_fds_lock();
	nb_clients--;
	mirror_own_fds_unlock();
	hang_up(fd);
}

/* Waits for a file descriptor, but not for long: whether there is something to be read, or an error to be found. */
static bool
wait_for(int fd)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000 };

	if (poll(&one, 1, LOOK_MS) >= 0)
		return one.revents != 0;
	/* It wants no more of them than the process may have open, and there is no telling. */
	nanosleep(&moment, NULL);
	return true;
}

/* Answers one request. Whether the client is still there. */
static bool
answer_client(int fd)
{
	char request[REQUEST_SIZE], answer[REQUEST_ANSWER_SIZE];
	struct text text = mirror_text_begin(answer, sizeof(answer));
	/* How long it is, whatever there is room for. */
	ssize_t length = recv(fd, request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (length <= 0)
		return length < 0 && (errno == EAGAIN || errno == EINTR);
	mirror_request_answer(request, length, &text);
	return send_text(fd, &text);
}

static uint32_t
serve_client(void *arg)
{
	const int fd = (int)(intptr_t)arg;

	while (!mirror_eal_is_over()) {
		if (wait_for(fd) && !answer_client(fd))
			break;
	}
	end_client(fd);
	return 0;
}

static bool
greet(int fd)
{
	char greeting[256];
	struct text text = mirror_text_begin(greeting, sizeof(greeting));

	mirror_text_append(&text, "{\"version\":\"%s\",\"pid\":%d,\"max_output_len\":%d}",
			rte_version(), getpid(), REQUEST_ANSWER_SIZE);
	return send_text(fd, &text);
}

/* Tells a client that there is no room for it, and hangs up. */
static void
turn_away(int fd)
{
	char answer[512], rest;
	struct reply reply = mirror_reply_for_json(mirror_text_begin(answer, sizeof(answer)));

	mirror_plugin_refuse(EBUSY, "%d clients are served already: end one of them, or try again",
			MAX_CLIENTS);
	mirror_commands_refuse(&reply, EBUSY);
	if (mirror_reply_end_json(&reply) == 0)
		send_text(fd, &reply.text);
	/* If closed with a request unread, what the client had from us would be lost to it. */
	shutdown(fd, SHUT_RDWR);
	while (recv(fd, &rest, 1, MSG_DONTWAIT) > 0)
		;
	close(fd);
}

/* A client that has been let in: greeted, and served in a thread of its own. */
static void
begin_client(int fd)
{
	void *arg = (void *)(intptr_t)fd;

	if (!greet(fd) || mirror_thread_create("mirror-client", serve_client, arg) != 0)
		end_client(fd);
}

/* Lets a client in, if there is room for one. False: none can be let in just now. */
static bool
let_in(int listening)
{
	bool has_room;
	int fd;

	mirror_own_fds_lock();
	fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	has_room = nb_clients < MAX_CLIENTS;
	if (fd >= 0 && has_room) {
		mirror_own_fds_add(fd);
		nb_clients++;
	} else if (fd >= 0) {
		turn_away(fd);
	}
	mirror_own_fds_unlock();
	if (fd >= 0 && has_room)
		begin_client(fd);
	return fd >= 0;
}

/* Lets clients in until EAL has ended, or the application has closed the socket. */
static void
serve_clients(int listening)
{
	const struct timespec moment = { .tv_nsec = LOOK_MS * 1000000 };
	struct pollfd one = { .fd = listening, .events = POLLIN };

	while (!mirror_eal_is_over() && (one.revents & ~POLLIN) == 0) {
		/* With no file descriptor left it would be asked for again and again. */
		if (poll(&one, 1, LOOK_MS) != 0 && !let_in(listening))
			nanosleep(&moment, NULL);
	}
	hang_up(listening);
}

/* The listening socket, or -1. */
static int
listen_at(const char *path)
{
	char asked[PLUGIN_REASON_SIZE / 2];
	int fd;

	snprintf(asked, sizeof(asked), "DPDK_MIRROR_SOCKET=%s", path);
	/* Without the lock: it waits for others who are after the same path. */
	fd = mirror_socket_path_bind(&own_path, path, asked, SOCK_SEQPACKET);
	if (fd < 0) {
		mirror_plugin_log(RTE_LOG_ERR, "%s", mirror_plugin_reason());
		return -1;
	}
	mirror_own_fds_lock();
	mirror_own_fds_add(fd);
	mirror_own_fds_unlock();
	mirror_plugin_log(RTE_LOG_INFO, "mirrors can be controlled through %s", path);
	return fd;
}

static uint32_t
serve(void *path)
{
	int listening;

	if (!mirror_eal_enter())
		return 0;
	listening = listen_at(path);
	mirror_eal_leave();
	if (listening >= 0)
		serve_clients(listening);
	mirror_socket_path_remove(&own_path);
	return 0;
}

/* A thread of EAL's kind serves, away from the cores that poll. */
static void
start_serving(void *path)
{
	int rc = mirror_thread_create("mirror-socket", serve, path);

	if (rc != 0)
		mirror_plugin_log(RTE_LOG_ERR, "cannot start the thread that serves %s: %s",
				(const char *)path, strerror(-rc));
}

bool
mirror_socket_open(void)
{
	const char *set = secure_getenv("DPDK_MIRROR_SOCKET");
	char *path;

	if (set == NULL || set[0] == '\0')
		return false;
	path = strdup(set);
	if (path == NULL || !mirror_eal_wait(start_serving, path))
		mirror_plugin_log(RTE_LOG_ERR, "cannot start the thread that waits for EAL");
	return true;
}

void
mirror_socket_close(void)
{
	mirror_socket_path_remove(&own_path);
}
