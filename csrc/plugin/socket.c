/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
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
#include "rte_mirror.h"
#include "status.h"

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
answer_client(int fd, const struct peer *peer)
{
	char request[REQUEST_SIZE], answer[REQUEST_ANSWER_SIZE];
	struct text text = mirror_text_begin(answer, sizeof(answer));
	/* How long it is, whatever there is room for. */
	ssize_t length = recv(fd, request, sizeof(request), MSG_DONTWAIT | MSG_TRUNC);

	if (length <= 0)
		return length < 0 && (errno == EAGAIN || errno == EINTR);
	mirror_request_answer(request, length, peer, &text);
	return send_text(fd, &text);
}

/* Who has connected. */
static struct peer
find_peer(int fd)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof(who);
	const bool is_known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;

	return (struct peer){ .is_known = is_known, .uid = who.uid, .pid = (uint32_t)who.pid };
}

static uint32_t
serve_client(void *arg)
{
	const int fd = (int)(intptr_t)arg;
	const struct peer peer = find_peer(fd);

	while (!mirror_eal_is_over()) {
		if (wait_for(fd) && !answer_client(fd, &peer))
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

/* What asked for a socket, and where. */
struct wish {
	const char *path; /* the end of the text */
	char text[];
};

/* The listening socket, or -1. */
static int
listen_at(const struct wish *wish)
{
	/* Without the lock: it waits for others who are after the same path. */
	int fd = mirror_socket_path_bind(&own_path, wish->path, wish->text, SOCK_SEQPACKET);

	if (fd < 0) {
		mirror_plugin_log(RTE_LOG_ERR, "%s", mirror_plugin_reason());
		mirror_status_tell(MIRROR_SOCKET_REFUSED, mirror_plugin_reason());
		return -1;
	}
	mirror_own_fds_lock();
	mirror_own_fds_add(fd);
	mirror_own_fds_unlock();
	mirror_plugin_log(RTE_LOG_INFO, "mirrors can be controlled through %s", wish->path);
	mirror_status_tell(MIRROR_SOCKET_LISTENS, NULL);
	return fd;
}

static uint32_t
serve(void *arg)
{
	struct wish *wish = arg;
	int listening = -1;

	if (mirror_eal_enter()) {
		listening = listen_at(wish);
		mirror_eal_leave();
	}
	free(wish);
	if (listening < 0)
		return 0;
	serve_clients(listening);
	mirror_socket_path_remove(&own_path);
	mirror_status_tell(MIRROR_SOCKET_CLOSED, NULL);
	return 0;
}

/* A thread of EAL's kind serves, away from the cores that poll. */
static void
start_serving(void *arg)
{
	struct wish *wish = arg;
	int rc = mirror_thread_create("mirror-socket", serve, wish);

	if (rc == 0)
		return;
	mirror_plugin_log(RTE_LOG_ERR, "cannot start the thread that serves %s: %s", wish->path,
			strerror(-rc));
	mirror_status_tell(MIRROR_SOCKET_REFUSED, strerror(-rc));
	free(wish);
}

/* Has the path served once EAL is up: 0 or a negative errno. */
static int
wish_for(const char *who, const char *path)
{
	const size_t size = strlen(who) + strlen(path) + 1;
	struct wish *wish = malloc(sizeof(*wish) + size);

	if (!mirror_status_ask(path)) {
		free(wish);
		return -EALREADY;
	}
	if (wish != NULL) {
		snprintf(wish->text, size, "%s%s", who, path);
		wish->path = wish->text + strlen(who);
		if (mirror_eal_wait(start_serving, wish))
			return 0;
		free(wish);
	}
	mirror_plugin_log(RTE_LOG_ERR, "cannot start the thread that waits for EAL");
	mirror_status_tell(MIRROR_SOCKET_REFUSED, strerror(ENOMEM));
	return -ENOMEM;
}

bool
mirror_socket_open(void)
{
	const char *set = secure_getenv("DPDK_MIRROR_SOCKET");

	if (set == NULL || set[0] == '\0')
		return false;
	wish_for("DPDK_MIRROR_SOCKET=", set);
	return true;
}

int
rte_mirror_socket_open(const char *path)
{
	if (path == NULL)
		return -EINVAL;
	if (rte_mirror_list(NULL, 0) < 0)
		return -ENOTSUP;
	return wish_for("socket ", path);
}

void
mirror_socket_close(void)
{
	mirror_socket_path_remove(&own_path);
}
