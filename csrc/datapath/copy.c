/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stddef.h>
#include <string.h>

#include <rte_mbuf_dyn.h>
#include <rte_prefetch.h>

#include "../filter/read.h"
#include "datapath.h"
#include "stock.h"

/*
 * Mbufs of the mirror's own: copies, and references to the rest of a packet.
 *
 * What a pool gives is as DPDK leaves raw mbufs: one reference, one segment, next NULL. So only what differs is
 * written, and a copy in one segment never touches its mbuf's second cache line.
 */

/* The flags that belong to dynamic fields. */
#define DYNAMIC_FLAGS ((RTE_MBUF_F_LAST_FREE << 1) - RTE_MBUF_F_FIRST_FREE)

struct mirror_origin_field mirror_origin_field;

/* A packet of our own in the making, and where in the original its next byte is. */
struct chain {
	struct rte_mbuf *first;
	struct rte_mbuf *last;
	struct rte_mbuf *seg;
	uint32_t offset;
};

static inline void
mirror_mbuf_init(struct rte_mbuf *own, const struct mirror_entry *entry, const struct rte_mbuf *pkt,
		uint32_t length)
{
	own->data_off = RTE_PKTMBUF_HEADROOM;
	own->port = pkt->port;
	own->ol_flags = entry->own_flags;
	own->packet_type = 0;
	own->pkt_len = length;
	own->data_len = length;
}

/* Data that is in another's mbuf, or in none. Apart, since it is seldom and long. */
static __rte_noinline void
mirror_attach_indirect(struct rte_mbuf *own, struct rte_mbuf *seg)
{
	own->ol_flags = 0;
	rte_pktmbuf_attach(own, seg);
	own->ol_flags &= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
}

/* Makes an mbuf refer to a part of another's data, and hold what that data is in. */
static inline void
mirror_attach(struct rte_mbuf *own, struct rte_mbuf *seg, uint32_t offset, uint32_t length)
{
	if (likely(RTE_MBUF_DIRECT(seg))) {
		rte_mbuf_refcnt_update(seg, 1);
		own->buf_addr = seg->buf_addr;
		rte_mbuf_iova_set(own, rte_mbuf_iova_get(seg));
		own->buf_len = seg->buf_len;
		/* Leads from the data back to seg. Not read from there: it is in the second cache line. */
		own->priv_size = RTE_PTR_DIFF(seg->buf_addr, seg) - sizeof(*seg);
		own->ol_flags = RTE_MBUF_F_INDIRECT;
	} else {
		mirror_attach_indirect(own, seg);
	}
	own->data_off = seg->data_off + offset;
	own->packet_type = 0;
	own->pkt_len = length;
	own->data_len = length;
}

static void
mirror_chain_append(struct chain *chain, struct rte_mbuf *own)
{
	if (chain->first == NULL) {
		chain->first = own;
	} else {
		chain->last->next = own;
		chain->first->pkt_len += own->data_len;
		chain->first->nb_segs++;
	}
	chain->last = own;
}

/* How many bytes come next in one piece, of so many that there are. */
static uint32_t
mirror_chain_contiguous(struct chain *chain, uint32_t length)
{
	while (chain->offset == chain->seg->data_len) {
		chain->seg = chain->seg->next;
		chain->offset = 0;
	}
	return RTE_MIN(length, chain->seg->data_len - chain->offset);
}

static void
mirror_chain_copy_bytes(struct chain *chain, void *to, uint32_t length)
{
	uint32_t nb;

	for (; length > 0; length -= nb) {
		nb = mirror_chain_contiguous(chain, length);
		memcpy(to, rte_pktmbuf_mtod_offset(chain->seg, void *, chain->offset), nb);
		chain->offset += nb;
		to = RTE_PTR_ADD(to, nb);
	}
}

static bool
mirror_chain_append_copy(struct chain *chain, const struct mirror_entry *entry,
		struct mirror_stock *stock, uint32_t length)
{
	struct rte_mbuf *own;
	uint32_t nb;

	do {
		own = mirror_stock_next(stock);
		if (own == NULL)
			return false;
		nb = RTE_MIN(length, entry->room);
		mirror_mbuf_init(own, entry, chain->seg, nb);
		mirror_chain_append(chain, own);
		mirror_chain_copy_bytes(chain, rte_pktmbuf_mtod(own, void *), nb);
		length -= nb;
	} while (length > 0);
	return true;
}

static bool
mirror_chain_append_references(struct chain *chain, struct mirror_stock *stock, uint32_t length)
{
	struct rte_mbuf *own;
	uint32_t nb;

	for (; length > 0; length -= nb) {
		own = mirror_stock_next(stock);
		if (own == NULL)
			return false;
		nb = mirror_chain_contiguous(chain, length);
		mirror_attach(own, chain->seg, chain->offset, nb);
		mirror_chain_append(chain, own);
		chain->offset += nb;
	}
	return true;
}

