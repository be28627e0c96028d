/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "wires.h"

#define TAG_OFFSET (2 * ETH_ALEN)
#define TAG_SIZE   4

static const char *missing;

static bool
write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY);
	const bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* Root in a user namespace of its own, as far as files are concerned who it was before. */
static bool
become_root(void)
{
	char users[32], groups[32];

	snprintf(users, sizeof(users), "0 %u 1", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	return unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
			write_file("/proc/self/uid_map", users) &&
			write_file("/proc/self/gid_map", groups);
}

/* Before main(), since a process that has threads already cannot have a user namespace of its own. */
__attribute__((constructor)) static void
enter_a_network_of_our_own(void)
{
	if (access("/dev/net/tun", R_OK | W_OK) != 0)
		missing = "no /dev/net/tun";
	else if (unshare(CLONE_NEWNET) != 0 && (!become_root() || unshare(CLONE_NEWNET) != 0))
		missing = "no network namespaces for this user";
	/* Else the kernel sends packets of its own. */
	else if (!write_file("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1") &&
			errno != ENOENT)
		missing = "no way to keep IPv6 quiet";
}

const char *
wires_missing(void)
{
	return missing;
}

void
wire_command(const char *format, ...)
{
	char command[256];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	if (system(command) != 0)
		test_fail(__FILE__, __LINE__, "%s", command);
}

int
wire_open(const char *interface)
{
	const struct sockaddr_ll address = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface) };
	const int wire = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const int on = 1, room = 1 << 20;

	CHECK(wire >= 0);
	CHECK(address.sll_ifindex != 0);
	CHECK_EQ(setsockopt(wire, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)), 0);
	/* As much as the system allows. */
	CHECK_EQ(setsockopt(wire, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)), 0);
	CHECK_EQ(bind(wire, (const struct sockaddr *)&address, sizeof(address)), 0);
	return wire;
}

/* The kernel takes the first tag out of the frame, and says so. */
static uint32_t
put_tag_back(struct msghdr *header, uint8_t *frame, uint32_t length)
{
	struct cmsghdr *with = CMSG_FIRSTHDR(header);
	struct tpacket_auxdata said;
	uint16_t tag[2];

	CHECK(with != NULL && with->cmsg_type == PACKET_AUXDATA);
	memcpy(&said, CMSG_DATA(with), sizeof(said));
	CHECK_EQ(said.tp_len, length);
	if ((said.tp_status & TP_STATUS_VLAN_VALID) == 0)
		return length;
	CHECK((said.tp_status & TP_STATUS_VLAN_TPID_VALID) != 0);
	tag[0] = htons(said.tp_vlan_tpid);
	tag[1] = htons(said.tp_vlan_tci);
	memmove(frame + TAG_OFFSET + TAG_SIZE, frame + TAG_OFFSET, length - TAG_OFFSET);
	memcpy(frame + TAG_OFFSET, tag, TAG_SIZE);
	return length + TAG_SIZE;
}

uint32_t
wire_receive(int wire, uint8_t *frame, uint32_t size)
{
	char control[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	struct iovec data = { frame, size - TAG_SIZE };
	struct sockaddr_ll from = { 0 };
	struct msghdr header;
	ssize_t length;

	do {
		header = (struct msghdr){ .msg_name = &from,
			.msg_namelen = sizeof(from),
			.msg_iov = &data,
			.msg_iovlen = 1,
			.msg_control = control,
			.msg_controllen = sizeof(control) };
		length = recvmsg(wire, &header, MSG_TRUNC);
		/* An interface that went down meanwhile leaves ENETDOWN, once. */
		CHECK(length > 0 || errno == EAGAIN || errno == ENETDOWN);
	} while (length > 0 && from.sll_pkttype == PACKET_OUTGOING);
	if (length <= 0)
		return 0;
	CHECK(length <= (ssize_t)data.iov_len);
	return put_tag_back(&header, frame, (uint32_t)length);
}
