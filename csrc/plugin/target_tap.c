/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../eal_gate.h"
#include "refusal.h"
#include "target.h"

#define TUN_PATH "/dev/net/tun"

/* How long one that has been closed is waited for: somebody else may have made another of its name. */
#define LINGER_MS 2000

static int
check(const struct target *target)
{
	int rc = mirror_target_interface_check(target);

	if (rc == 0 && if_nametoindex(target->value) != 0)
		return mirror_plugin_refuse(EEXIST,
				"%s: there is an interface of that name: choose another, or send to that "
				"one as af_packet:%s",
				target->shown, target->value);
	return rc;
}

static bool
write_to(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	const bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/*
 * So that the kernel does not take what it sees there for its own business: no answers to ARP, no addresses from router
 * advertisements, nothing of its own among the mirrored packets. Where that cannot be had, the mirror is none the worse.
 */
static void
settle(const struct target *target)
{
	struct ifreq ifr = mirror_target_interface_request(target);
	char path[128];

	if (mirror_target_interface_ask(SIOCGIFFLAGS, &ifr) == 0) {
		ifr.ifr_flags |= IFF_NOARP;
		mirror_target_interface_ask(SIOCSIFFLAGS, &ifr);
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", target->value);
	write_to(path, "1");
}

static int
try(const struct target *target)
{
	struct ifreq ifr = mirror_target_interface_request(target);
	int fd = open(TUN_PATH, O_RDWR | O_CLOEXEC), error = 0;

	if (fd < 0)
		return mirror_plugin_refuse(errno,
				"%s: the application cannot open " TUN_PATH
				": %s: load the kernel's module tun, and see to the rights",
				target->shown, strerror(errno));
	ifr.ifr_flags = IFF_TAP | IFF_MULTI_QUEUE;
	if (ioctl(fd, TUNSETIFF, &ifr) != 0)
		error = errno;
	close(fd);
	if (error == EPERM)
		return mirror_plugin_refuse(EPERM,
				"%s: the application may not make network interfaces: run it as root or with "
				"CAP_NET_ADMIN",
				target->shown);
	if (error != 0)
		return mirror_plugin_refuse(error, "%s: the kernel makes no such interface: %s",
				target->shown, strerror(error));
	return 0;
}

/* The next one may have its name. While its last descriptor is on its way through the kernel the interface is there. */
static void
clean_up(const struct target *target, bool was_used)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	unsigned int i;

	(void)was_used;
	for (i = 0; i < LINGER_MS && if_nametoindex(target->value) != 0; i++) {
		if (mirror_eal_must_leave())
			break;
		nanosleep(&moment, NULL);
	}
}

/*
 * Each queue has two descriptors, of which 22.11's driver puts all on a list for 8. It discards longer frames than its
 * MTU, which 22.11 has fixed at 1500. What arrives fills the kernel's queue, with a signal to the process for each
 * packet until it is full: so the interface is kept from having anything to say.
 */
const struct target_kind mirror_target_tap = {
	.name = "tap",
	.value = "IFACE",
	.meaning = "a network interface, for tcpdump and the like",
	.driver = "net_tap",
	.max_queues = 4,
	.mtu = 9000,
	.check = check,
	.describe = mirror_target_device_describe_iface,
	.settle = settle,
	.try = try,
	.clean_up = clean_up,
};