/* The first bytes of a packet copied, and references to what follows up to a length; NULL: not enough mbufs. */
static struct rte_mbuf *
mirror_gather(const struct mirror_entry *entry, struct mirror_stock *stock, struct rte_mbuf *pkt,
		uint32_t copied, uint32_t length)
{
	/* Of an empty packet the copy is an empty mbuf. */
	const bool has_copy = copied > 0 || length == 0;
	struct chain chain = { .seg = pkt };

	if ((!has_copy || mirror_chain_append_copy(&chain, entry, stock, copied)) &&
			mirror_chain_append_references(&chain, stock, length - copied)) {
		chain.first->port = pkt->port;
		return chain.first;
	}
	rte_pktmbuf_free(chain.first);
	return NULL;
}

/* The same where all of it is in the first segment, and what is copied fits in one mbuf and is not nothing. */
static __rte_always_inline struct rte_mbuf *
mirror_make(const struct mirror_entry *entry, struct mirror_stock *stock, struct rte_mbuf *pkt,
		uint32_t copied, uint32_t length)
{
	struct rte_mbuf *own = mirror_stock_next(stock), *rest;

	if (unlikely(own == NULL))
		return NULL;
	mirror_mbuf_init(own, entry, pkt, copied);
	memcpy(rte_pktmbuf_mtod(own, void *), rte_pktmbuf_mtod(pkt, void *), copied);
	if (copied == length)
		return own;
	rest = mirror_stock_next(stock);
	if (unlikely(rest == NULL)) {
		rte_mbuf_raw_free(own);
		return NULL;
	}
	mirror_attach(rest, pkt, copied, length - copied);
	own->next = rest;
	own->nb_segs = 2;
	own->pkt_len = length;
	return own;
}

static void
mirror_cut(struct rte_mbuf *own, uint32_t length)
{
	struct rte_mbuf *last = own;

	if (own->pkt_len <= length)
		return;
	own->pkt_len = length;
	for (own->nb_segs = 1; length > last->data_len; own->nb_segs++) {
		length -= last->data_len;
		last = last->next;
	}
	last->data_len = length;
	rte_pktmbuf_free(last->next);
	last->next = NULL;
}

static void
mirror_set_origin(const struct mirror_burst *burst, uint64_t tsc, const struct rte_mbuf *pkt,
		struct rte_mbuf *own)
{
	struct mirror_origin *origin = RTE_MBUF_DYNFIELD(
			own, mirror_origin_field.offset, struct mirror_origin *);

	/* With what the application's own dynamic fields say. */
	memcpy(own->dynfield1, pkt->dynfield1, sizeof(own->dynfield1));
	own->ol_flags |= (pkt->ol_flags & DYNAMIC_FLAGS) | mirror_origin_field.flag;
	*origin = (struct mirror_origin){
		.tsc = tsc,
		.pkt_len = MIRROR_WIRE_LEN(own),
		.port_id = burst->port_id,
		.queue_id = burst->queue_id,
		.is_tx = burst->is_tx,
	};
}

/* How many bytes of a packet are copied, if so many are taken. */
static inline uint32_t
mirror_bytes_to_copy(const struct mirror_entry *entry, uint32_t length)
{
	return length > entry->copy_up_to ? entry->split_len : length;
}

/* Counts a packet that cannot be had, and frees what has been made of it. */
static struct rte_mbuf *
mirror_leave_out(struct rte_mbuf *own, uint64_t *counter)
{
	(*counter)++;
	rte_pktmbuf_free(own);
	return NULL;
}

/* What counts a packet that is longer, or shorter, than any that the target takes. */
static uint64_t *
mirror_misfit(const struct mirror_entry *entry, uint32_t length)
{
	struct rte_mirror_stats *stats = &entry->counters->stats;

	return length < entry->shortest ? &stats->unsupported : &stats->oversize;
}

