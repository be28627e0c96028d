/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_string_fns.h>

#include "config.h"
#include "drivers.h"
#include "error.h"
#include "ports.h"

/*
 * Some drivers lose packets that are longer than their interface takes, and say that they have sent them (net_af_packet),
 * or refuse them with all that are behind them (net_tap). So what is too long is not offered to them; nor is what ends
 * within its Ethernet header, which no interface of the kernel's takes.
 */

/* What net_tap allows for: an Ethernet header, a tag and an FCS. */
#define TAP_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)

/* The MTU of an interface of the kernel's, which the port may know nothing of; 0: it does not say. */
static uint32_t
interface_mtu(unsigned int index)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { 0 };
	uint32_t mtu = 0;

	if (fd < 0)
		return 0;
	if (if_indextoname(index, ifr.ifr_name) != NULL && ioctl(fd, SIOCGIFMTU, &ifr) == 0)
		mtu = (uint32_t)ifr.ifr_mtu;
	close(fd);
	return mtu;
}

/* The MTU of the interface, where that counts, or the port's own; 0: not known. */
static uint32_t
real_mtu(const struct mirror_port_lengths *port, const struct mirror_driver *driver)
{
	if (driver->limit == MIRROR_LIMIT_INTERFACE)
		return port->if_index != 0 ? interface_mtu(port->if_index) : 0;
	return port->mtu;
}

static void
find_longest(struct mirror_config *config, const struct mirror_port_lengths *port,
		const struct mirror_driver *driver)
{
	const uint32_t mtu = real_mtu(port, driver);
	uint32_t frame_size = port->frame_size;

	config->longest = UINT32_MAX;
	config->tag_room = 0;
	config->shortest = 0;
	if (driver->limit == MIRROR_LIMIT_MTU) {
		config->longest = mtu + TAP_OVERHEAD;
		config->shortest = RTE_ETHER_HDR_LEN;
	} else if (driver->limit == MIRROR_LIMIT_INTERFACE && mtu != 0) {
		/* The kernel lets a tag be beyond it: see packet_extra_vlan_len_allowed() there. */
		config->longest = mtu + RTE_ETHER_HDR_LEN;
		config->shortest = RTE_ETHER_HDR_LEN;
		config->tag_room = RTE_VLAN_HLEN;
		frame_size = frame_size != 0 ? frame_size : driver->frame_size;
	}
	if (frame_size != 0 && frame_size < config->longest + config->tag_room) {
		config->longest = RTE_MIN(config->longest, frame_size);
		config->tag_room = frame_size - config->longest;
	}
}

/* Says so if the source's packets, without tags, may be longer than what the target takes, or may take. */
static void
warn(const struct mirror *mirror, const struct mirror_port_lengths *target,
		const struct mirror_driver *driver, char warning[RTE_MIRROR_REASON_SIZE])
{
	const uint16_t to = mirror->param.target_port;
	struct mirror_port_lengths source;
	uint32_t mtu, most, longest = mirror->config.longest;

	if (driver->limit == MIRROR_LIMIT_NONE ||
			mirror_port_lengths_get(mirror->source_port, &source) != 0)
		return;
	if (driver->limit == MIRROR_LIMIT_UNKNOWN)
		longest = target->mtu + RTE_ETHER_HDR_LEN;
	mtu = real_mtu(&source, mirror_driver_find(source.driver));
	most = RTE_MIN(mtu + RTE_ETHER_HDR_LEN, mirror->config.snaplen);
	if (most <= longest)
		return;
	if (driver->limit == MIRROR_LIMIT_UNKNOWN)
		snprintf(warning, RTE_MIRROR_REASON_SIZE,
				"port %u, whose MTU is %u, may lose longer packets of port %u, whose MTU is "
				"%u: raise the former, or give a snaplen of %u",
				to, target->mtu, mirror->source_port, mtu, longest);
	else
		snprintf(warning, RTE_MIRROR_REASON_SIZE,
				"port %u takes packets of up to %u bytes, and those of port %u may have %u: "
				"longer ones count as oversize: raise the target's MTU, or give a snaplen of %u",
				to, longest, mirror->source_port, mtu + RTE_ETHER_HDR_LEN, longest);
}

void
mirror_find_longest(struct mirror *mirror)
{
	char warning[RTE_MIRROR_REASON_SIZE] = "";
	const struct mirror_driver *driver;
	struct mirror_port_lengths target;

	/* It is going, or does not tell: then it is as it was. */
	if (mirror_port_lengths_get(mirror->param.target_port, &target) != 0)
		return;
	driver = mirror_driver_find(target.driver);
	find_longest(&mirror->config, &target, driver);
	warn(mirror, &target, driver, warning);
	if (warning[0] != '\0' && strcmp(warning, mirror->config.warning) != 0)
		MIRROR_LOG(WARNING, "%s\n", warning);
	rte_strscpy(mirror->config.warning, warning, sizeof(mirror->config.warning));
}
