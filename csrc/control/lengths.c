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

#include "bonds.h"
#include "config.h"
#include "drivers.h"
#include "error.h"
#include "ports.h"

/*
 * Some drivers lose packets that are longer than their interface takes, and say that they have sent them (net_af_packet),
 * refuse them with all that are behind them (net_tap), or write beyond a buffer (net_af_xdp). So what is too long is not
 * offered to them, nor to a port that transmits through them; nor is what ends within its Ethernet header, which no
 * interface of the kernel's takes.
 */

/* What net_tap allows for: an Ethernet header, a tag and an FCS. */
#define MTU_OVERHEAD (RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN + RTE_ETHER_CRC_LEN)

/* What is sent without its tag may be so much longer with it. */
struct bounds {
	uint32_t shortest, longest, tag_room;
};

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
	uint32_t mtu = 0;

	if ((driver->limits & MIRROR_LIMIT_INTERFACE) == 0)
		return port->mtu;
	if (port->if_index != 0)
		mtu = interface_mtu(port->if_index);
	return mtu == 0 && (driver->limits & MIRROR_LIMIT_MTU) != 0 ? port->mtu : mtu;
}

/* What both let through. */
static void
narrow(struct bounds *bounds, const struct bounds *other)
{
	const uint64_t tagged = RTE_MIN((uint64_t)bounds->longest + bounds->tag_room,
			(uint64_t)other->longest + other->tag_room);

	bounds->shortest = RTE_MAX(bounds->shortest, other->shortest);
	bounds->longest = RTE_MIN(bounds->longest, other->longest);
	bounds->tag_room = (uint32_t)(tagged - bounds->longest);
}

static struct bounds
bounds_of(const struct mirror_port_lengths *port, const struct mirror_driver *driver)
{
	const uint32_t mtu = real_mtu(port, driver);
	struct bounds bounds = { .longest = UINT32_MAX };
	struct bounds limit = { .shortest = RTE_ETHER_HDR_LEN };
	uint32_t frame_size = port->frame_size;

	if ((driver->limits & MIRROR_LIMIT_MTU) != 0) {
		limit.longest = port->mtu + MTU_OVERHEAD;
		narrow(&bounds, &limit);
	}
	if ((driver->limits & MIRROR_LIMIT_INTERFACE) != 0 && mtu != 0) {
		/* The kernel lets a tag be beyond it: see packet_extra_vlan_len_allowed() there. */
		limit.longest = mtu + RTE_ETHER_HDR_LEN;
		limit.tag_room = RTE_VLAN_HLEN;
		narrow(&bounds, &limit);
		frame_size = frame_size != 0 ? frame_size : driver->frame_size;
	}
	if (frame_size != 0)
		narrow(&bounds, &(struct bounds){ .longest = frame_size });
	return bounds;
}

/* Those of other ports than the target count, too: it cannot be told whose they are. */
static void
narrow_by_parts(struct bounds *bounds)
{
	struct mirror_port_lengths lengths;
	struct bounds part;
	uint16_t port;

	for (port = 0; port < RTE_MAX_ETHPORTS; port++) {
		if (!mirror_port_is_part(port) || mirror_port_lengths_get(port, &lengths) != 0)
			continue;
		part = bounds_of(&lengths, mirror_driver_find(lengths.driver));
		narrow(bounds, &part);
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
	const bool is_unknown = driver->limits == MIRROR_LIMIT_UNKNOWN && longest == UINT32_MAX;

	if (driver->limits == MIRROR_LIMIT_NONE ||
			mirror_port_lengths_get(mirror->source_port, &source) != 0)
		return;
	if (is_unknown)
		longest = target->mtu + RTE_ETHER_HDR_LEN;
	mtu = real_mtu(&source, mirror_driver_find(source.driver));
	most = RTE_MIN(mtu + RTE_ETHER_HDR_LEN, mirror->config.snaplen);
	if (most <= longest)
		return;
	if (is_unknown)
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
	struct mirror_config *config = &mirror->config;
	const struct mirror_driver *driver;
	struct mirror_port_lengths target;
	struct bounds bounds;

	/* It is going, or does not tell: then it is as it was. */
	if (mirror_port_lengths_get(mirror->param.target_port, &target) != 0)
		return;
	driver = mirror_driver_find(target.driver);
	bounds = bounds_of(&target, driver);
	if (mirror_driver_has_parts(target.driver))
		narrow_by_parts(&bounds);
	config->shortest = bounds.shortest;
	config->longest = bounds.longest;
	config->tag_room = bounds.tag_room;
	warn(mirror, &target, driver, warning);
	if (warning[0] != '\0' && strcmp(warning, config->warning) != 0)
		MIRROR_LOG(WARNING, "%s\n", warning);
	rte_strscpy(config->warning, warning, sizeof(config->warning));
}
