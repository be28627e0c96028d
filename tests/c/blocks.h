/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_BLOCKS_H
#define TESTS_C_BLOCKS_H

/**
 * @file
 * Captures read block by block, as the formats' drafts have it: whatever is wrong ends the test. And packets of any
 * segments, each in memory of its own of just that size, so that AddressSanitizer sees whatever reads more.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

enum block_kind { BLOCK_SECTION, BLOCK_INTERFACE, BLOCK_PACKET, BLOCK_STATISTICS };

/** An option as it is in the block; NULL: it is not there. */
#define BLOCK_OPTIONS 16
struct block_option {
	const uint8_t *value;
	uint16_t length;
};

struct block {
	enum block_kind kind;
	uint32_t interface; /* packets', statistics' */
	uint64_t time_ns;
	uint32_t link_type;
	uint32_t snaplen;
	uint32_t captured_length;
	uint32_t original_length;
	const uint8_t *data;
	struct block_option options[BLOCK_OPTIONS]; /* by their code */
	unsigned int nb_options;
};

/** Reads the block that begins here, and returns its size. Of a pcap its header is an interface. */
size_t block_read(
		bool is_pcap, bool is_first, const uint8_t *data, size_t size, struct block *block);

/** An option's number of 4 or 8 bytes. */
uint64_t block_number(const struct block *block, unsigned int code);
/** One that is a time: its higher half comes first. */
uint64_t block_time(const struct block *block, unsigned int code);
bool block_text_is(const struct block *block, unsigned int code, const char *text);

/** A packet of bytes that its seed tells, in segments of these lengths. */
struct rte_mbuf *loose_make(const uint16_t *lengths, unsigned int nb_segments, uint32_t seed);
/** Of so many bytes in all, in segments of random lengths. */
struct rte_mbuf *loose_random(uint32_t length, uint32_t seed);
void loose_free(struct rte_mbuf *pkt);
/** A block has the first bytes of that packet. */
void loose_check(const struct block *block, uint32_t seed);

#endif /* TESTS_C_BLOCKS_H */
