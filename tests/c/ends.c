/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>

#include "ends.h"
#include "harness.h"
#include "packets.h"
#include "vhost_peer.h"
#include "wires.h"

/* A net_af_packet port's own ring. */
#define AF_PACKET_FRAMES 48
/* What a net_vhost port's peer has room for. */
#define PEER_FRAMES 200

__attribute__((format(printf, 2, 3))) static void
device_make(struct end *end, const char *format, ...)
{
	static unsigned int nb_made;
	char args[256];
	va_list values;

	snprintf(end->name, sizeof(end->name), "%s%u", end->driver->name, 100 + nb_made++);
	va_start(values, format);
	vsnprintf(args, sizeof(args), format, values);
	va_end(values);
	end->port_id = vdev_open(end->name, args);
}

static void
path_make(struct end *end, const char *name)
{
	static unsigned int nb_made;

	snprintf(end->path, sizeof(end->path), "%s/%s%u", getenv("RUNTIME_DIRECTORY"), name,
			nb_made++);
}

static void
null_open(struct end *end)
{
	device_make(end, "size=64");
}

static void
device_close(struct end *end)
{
	vdev_close(end->port_id, end->name);
}

static void
file_open(struct end *end)
{
	path_make(end, "pcap");
	device_make(end, "tx_pcap=%s", end->path);
	end->wire = -1;
}

/* The driver has written its file's header when it is started, and flushes the file after each burst. */
static uint32_t
file_receive(struct end *end, uint8_t *frame, uint32_t size)
{
	struct {
		uint32_t seconds, microseconds, captured, length;
	} header;
	uint32_t file_header[6];

	if (end->wire < 0) {
		end->wire = open(end->path, O_RDONLY | O_CLOEXEC);
		CHECK(end->wire >= 0);
		CHECK_EQ(read(end->wire, file_header, sizeof(file_header)), sizeof(file_header));
	}
	if (read(end->wire, &header, sizeof(header)) != sizeof(header))
		return 0;
	CHECK_EQ(header.captured, header.length);
	CHECK(header.length <= size);
	CHECK_EQ(read(end->wire, frame, header.length), header.length);
	return header.length;
}

static void
veth_make(struct end *end)
{
	strcpy(end->path, "end0");
	wire_command("ip link add %s mtu 9000 type veth peer name end1 mtu 9000", end->path);
	/* In this order, or the kernel takes a moment before it stops to drop what end0 sends. */
	wire_command("ip link set end1 up");
	wire_command("ip link set %s up", end->path);
	end->wire = wire_open("end1");
}

static void
veth_open(struct end *end)
{
	veth_make(end);
	device_make(end, "tx_iface=%s", end->path);
}

static void
af_packet_open(struct end *end)
{
	veth_make(end);
	device_make(end, "iface=%s,blocksz=4096,framesz=2048,framecnt=%d", end->path,
			AF_PACKET_FRAMES);
}

static void
wire_close(struct end *end)
{
	vdev_close(end->port_id, end->name);
	close(end->wire);
}

static void
veth_close(struct end *end)
{
	wire_close(end);
	wire_command("ip link del %s", end->path);
}

static void
tap_open(struct end *end)
{
	strcpy(end->path, "end2");
	device_make(end, "iface=%s", end->path);
}

static void
tap_connect(struct end *end)
{
	end->wire = wire_open(end->path);
}

static void
link_down(struct end *end)
{
	wire_command("ip link set %s down", end->path);
}

static void
link_up(struct end *end)
{
	wire_command("ip link set %s up", end->path);
}

static uint32_t
kernel_receive(struct end *end, uint8_t *frame, uint32_t size)
{
	return wire_receive(end->wire, frame, size);
}

static void
vhost_open(struct end *end)
{
	path_make(end, "vhost");
	device_make(end, "iface=%s", end->path);
}

static void
vhost_connect(struct end *end)
{
	end->peer = vhost_peer_open(end->path);
	vhost_peer_make_room(end->peer, PEER_FRAMES);
}

static void
vhost_close(struct end *end)
{
	vhost_peer_close(end->peer);
	vdev_close(end->port_id, end->name);
}

static uint32_t
vhost_receive(struct end *end, uint8_t *frame, uint32_t size)
{
	return vhost_peer_receive(end->peer, frame, size);
}

