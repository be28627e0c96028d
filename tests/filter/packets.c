/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "packets.h"

const uint16_t packet_cuts[NB_CUTS] = { 1, 19, 64, 2048 };

#define PAGE_SIZE   4096u
#define SLOTS_MAX   16384u
#define CACHE_LINES 128u

/* Segments' pages, each with one behind it that cannot be read, and their mbufs. */
static uint8_t *pages;
static struct rte_mbuf *mbufs;
static unsigned int nb_used, nb_protected;

static void
need(int is_true)
{
	if (!is_true)
		abort();
}

static void
reserve(void)
{
	pages = mmap(NULL, (size_t)SLOTS_MAX * 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	need(pages != MAP_FAILED);
	mbufs = aligned_alloc(CACHE_LINES, SLOTS_MAX * sizeof(*mbufs));
	need(mbufs != NULL);
}

static struct rte_mbuf *
segment(const uint8_t *bytes, uint16_t length)
{
	struct rte_mbuf *mbuf;
	uint8_t *page;

	if (pages == NULL)
		reserve();
	need(nb_used < SLOTS_MAX);
	page = pages + (size_t)nb_used * 2 * PAGE_SIZE;
	if (nb_used == nb_protected) {
		need(mprotect(page + PAGE_SIZE, PAGE_SIZE, PROT_NONE) == 0);
		nb_protected++;
	}
	mbuf = &mbufs[nb_used++];
	memset(mbuf, 0, sizeof(*mbuf));
	mbuf->buf_addr = page;
	mbuf->data_off = PAGE_SIZE - length;
	mbuf->data_len = length;
	memcpy(page + mbuf->data_off, bytes, length);
	return mbuf;
}

static struct rte_mbuf *
cut(const struct packet *packet, uint16_t seg_len)
{
	struct rte_mbuf *first = NULL, **next = &first;
	uint16_t done = 0, size;

	do {
		size = RTE_MIN(packet->length - done, seg_len);
		*next = segment(packet->bytes + done, size);
		next = &(*next)->next;
		first->nb_segs++;
		done += size;
	} while (done < packet->length);
	first->pkt_len = packet->length;
	return first;
}

void
packet_cut(struct packet *packet)
{
	unsigned int i;

	for (i = 0; i < NB_CUTS; i++)
		packet->cuts[i] = cut(packet, packet_cuts[i]);
}

/* Headers that expressions ask for. */
static const uint8_t ethernet[] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };
static const uint8_t tags[] = { 0x81, 0, 0, 100, 0x88, 0xa8, 0, 200 };
static const uint8_t ipv4[] = { 8, 0, 0x45, 0, 0, 60, 0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 192,
	168, 1, 1 };
static const uint8_t ipv6[] = { 0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, 6, 64, 0xfe, 0x80, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 };
static const uint8_t arp[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 };
static const uint8_t ports[] = { 1, 0xbb, 0, 80, 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x12 };
static const uint8_t dns[] = { 0, 53, 0x17, 0xc1, 0, 20, 0, 0 };
static const uint8_t protocols[] = { 1, 2, 6, 17, 41, 47, 50, 58, 103, 132 };

static void
add(struct packet *packet, const uint8_t *bytes, uint16_t length)
{
	memcpy(packet->bytes + packet->length, bytes, length);
	packet->length += length;
}

static void
add_headers(random_state *state, struct packet *packet)
{
	add(packet, ethernet, sizeof(ethernet));
	if (random_below(state, 3) == 0)
		add(packet, tags, 4 + 4 * random_below(state, 2));
	switch (random_below(state, 5)) {
	case 0 ... 1:
		add(packet, ipv4, sizeof(ipv4));
		if (random_below(state, 2) > 0)
			packet->bytes[packet->length -
					11] = protocols[random_below(state, sizeof(protocols))];
		if (random_below(state, 4) == 0)
			packet->bytes[packet->length - sizeof(ipv4) + 2] = 0x40 |
					random_below(state, 16);
		break;
	case 2:
		add(packet, ipv6, sizeof(ipv6));
		packet->bytes[packet->length -
				34] = protocols[random_below(state, sizeof(protocols))];
		break;
	case 3:
		add(packet, arp, sizeof(arp));
		break;
	default:
		break;
	}
	if (random_below(state, 2) > 0)
		add(packet, ports, sizeof(ports));
	else
		add(packet, dns, sizeof(dns));
}

void
packet_make(random_state *state, struct packet *packet)
{
	static const uint16_t lengths[] = { 16, 64, 128, PACKET_MAX };
	const uint16_t length = random_below(
			state, 1 + lengths[random_below(state, RTE_DIM(lengths))]);
	uint16_t i;

	packet->length = 0;
	if (random_below(state, 8) > 0)
		add_headers(state, packet);
	for (i = packet->length; i < length; i++)
		packet->bytes[i] = random_below(state, 4) > 0 ? random_below(state, 256) : 0;
	/* Cut anywhere, and a bit may be another. */
	packet->length = length;
	if (length > 0 && random_below(state, 4) == 0)
		packet->bytes[random_below(state, length)] ^= 1 << random_below(state, 8);
	packet_cut(packet);
}

void
packets_free(void)
{
	nb_used = 0;
}
