/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <linux/vhost_types.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness.h"
#include "vhost_peer.h"

#define NB_BUFFERS  256
#define BUFFER_SIZE 16384
/* A queue's rings, and the two queues, come before the buffers. */
#define RINGS_SIZE    16384
#define MEMORY_SIZE   (2 * RINGS_SIZE + NB_BUFFERS * BUFFER_SIZE)
#define GUEST_ADDRESS UINT64_C(0x40000000)

/* vhost-user's messages, as the protocol numbers them. */
enum request {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
};

#define MESSAGE_VERSION 1
/* With a vring's number: there is no eventfd. Both sides poll. */
#define VRING_NO_FD 0x100

struct memory_table {
	uint32_t nb_regions, padding;
	uint64_t guest_address, size, address, offset;
};

struct message {
	uint32_t request, flags, size;
	union {
		uint64_t number;
		struct vhost_vring_state state;
		struct vhost_vring_addr address;
		struct memory_table table;
	} payload;
} __attribute__((packed));

struct vhost_peer {
	int socket, memory_fd;
	uint8_t *memory;
	/* The port's two queues: the first is the one that we receive from. */
	struct vring rings[2];
	uint16_t nb_buffers, nb_offered, nb_taken;
};

/* Sends a message, with the memory's descriptor where that belongs to it. */
static void
tell(const struct vhost_peer *peer, enum request request, const void *payload, uint32_t size)
{
	struct message message = { .request = request, .flags = MESSAGE_VERSION, .size = size };
	struct iovec data = { &message, offsetof(struct message, payload) + size };
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct msghdr header = { .msg_iov = &data, .msg_iovlen = 1 };
	struct cmsghdr *with;

	memcpy(&message.payload, payload, size);
	if (request == SET_MEM_TABLE) {
		header.msg_control = control;
		header.msg_controllen = sizeof(control);
		with = CMSG_FIRSTHDR(&header);
		with->cmsg_level = SOL_SOCKET;
		with->cmsg_type = SCM_RIGHTS;
		with->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(with), &peer->memory_fd, sizeof(int));
	}
	CHECK_EQ(sendmsg(peer->socket, &header, MSG_NOSIGNAL), (ssize_t)data.iov_len);
}

/* Messages are handled in order, so with the answer all those before have been, too. */
static uint64_t
features_of(const struct vhost_peer *peer)
{
	const size_t size = offsetof(struct message, payload) + sizeof(uint64_t);
	struct message answer;

	tell(peer, GET_FEATURES, "", 0);
	CHECK_EQ(recv(peer->socket, &answer, size, MSG_WAITALL), (ssize_t)size);
	CHECK_EQ(answer.request, GET_FEATURES);
	return answer.payload.number;
}

static void
set_up_ring(struct vhost_peer *peer, unsigned int i)
{
	struct vring *ring = &peer->rings[i];
	const struct vhost_vring_state size = { .index = i, .num = NB_BUFFERS };
	const struct vhost_vring_state base = { .index = i, .num = 0 };
	const uint64_t no_fd = i | VRING_NO_FD;
	struct vhost_vring_addr address = { .index = i };

	vring_init(ring, NB_BUFFERS, peer->memory + i * RINGS_SIZE, 4096);
	CHECK(vring_size(NB_BUFFERS, 4096) <= RINGS_SIZE);
	ring->avail->flags = VRING_AVAIL_F_NO_INTERRUPT;
	address.desc_user_addr = (uintptr_t)ring->desc;
	address.avail_user_addr = (uintptr_t)ring->avail;
	address.used_user_addr = (uintptr_t)ring->used;
	tell(peer, SET_VRING_NUM, &size, sizeof(size));
	tell(peer, SET_VRING_BASE, &base, sizeof(base));
	tell(peer, SET_VRING_ADDR, &address, sizeof(address));
	tell(peer, SET_VRING_CALL, &no_fd, sizeof(no_fd));
	tell(peer, SET_VRING_KICK, &no_fd, sizeof(no_fd));
}

static void
share_memory(struct vhost_peer *peer)
{
	struct memory_table table = { 1, 0, GUEST_ADDRESS, MEMORY_SIZE, 0, 0 };

	peer->memory_fd = memfd_create("guest", MFD_CLOEXEC);
	CHECK(peer->memory_fd >= 0);
	CHECK_EQ(ftruncate(peer->memory_fd, MEMORY_SIZE), 0);
	peer->memory = mmap(
			NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, peer->memory_fd, 0);
	CHECK(peer->memory != MAP_FAILED);
	table.address = (uintptr_t)peer->memory;
	tell(peer, SET_MEM_TABLE, &table, sizeof(table));
}

struct vhost_peer *
vhost_peer_open(const char *path)
{
	const uint64_t features = UINT64_C(1) << VIRTIO_F_VERSION_1;
	struct vhost_peer *peer = calloc(1, sizeof(*peer));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	CHECK(peer != NULL);
	CHECK(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	peer->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CHECK(peer->socket >= 0);
	CHECK_EQ(connect(peer->socket, (struct sockaddr *)&address, sizeof(address)), 0);
	CHECK((features_of(peer) & features) == features);
	tell(peer, SET_FEATURES, &features, sizeof(features));
	tell(peer, SET_OWNER, "", 0);
	share_memory(peer);
	set_up_ring(peer, 0);
	set_up_ring(peer, 1);
	features_of(peer);
	return peer;
}

void
vhost_peer_close(struct vhost_peer *peer)
{
	close(peer->socket);
	munmap(peer->memory, MEMORY_SIZE);
	close(peer->memory_fd);
	free(peer);
}

static void
offer(struct vhost_peer *peer, uint16_t buffer)
{
	struct vring *ring = &peer->rings[0];

	ring->desc[buffer] = (struct vring_desc){
		.addr = GUEST_ADDRESS + 2 * RINGS_SIZE + (uint64_t)buffer * BUFFER_SIZE,
		.len = BUFFER_SIZE,
		.flags = VRING_DESC_F_WRITE,
	};
	ring->avail->ring[peer->nb_offered % NB_BUFFERS] = buffer;
	/* What the port acquires. */
	__atomic_store_n(&ring->avail->idx, ++peer->nb_offered, __ATOMIC_RELEASE);
}

void
vhost_peer_make_room(struct vhost_peer *peer, uint16_t nb_frames)
{
	CHECK(peer->nb_buffers + nb_frames <= NB_BUFFERS);
	while (nb_frames-- > 0)
		offer(peer, peer->nb_buffers++);
}

uint32_t
vhost_peer_receive(struct vhost_peer *peer, uint8_t *frame, uint32_t size)
{
	struct virtio_net_hdr_v1 header;
	const struct vring *ring = &peer->rings[0];
	const struct vring_used_elem *used = &ring->used->ring[peer->nb_taken % NB_BUFFERS];
	const uint8_t *buffer;
	uint32_t length;

	if (__atomic_load_n(&ring->used->idx, __ATOMIC_ACQUIRE) == peer->nb_taken)
		return 0;
	buffer = peer->memory + 2 * RINGS_SIZE + (size_t)used->id * BUFFER_SIZE;
	length = used->len - (uint32_t)sizeof(header);
	CHECK(length <= size);
	memcpy(&header, buffer, sizeof(header));
	/* The port says that there is nothing left to do for us. */
	CHECK_EQ(header.flags, 0);
	CHECK_EQ(header.gso_type, VIRTIO_NET_HDR_GSO_NONE);
	memcpy(frame, buffer + sizeof(header), length);
	peer->nb_taken++;
	offer(peer, (uint16_t)used->id);
	return length;
}
