/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "interfaces.h"
#include "ports.h"

/* The interface that a descriptor of /dev/net/tun is for: proc(5), and tun_chr_show_fdinfo() of the kernel. "": none. */
static void
read_tun_name(const char *descriptor, char name[IF_NAMESIZE])
{
	char path[64], line[128];
	FILE *info;

	name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/thread-self/fdinfo/%.16s", descriptor);
	info = fopen(path, "re");
	while (info != NULL && fgets(line, sizeof(line), info) != NULL) {
		if (sscanf(line, "iff: %15s", name) == 1)
			break;
	}
	if (info != NULL)
		fclose(info);
}

/* Whether the process has a tap in another network namespace: which it is, the kernel does not tell. */
static bool
has_tap_elsewhere(void)
{
	DIR *descriptors = opendir("/proc/thread-self/fd");
	struct dirent *each;
	char name[IF_NAMESIZE] = "";

	while (descriptors != NULL && (each = readdir(descriptors)) != NULL) {
		read_tun_name(each->d_name, name);
		if (name[0] != '\0' && if_nametoindex(name) == 0)
			break;
		name[0] = '\0';
	}
	if (descriptors != NULL)
		closedir(descriptors);
	return name[0] != '\0';
}

bool
mirror_port_has_lost_interface(uint16_t port_id)
{
	struct mirror_port_lengths port;
	char name[IF_NAMESIZE];

	if (mirror_port_lengths_get(port_id, &port) != 0 || port.if_index == 0 ||
			if_indextoname(port.if_index, name) != NULL)
		return false;
	return strcmp(port.driver, "net_tap") != 0 || !has_tap_elsewhere();
}
