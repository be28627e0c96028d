/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <rte_cycles.h>

#include "datapath.h"

/*
 * Takes a portion of what is in the bucket, at least so many tokens if there is anything in it. Those that are not there
 * yet are owed: the next ones wait for them. So the rate holds, and a packet of any length passes.
 */
static __rte_noinline uint64_t
mirror_bucket_draw(struct mirror_bucket *bucket, uint64_t least)
{
	const uint64_t now = rte_rdtsc();
	uint64_t before = __atomic_load_n(&bucket->empty_at, __ATOMIC_RELAXED), from, tokens;
	double cycles;

	do {
		if (before > now)
			return 0;
		from = RTE_MAX(before, now - bucket->depth);
		tokens = (uint64_t)((double)(now - from) / bucket->cycles_per_token);
		tokens = RTE_MIN(tokens, bucket->portion);
		tokens = RTE_MAX(tokens, least);
		/* A packet that says it is very long is owed for years, not for ever. */
		cycles = RTE_MIN((double)tokens * bucket->cycles_per_token + 0.5, 0x1p60);
		/* Tokens say nothing of other memory. */
	} while (!__atomic_compare_exchange_n(&bucket->empty_at, &before, from + (uint64_t)cycles,
			false, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return tokens;
}

/* What a packet costs. */
static inline uint64_t
mirror_price(const struct mirror_entry *entry, const struct rte_mbuf *pkt)
{
	return entry->selector->bucket->counts_bits ?
			8 * (uint64_t)RTE_MIN(pkt->pkt_len, entry->snaplen) :
			1;
}

/* One after the other, for as long as there are tokens. */
static __rte_noinline uint16_t
mirror_limit_each(const struct mirror_entry *entry, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	struct mirror_progress *progress = entry->progress;
	uint64_t tokens = progress->tokens, price, drawn;
	uint16_t i;

	for (i = 0; i < nb_pkts; i++) {
		price = mirror_price(entry, pkts[i]);
		while (tokens < price) {
			drawn = mirror_bucket_draw(entry->selector->bucket, price - tokens);
			if (drawn == 0)
				goto out;
			tokens += drawn;
		}
		tokens -= price;
	}
out:
	progress->tokens = tokens;
	return i;
}

uint16_t
mirror_limit(const struct mirror_entry *entry, struct rte_mbuf *const *pkts, uint16_t nb_pkts)
{
	struct mirror_progress *progress = entry->progress;
	uint64_t price = nb_pkts;
	uint16_t i;

	if (entry->selector->bucket->counts_bits) {
		for (i = 0, price = 0; i < nb_pkts; i++)
			price += mirror_price(entry, pkts[i]);
	}
	if (unlikely(progress->tokens < price))
		return mirror_limit_each(entry, pkts, nb_pkts);
	progress->tokens -= price;
	return nb_pkts;
}