/* Of any packet, whatever it looks like; NULL: it cannot be had, and is counted. */
static __rte_noinline struct rte_mbuf *
mirror_take_any(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct mirror_stock *stock, uint64_t tsc, struct rte_mbuf *pkt)
{
	struct mirror_counters *counters = entry->counters;
	const uint64_t flags = mirror_off_wire(pkt, burst->off_wire);
	const uint32_t wanted = RTE_MIN(pkt->pkt_len, entry->snaplen);
	/* What is to look as on the wire is copied, and cut only then. */
	const uint32_t length = flags != 0 ? pkt->pkt_len : wanted;
	uint32_t copied = flags != 0 ? length : mirror_bytes_to_copy(entry, length);
	uint32_t wire_length = pkt->pkt_len;
	struct rte_mbuf *own;

	if (!mirror_is_whole(pkt))
		return mirror_leave_out(NULL, &counters->stats.unsupported);
	/* On the wire it is no shorter. */
	if (wanted - entry->shortest > entry->span + entry->tag_room)
		return mirror_leave_out(NULL, mirror_misfit(entry, wanted));
	/* What is copied, and a reference to each segment, at the most. */
	if (copied < length &&
			(pkt->nb_segs + (copied > 0) > entry->max_segs ||
					!mirror_may_refer_to(pkt)))
		copied = length;
	own = length <= pkt->data_len && copied - 1 < entry->room ?
			mirror_make(entry, stock, pkt, copied, length) :
			mirror_gather(entry, stock, pkt, copied, length);
	if (own == NULL)
		return mirror_leave_out(NULL, &counters->stats.nombuf);
	if (flags != 0) {
		if (!mirror_put_on_wire(own, pkt, flags))
			return mirror_leave_out(own, &counters->stats.unsupported);
		wire_length = own->pkt_len;
		mirror_cut(own, entry->snaplen);
	}
	if (!mirror_fits(entry, own, own->pkt_len))
		return mirror_leave_out(own, &counters->stats.oversize);
	if (own->nb_segs > entry->max_segs)
		return mirror_leave_out(own, &counters->stats.unsupported);
	MIRROR_WIRE_LEN(own) = wire_length;
	if (entry->with_origin)
		mirror_set_origin(burst, tsc, pkt, own);
	return own;
}

/* Whether a packet is one segment that more references may be had to. */
static inline bool
mirror_is_single(const struct rte_mbuf *pkt)
{
	return mirror_is_plain(pkt) ||
			(pkt->nb_segs == 1 && rte_mbuf_refcnt_read(pkt) < MIRROR_MAX_REFERENCES);
}

/* The same, sooner for what most packets are; others are odd. */
static inline struct rte_mbuf *
mirror_take_one(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct mirror_stock *stock, uint64_t tsc, uint64_t odd, struct rte_mbuf *pkt)
{
	const uint32_t length = RTE_MIN(pkt->pkt_len, entry->snaplen);
	const uint32_t copied = mirror_bytes_to_copy(entry, length);
	struct rte_mbuf *own;

	/* Also if nothing is copied, by way of what 0 less 1 is. */
	if (unlikely(pkt->pkt_len > pkt->data_len || (pkt->ol_flags & odd) != 0 ||
			    copied - 1 >= entry->room || length - entry->shortest > entry->span ||
			    !mirror_is_single(pkt)))
		return mirror_take_any(entry, burst, stock, tsc, pkt);
	own = mirror_make(entry, stock, pkt, copied, length);
	if (unlikely(own == NULL)) {
		entry->counters->stats.nombuf++;
		return NULL;
	}
	MIRROR_WIRE_LEN(own) = pkt->pkt_len;
	if (unlikely(entry->with_origin))
		mirror_set_origin(burst, tsc, pkt, own);
	return own;
}

static inline uint16_t
mirror_take_each(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	const uint64_t tsc = entry->with_origin ? mirror_visit_tsc(burst->visit) : 0;
	uint64_t odd = burst->off_wire;
	unsigned int needed = nb_pkts;
	struct mirror_stock stock;
	uint64_t sum = 0;
	uint16_t i, nb = 0;

	for (i = 0; i < nb_pkts; i++) {
		needed += entry->mode == RTE_MIRROR_SPLIT && pkts[i]->pkt_len > entry->copy_up_to;
		rte_prefetch0(rte_pktmbuf_mtod(pkts[i], void *));
	}
	/* Data that is elsewhere has its references counted elsewhere. */
	if (entry->copy_up_to != UINT32_MAX)
		odd |= RTE_MBUF_F_INDIRECT | RTE_MBUF_F_EXTERNAL;
	mirror_stock_fill(&stock, entry->pool, needed);
	for (i = 0; i < nb_pkts; i++) {
		struct rte_mbuf *own = mirror_take_one(entry, burst, &stock, tsc, odd, pkts[i]);

		if (own == NULL)
			continue;
		sum += own->pkt_len;
		taken[nb++] = own;
	}
	mirror_stock_return(&stock);
	if (entry->ring != NULL && nb > 0)
		mirror_fetch_next(entry->pool, needed, taken[0]->data_len);
	*bytes = sum;
	return nb;
}

uint16_t
mirror_take_own(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes)
{
	uint64_t *nombuf = &entry->counters->stats.nombuf;
	const uint64_t before = *nombuf;
	uint16_t nb;

	*bytes = 0;
	if (entry->ring != NULL && mirror_ring_is_dry(entry->ring)) {
		*nombuf += nb_pkts;
		return 0;
	}
	nb = mirror_take_each(entry, burst, pkts, nb_pkts, taken, bytes);
	/* Not because one packet has needed more than the pool ever has. */
	if (unlikely(*nombuf != before) && entry->ring != NULL && entry->pool != NULL &&
			mirror_is_low(entry->pool))
		mirror_ring_set_dry(entry->ring);
	return nb;
}
