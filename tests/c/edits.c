/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <string.h>

#include "edits.h"
#include "harness.h"
#include "packets.h"
#include "rte_mirror.h"

#define APPENDED 100

static void
invert(struct rte_mbuf *pkt, uint32_t from, uint32_t to)
{
	uint8_t byte;

	for (; from < to && from < pkt->pkt_len; from++) {
		byte = *(const uint8_t *)rte_pktmbuf_read(pkt, from, 1, &byte) ^ 0xff;
		packet_write(pkt, from, &byte, 1);
	}
}

static bool
rewrite_macs(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	invert(*pkt, 0, 12);
	return true;
}

/* And the checksum. */
static bool
decrement_ttl(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	invert(*pkt, 22, 23);
	invert(*pkt, 24, 26);
	return (*pkt)->pkt_len >= 26;
}

/* Addresses and ports. */
static bool
translate_addresses(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	invert(*pkt, 26, 38);
	return (*pkt)->pkt_len >= 38;
}

static bool
rewrite_all_headers(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	invert(*pkt, 0, RTE_MIRROR_SPLIT_LEN);
	return true;
}

static bool
push_vlan(const struct originals *originals, struct rte_mbuf **pkt)
{
	char *data;

	(void)originals;
	if ((*pkt)->data_len < 12)
		return false;
	data = rte_pktmbuf_prepend(*pkt, 4);
	CHECK(data != NULL);
	memmove(data, data + 4, 12);
	memset(data + 12, 0x81, 4);
	return true;
}

static bool
pop_vlan(const struct originals *originals, struct rte_mbuf **pkt)
{
	char *data = rte_pktmbuf_mtod(*pkt, char *);

	(void)originals;
	if ((*pkt)->data_len < 16)
		return false;
	memmove(data + 4, data, 12);
	return rte_pktmbuf_adj(*pkt, 4) != NULL;
}

/* VXLAN over IPv4, into the headroom. */
static bool
encapsulate(const struct originals *originals, struct rte_mbuf **pkt)
{
	char *data = rte_pktmbuf_prepend(*pkt, 50);

	(void)originals;
	CHECK(data != NULL);
	memset(data, 0x4d, 50);
	return true;
}

static bool
encapsulate_in_an_mbuf_in_front(const struct originals *originals, struct rte_mbuf **pkt)
{
	struct rte_mbuf *front = rte_pktmbuf_alloc(originals->direct);

	CHECK(front != NULL);
	memset(rte_pktmbuf_append(front, 50), 0x4d, 50);
	CHECK_EQ(rte_pktmbuf_chain(front, *pkt), 0);
	*pkt = front;
	return true;
}

/* Takes the Ethernet header off and puts another on. */
static bool
change_ethernet(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	if (rte_pktmbuf_adj(*pkt, 14) == NULL)
		return false;
	memset(rte_pktmbuf_prepend(*pkt, 14), 0x4d, 14);
	return true;
}

static bool
adjust(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	return rte_pktmbuf_adj(*pkt, RTE_MIN((*pkt)->data_len, 300)) != NULL;
}

static bool
trim(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	CHECK_EQ(rte_pktmbuf_trim(*pkt, rte_pktmbuf_lastseg(*pkt)->data_len / 2), 0);
	return true;
}

static bool
drop_the_tail(const struct originals *originals, struct rte_mbuf **pkt)
{
	struct rte_mbuf *tail = (*pkt)->next;

	(void)originals;
	if (tail == NULL)
		return false;
	(*pkt)->next = NULL;
	(*pkt)->nb_segs = 1;
	(*pkt)->pkt_len = (*pkt)->data_len;
	rte_pktmbuf_free(tail);
	return true;
}

/* Writes where the first segment has room behind its data. */
static bool
linearize(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	return (*pkt)->nb_segs > 1 && rte_pktmbuf_linearize(*pkt) == 0;
}

static bool
change_fields(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	(*pkt)->ol_flags |= RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_IP_CKSUM | RTE_MBUF_F_RX_VLAN;
	(*pkt)->vlan_tci = 0xfff;
	(*pkt)->vlan_tci_outer = 0xfff;
	(*pkt)->packet_type = UINT32_MAX;
	(*pkt)->hash.rss = UINT32_MAX;
	(*pkt)->tx_offload = UINT64_MAX;
	(*pkt)->port = 99;
	(*pkt)->data_off = 0;
	(*pkt)->data_len = 7;
	(*pkt)->pkt_len = 7;
	return true;
}

static bool
free_at_once(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	rte_pktmbuf_free(*pkt);
	*pkt = NULL;
	return true;
}

static bool
write_behind_the_headers(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	invert(*pkt, RTE_MIRROR_SPLIT_LEN, RTE_MIRROR_SPLIT_LEN + 1);
	return (*pkt)->pkt_len > RTE_MIRROR_SPLIT_LEN;
}

/* A new trailer in the place of an old. */
static bool
trim_then_append(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	if ((*pkt)->pkt_len < RTE_MIRROR_SPLIT_LEN + APPENDED ||
			rte_pktmbuf_trim(*pkt, APPENDED) != 0)
		return false;
	memset(rte_pktmbuf_append(*pkt, APPENDED), 0x4d, APPENDED);
	return true;
}

static bool
encrypt_in_place(const struct originals *originals, struct rte_mbuf **pkt)
{
	(void)originals;
	invert(*pkt, 0, (*pkt)->pkt_len);
	return true;
}

const struct edit header_edits[] = {
	{ "rewrite_macs", rewrite_macs },
	{ "decrement_ttl", decrement_ttl },
	{ "translate_addresses", translate_addresses },
	{ "rewrite_all_headers", rewrite_all_headers },
	{ "push_vlan", push_vlan },
	{ "pop_vlan", pop_vlan },
	{ "encapsulate", encapsulate },
	{ "encapsulate_in_an_mbuf_in_front", encapsulate_in_an_mbuf_in_front },
	{ "change_ethernet", change_ethernet },
	{ "adjust", adjust },
	{ "trim", trim },
	{ "drop_the_tail", drop_the_tail },
	{ "linearize", linearize },
	{ "change_fields", change_fields },
	{ "free_at_once", free_at_once },
	{ NULL, NULL },
};

const struct edit payload_edits[] = {
	{ "write_behind_the_headers", write_behind_the_headers },
	{ "trim_then_append", trim_then_append },
	{ "encrypt_in_place", encrypt_in_place },
	{ NULL, NULL },
};
