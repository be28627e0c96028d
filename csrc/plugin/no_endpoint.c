/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <rte_alarm.h>
#include <rte_ethdev.h>
#include <rte_log.h>

#include "../eal_gate.h"
#include "../started.h"
#include "endpoints.h"
#include "log.h"
#include "status.h"

/*
 * EAL takes telemetry's commands whether it starts telemetry or not, and tells nobody. So it is looked for, once EAL has
 * come up, by the thread that EAL has for alarms.
 */

#define LOOK_US 100000

/* After so many looks at which there was no new port EAL has come up. */
#define NB_LOOKS 50

/* Whether a file descriptor is telemetry's listening socket. */
static bool
is_telemetry(int fd)
{
	static const char name[] = "/dpdk_telemetry.v2";
	struct sockaddr_un address = { 0 };
	/* Leaves the last byte as it is. */
	socklen_t size = sizeof(address) - 1, int_size = sizeof(int);
	int is_listening = 0;

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &int_size) == 0 &&
			is_listening != 0 &&
			getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
			address.sun_family == AF_UNIX && strstr(address.sun_path, name) != NULL;
}

/* Whether telemetry's socket is among what the process has open; also if that cannot be seen. */
static bool
has_telemetry(void)
{
	DIR *open_files = opendir("/proc/thread-self/fd");
	const struct dirent *entry;
	bool is_found = open_files == NULL;

	while (!is_found && (entry = readdir(open_files)) != NULL)
		is_found = entry->d_name[0] != '.' && is_telemetry(atoi(entry->d_name));
	if (open_files != NULL)
		closedir(open_files);
	return is_found;
}

/* The application starts no port while EAL starts. */
static bool
is_any_port_started(uint16_t *nb_ports)
{
	bool is_any = false;
	uint16_t port;

	*nb_ports = 0;
	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (!rte_eth_dev_is_valid_port(port))
			continue;
		++*nb_ports;
		is_any |= mirror_ethdev_is_started(port);
	}
	return is_any;
}

/* Whether EAL has come up. */
static bool
has_come_up(void)
{
	static unsigned int nb_looks;
	static uint16_t nb_before;
	uint16_t nb_ports;

	if (is_any_port_started(&nb_ports))
		return true;
	nb_looks = nb_ports == nb_before ? nb_looks + 1 : 0;
	nb_before = nb_ports;
	return nb_looks > NB_LOOKS;
}

static void
look(void *arg)
{
	bool is_up;

	if (!mirror_eal_enter())
		return;
	/* First this: telemetry may come up, and EAL with it, just after it has not been found. */
	is_up = has_come_up();
	if (has_telemetry() || mirror_status_has_socket())
		; /* that is the endpoint */
	else if (!is_up)
		rte_eal_alarm_set(LOOK_US, look, arg);
	else
		mirror_plugin_log(RTE_LOG_WARNING,
				"loaded, but telemetry is off, so nothing can reach it: " ENDPOINTS_REMEDY);
	mirror_eal_leave();
}

static void
begin_to_look(void *arg)
{
	rte_eal_alarm_set(LOOK_US, look, arg);
}

void
mirror_no_endpoint_watch(void)
{
	/* A program that is linked to the library has its mirrors without an endpoint. */
	if (mirror_eal_is_starting())
		mirror_eal_wait(begin_to_look, NULL);
}
