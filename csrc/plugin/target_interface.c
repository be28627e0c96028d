/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "refusal.h"
#include "target.h"

int
mirror_target_interface_check(const struct target *target)
{
	const char *name = target->value, *c;

	if (strlen(name) >= IF_NAMESIZE)
		return mirror_plugin_refuse(EINVAL, "%s: an interface's name has at most %d bytes",
				target->shown, IF_NAMESIZE - 1);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return mirror_plugin_refuse(
				EINVAL, "%s: no interface can have that name", target->shown);
	for (c = name; *c != '\0'; c++) {
		/* The kernel's own rules, its template for a number, and what DPDK takes arguments apart at. */
		if ((unsigned char)*c >= 0x80 || !isgraph(*c) || strchr("/:%,=[]", *c) != NULL)
			return mirror_plugin_refuse(EINVAL,
					"%s: an interface's name has no spaces, control characters or any "
					"of /:%%,=[]",
					target->shown);
	}
	return 0;
}

int
mirror_target_interface_ask(unsigned long what, struct ifreq *ifr)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, what, ifr) != 0)
		rc = -errno;
	close(fd);
	return rc;
}

struct ifreq
mirror_target_interface_request(const struct target *target)
{
	struct ifreq ifr = { 0 };

	rte_strscpy(ifr.ifr_name, target->value, sizeof(ifr.ifr_name));
	return ifr;
}