static void
vhost_disconnect(struct end *end)
{
	struct rte_eth_link link;

	vhost_peer_close(end->peer);
	CHECK_WITHIN(5000,
			rte_eth_link_get_nowait(end->port_id, &link) == 0 &&
					link.link_status == RTE_ETH_LINK_DOWN);
}

static void
ring_close(struct end *end)
{
	port_close(&end->ring);
}

static uint32_t
ring_receive(struct end *end, uint8_t *frame, uint32_t size)
{
	struct rte_mbuf *pkt;
	const void *data;
	uint32_t length;

	if (ring_get(end->ring.tx[0], &pkt, 1) == 0)
		return 0;
	length = pkt->pkt_len;
	CHECK(length <= size);
	data = rte_pktmbuf_read(pkt, 0, length, frame);
	CHECK(data != NULL);
	/* Where a packet has one segment it is not copied. */
	if (data != frame)
		memcpy(frame, data, length);
	rte_pktmbuf_free(pkt);
	return length;
}

/* Not net_null with copy=1: from 25.11 on that frees nothing of what it is sent, whoever sends it. */
const struct end_driver end_drivers[] = {
	{ .name = "net_null",
			.what = "",
			.is_blind = true,
			.takes_any_chain = true,
			.open = null_open,
			.close = device_close },
	{ .name = "net_pcap",
			.what = "",
			.takes_any_chain = true,
			.open = file_open,
			.close = wire_close,
			.receive = file_receive },
	{ .name = "net_pcap",
			.what = " on an interface",
			.is_kernels = true,
			.takes_any_chain = true,
			.open = veth_open,
			.close = veth_close,
			.receive = kernel_receive,
			.block = link_down,
			.unblock = link_up },
	{ .name = "net_tap",
			.what = "",
			.is_kernels = true,
			.frame_max = 1518,
			.open = tap_open,
			.connect = tap_connect,
			.close = wire_close,
			.receive = kernel_receive,
			.block = link_down,
			.unblock = link_up },
	{ .name = "net_af_packet",
			.what = "",
			.is_kernels = true,
			.frame_max = 1518,
			.open = af_packet_open,
			.close = veth_close,
			.receive = kernel_receive,
			.block = link_down,
			.unblock = link_up,
			.nb_when_blocked = AF_PACKET_FRAMES },
	{ .name = "net_vhost",
			.what = "",
			.open = vhost_open,
			.connect = vhost_connect,
			.close = vhost_close,
			.receive = vhost_receive,
			.block = vhost_disconnect,
			.unblock = vhost_connect,
			.nb_waiting = PEER_FRAMES },
	{ .name = "net_ring",
			.what = "",
			.reads_late = true,
			.close = ring_close,
			.receive = ring_receive },
	{ .name = NULL },
};

const char *
end_missing(const struct end_driver *driver)
{
	return driver->is_kernels ? wires_missing() : NULL;
}

void
end_open(struct end *end, const struct end_driver *driver, uint64_t tx_offloads)
{
	struct port_options options = { .nb_rx_queues = 1, .nb_tx_queues = 1 };
	struct rte_eth_dev_info info;

	*end = (struct end){ .driver = driver };
	if (driver->open == NULL) {
		options.tx_offloads = tx_offloads & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
		port_open(&end->ring, &options);
		end->port_id = end->ring.id;
		return;
	}
	driver->open(end);
	CHECK_EQ(rte_eth_dev_info_get(end->port_id, &info), 0);
	CHECK(strcmp(info.driver_name, driver->name) == 0);
	options.tx_offloads = tx_offloads & info.tx_offload_capa;
	vdev_configure(end->port_id, &options);
	if (driver->connect != NULL)
		driver->connect(end);
}

void
end_close(struct end *end)
{
	end_check_empty(end);
	end->driver->close(end);
}

uint32_t
end_receive(struct end *end, uint8_t frame[END_FRAME_SIZE])
{
	uint32_t length;

	CHECK_WITHIN(5000, (length = end->driver->receive(end, frame, END_FRAME_SIZE)) > 0);
	return length;
}

void
end_check_empty(struct end *end)
{
	uint8_t frame[END_FRAME_SIZE];

	if (!end->driver->is_blind)
		CHECK_EQ(end->driver->receive(end, frame, sizeof(frame)), 0);
}
