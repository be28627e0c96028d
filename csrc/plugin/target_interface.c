/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <rte_string_fns.h>

#include "../eal_gate.h"
#include "portinfo.h"
#include "refusal.h"
#include "target.h"

/* Targets that are network interfaces of the kernel. */

#define TUN_PATH "/dev/net/tun"

/* A net_af_packet port's ring has as many frames each way. */
#define NB_FRAMES 512
/* What the driver's ring puts before a frame, an Ethernet header and two VLAN tags. */
#define FRAME_OVERHEAD 128
/* The driver's default, of frames and of the pages that they lie in. */
#define FRAME_SIZE_MIN 2048u
#define BLOCK_SIZE_MIN 4096u

/* How long one that has been closed is waited for: somebody else may have made another of its name. */
#define LINGER_MS 2000

static int
check_name(const struct target *target)
{
	const char *name = target->value, *c;

	if (strlen(name) >= IF_NAMESIZE)
		return plugin_refuse(EINVAL, "%s: an interface's name has at most %d bytes",
				target->shown, IF_NAMESIZE - 1);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return plugin_refuse(EINVAL, "%s: no interface can have that name", target->shown);
	for (c = name; *c != '\0'; c++) {
		/* The kernel's own rules, its template for a number, and what DPDK takes arguments apart at. */
		if ((unsigned char)*c >= 0x80 || !isgraph(*c) || strchr("/:%,=[]", *c) != NULL)
			return plugin_refuse(EINVAL,
					"%s: an interface's name has no spaces, control characters or any "
					"of /:%%,=[]",
					target->shown);
	}
	return 0;
}

/* Asks for, or sets, something of an interface: 0 or -errno. */
static int
request(unsigned long what, struct ifreq *ifr)
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

static struct ifreq
request_for(const struct target *target)
{
	struct ifreq ifr = { 0 };

	rte_strscpy(ifr.ifr_name, target->value, sizeof(ifr.ifr_name));
	return ifr;
}

int
target_tap_check(const struct target *target)
{
	int rc = check_name(target);

	if (rc == 0 && if_nametoindex(target->value) != 0)
		return plugin_refuse(EEXIST,
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
void
target_tap_settle(const struct target *target)
{
	struct ifreq ifr = request_for(target);
	char path[128];

	if (request(SIOCGIFFLAGS, &ifr) == 0) {
		ifr.ifr_flags |= IFF_NOARP;
		request(SIOCSIFFLAGS, &ifr);
	}
	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", target->value);
	write_to(path, "1");
}

int
target_tap_try(const struct target *target)
{
	struct ifreq ifr = request_for(target);
	int fd = open(TUN_PATH, O_RDWR | O_CLOEXEC), error = 0;

	if (fd < 0)
		return plugin_refuse(errno,
				"%s: the application cannot open " TUN_PATH
				": %s: load the kernel's module tun, and see to the rights",
				target->shown, strerror(errno));
	ifr.ifr_flags = IFF_TAP | IFF_MULTI_QUEUE;
	if (ioctl(fd, TUNSETIFF, &ifr) != 0)
		error = errno;
	close(fd);
	if (error == EPERM)
		return plugin_refuse(EPERM,
				"%s: the application may not make network interfaces: run it as root or with "
				"CAP_NET_ADMIN",
				target->shown);
	if (error != 0)
		return plugin_refuse(error, "%s: the kernel makes no such interface: %s",
				target->shown, strerror(error));
	return 0;
}

/* The next one may have its name. While its last descriptor is on its way through the kernel the interface is there. */
void
target_tap_clean_up(const struct target *target, bool was_used)
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

/* A started port that is at work on an interface, or RTE_MAX_ETHPORTS. */
static uint16_t
port_on(unsigned int index)
{
	struct portinfo info;
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (portinfo_exists(port) && portinfo_get(port, &info) == 0 &&
				info.if_index == index)
			break;
	}
	return port;
}

int
target_af_packet_check(const struct target *target)
{
	struct ifreq ifr = request_for(target);
	unsigned int index;
	uint16_t port;
	int rc = check_name(target);

	if (rc != 0)
		return rc;
	index = if_nametoindex(target->value);
	if (index == 0 && errno != ENODEV)
		return plugin_refuse(errno, "%s: cannot look for that interface: %s", target->shown,
				strerror(errno));
	if (index == 0)
		return plugin_refuse(ENODEV,
				"%s: there is no such interface where the application runs: have one "
				"made as tap:%s",
				target->shown, target->value);
	/* It would get its own packets again; and two of the driver's ports share what arrives, to the other's loss. */
	port = port_on(index);
	if (port != RTE_MAX_ETHPORTS)
		return plugin_refuse(EBUSY,
				"%s: port %u is at work on that interface: choose another interface",
				target->shown, port);
	if (request(SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP) == 0)
		return plugin_refuse(ENETDOWN, "%s: the interface is down: ip link set dev %s up",
				target->shown, target->value);
	return 0;
}

/* The longest frame that the interface takes fits. */
void
target_af_packet_describe(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	struct ifreq ifr = request_for(target);
	uint32_t size = FRAME_SIZE_MIN;

	if (request(SIOCGIFMTU, &ifr) == 0 && ifr.ifr_mtu > 0 && ifr.ifr_mtu <= UINT16_MAX)
		size = RTE_MAX(rte_align32pow2((uint32_t)ifr.ifr_mtu + FRAME_OVERHEAD), size);
	snprintf(args, TARGET_ARGS_SIZE, "iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u",
			target->value, target->nb_queues, RTE_MAX(size, BLOCK_SIZE_MIN), size,
			NB_FRAMES);
}

/* When a port is started, the interface becomes promiscuous or ceases to be, as the port is: it is to stay as it was. */
void
target_af_packet_settle(const struct target *target)
{
	struct ifreq ifr = request_for(target);

	if (request(SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_PROMISC) != 0)
		rte_eth_promiscuous_enable(target->port_id);
}

int
target_af_packet_try(const struct target *target)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return plugin_refuse(errno,
				"%s: the application may not open packet sockets: %s: run it as root or with "
				"CAP_NET_RAW",
				target->shown, strerror(errno));
	close(fd);
	return 0;
}
