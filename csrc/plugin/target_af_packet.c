/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "portinfo.h"
#include "refusal.h"
#include "target.h"

/* A port's ring has as many frames each way. */
#define NB_FRAMES 512
/* What the driver's ring puts before a frame, an Ethernet header and two VLAN tags. */
#define FRAME_OVERHEAD 128
/* The driver's default, of frames and of the pages that they lie in. */
#define FRAME_SIZE_MIN 2048u
#define BLOCK_SIZE_MIN 4096u

/* A started port that is at work on an interface, or RTE_MAX_ETHPORTS. */
static uint16_t
port_on(unsigned int index)
{
	struct portinfo info;
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (mirror_portinfo_exists(port) && mirror_portinfo_get(port, &info) == 0 &&
				info.if_index == index)
			break;
	}
	return port;
}

static int
check(const struct target *target)
{
	struct ifreq ifr = mirror_target_interface_request(target);
	unsigned int index;
	uint16_t port;
	int rc = mirror_target_interface_check(target);

	if (rc != 0)
		return rc;
	index = if_nametoindex(target->value);
	if (index == 0 && errno != ENODEV)
		return mirror_plugin_refuse(errno, "%s: cannot look for that interface: %s",
				target->shown, strerror(errno));
	if (index == 0)
		return mirror_plugin_refuse(ENODEV,
				"%s: there is no such interface where the application runs: have one "
				"made as tap:%s",
				target->shown, target->value);
	/* It would get its own packets again; and two of the driver's ports share what arrives, to the other's loss. */
	port = port_on(index);
	if (port != RTE_MAX_ETHPORTS)
		return mirror_plugin_refuse(EBUSY,
				"%s: port %u is at work on that interface: choose another interface",
				target->shown, port);
	if (mirror_target_interface_ask(SIOCGIFFLAGS, &ifr) == 0 && (ifr.ifr_flags & IFF_UP) == 0)
		return mirror_plugin_refuse(ENETDOWN,
				"%s: the interface is down: ip link set dev %s up", target->shown,
				target->value);
	return 0;
}

/* The longest frame that the interface takes fits. */
static void
describe(const struct target *target, char args[TARGET_ARGS_SIZE])
{
	struct ifreq ifr = mirror_target_interface_request(target);
	uint32_t size = FRAME_SIZE_MIN;

	if (mirror_target_interface_ask(SIOCGIFMTU, &ifr) == 0 && ifr.ifr_mtu > 0 &&
			ifr.ifr_mtu <= UINT16_MAX)
		size = RTE_MAX(rte_align32pow2((uint32_t)ifr.ifr_mtu + FRAME_OVERHEAD), size);
	snprintf(args, TARGET_ARGS_SIZE, "iface=%s,qpairs=%u,blocksz=%u,framesz=%u,framecnt=%u",
			target->value, target->nb_queues, RTE_MAX(size, BLOCK_SIZE_MIN), size,
			NB_FRAMES);
}

/* When a port is started, the interface becomes promiscuous or ceases to be, as the port is: it is to stay as it was. */
static void
settle(const struct target *target)
{
	struct ifreq ifr = mirror_target_interface_request(target);

	if (mirror_target_interface_ask(SIOCGIFFLAGS, &ifr) == 0 &&
			(ifr.ifr_flags & IFF_PROMISC) != 0)
		rte_eth_promiscuous_enable(target->port_id);
}

static int
try(const struct target *target)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return mirror_plugin_refuse(errno,
				"%s: the application may not open packet sockets: %s: run it as root or with "
				"CAP_NET_RAW",
				target->shown, strerror(errno));
	close(fd);
	return 0;
}

/* What arrives fills the driver's ring, and then the kernel drops. */
const struct target_kind mirror_target_af_packet = {
	.name = "af_packet",
	.value = "IFACE",
	.meaning = "an existing network interface",
	.driver = "net_af_packet",
	.max_queues = 4,
	.check = check,
	.describe = describe,
	.settle = settle,
	.try = try,
};
