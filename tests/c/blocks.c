/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "blocks.h"
#include "harness.h"

#define TYPE_SECTION    0x0a0d0d0a
#define TYPE_INTERFACE  1
#define TYPE_STATISTICS 5
#define TYPE_PACKET     6
#define MAGIC           0x1a2b3c4d
#define PCAP_MAGIC      0xa1b23c4d
#define PCAP_START      24
#define PCAP_RECORD     16

static uint32_t
word(const uint8_t *data, size_t offset)
{
	uint32_t value;

	memcpy(&value, data + offset, sizeof(value));
	return value;
}

static void
check_zero(const uint8_t *data, size_t size)
{
	while (size-- > 0)
		CHECK_EQ(data[size], 0);
}

/* Either there are none, or they end with the end of all, which ends the block, too. */
static void
read_options(const uint8_t *at, const uint8_t *end, struct block *block)
{
	while (at < end) {
		const uint16_t code = word(at, 0) & 0xffff, length = word(at, 0) >> 16;

		CHECK(end - at >= 4);
		if (code == 0) {
			CHECK_EQ(length, 0);
			CHECK(block->nb_options > 0);
			CHECK(at + 4 == end);
			return;
		}
		CHECK(code < BLOCK_OPTIONS && block->options[code].value == NULL);
		CHECK((size_t)(end - at) >= 4 + (size_t)length + (-length & 3) + 4);
		block->options[code] = (struct block_option){ at + 4, length };
		block->nb_options++;
		check_zero(at + 4 + length, -length & 3);
		at += 4 + length + (-length & 3);
	}
	CHECK_EQ(block->nb_options, 0);
}

static size_t
read_pcap(bool is_first, const uint8_t *data, size_t size, struct block *block)
{
	if (is_first) {
		CHECK(size >= PCAP_START && word(data, 0) == PCAP_MAGIC);
		CHECK_EQ(word(data, 4), 2 | 4 << 16);
		check_zero(data + 8, 8);
		block->kind = BLOCK_INTERFACE;
		block->snaplen = word(data, 16);
		block->link_type = word(data, 20);
		return PCAP_START;
	}
	CHECK(size >= PCAP_RECORD);
	block->kind = BLOCK_PACKET;
	CHECK(word(data, 4) < 1000000000);
	block->time_ns = word(data, 0) * UINT64_C(1000000000) + word(data, 4);
	block->captured_length = word(data, 8);
	block->original_length = word(data, 12);
	block->data = data + PCAP_RECORD;
	CHECK(size - PCAP_RECORD >= block->captured_length);
	return PCAP_RECORD + block->captured_length;
}

/* Returns where the options begin. */
static size_t
read_packet(const uint8_t *data, size_t size, struct block *block)
{
	size_t padded;

	CHECK(size >= 32);
	block->kind = BLOCK_PACKET;
	block->interface = word(data, 8);
	block->time_ns = (uint64_t)word(data, 12) << 32 | word(data, 16);
	block->captured_length = word(data, 20);
	block->original_length = word(data, 24);
	block->data = data + 28;
	padded = ((size_t)block->captured_length + 3) & ~(size_t)3;
	CHECK(size - 32 >= padded);
	check_zero(block->data + block->captured_length, padded - block->captured_length);
	return 28 + padded;
}

static size_t
read_head(const uint8_t *data, size_t size, struct block *block)
{
	switch (word(data, 0)) {
	case TYPE_SECTION:
		block->kind = BLOCK_SECTION;
		CHECK(size >= 28 && word(data, 8) == MAGIC && word(data, 12) == 1);
		CHECK(word(data, 16) == UINT32_MAX && word(data, 20) == UINT32_MAX);
		return 24;
	case TYPE_INTERFACE:
		block->kind = BLOCK_INTERFACE;
		CHECK(size >= 20 && word(data, 8) <= UINT16_MAX);
		block->link_type = word(data, 8);
		block->snaplen = word(data, 12);
		return 16;
	case TYPE_STATISTICS:
		block->kind = BLOCK_STATISTICS;
		CHECK(size >= 24);
		block->interface = word(data, 8);
		block->time_ns = (uint64_t)word(data, 12) << 32 | word(data, 16);
		return 20;
	default:
		CHECK_EQ(word(data, 0), TYPE_PACKET);
		return read_packet(data, size, block);
	}
}

size_t
block_read(bool is_pcap, bool is_first, const uint8_t *data, size_t size, struct block *block)
{
	size_t length, options;

	*block = (struct block){ 0 };
	if (is_pcap)
		return read_pcap(is_first, data, size, block);
	CHECK(size >= 12);
	length = word(data, 4);
	CHECK(length >= 12 && length % 4 == 0 && length <= size);
	CHECK_EQ(word(data, length - 4), length);
	options = read_head(data, length, block);
	CHECK_EQ(block->kind == BLOCK_SECTION, is_first);
	read_options(data + options, data + length - 4, block);
	return length;
}

uint64_t
block_number(const struct block *block, unsigned int code)
{
	const struct block_option *option = &block->options[code];
	uint64_t value = 0;

	CHECK(option->value != NULL && (option->length == 4 || option->length == 8));
	memcpy(&value, option->value, option->length);
	return value;
}

uint64_t
block_time(const struct block *block, unsigned int code)
{
	const uint64_t value = block_number(block, code);

	CHECK_EQ(block->options[code].length, 8);
	return value << 32 | value >> 32;
}

bool
block_text_is(const struct block *block, unsigned int code, const char *text)
{
	const struct block_option *option = &block->options[code];

	return option->value != NULL && option->length == strlen(text) &&
			memcmp(option->value, text, option->length) == 0;
}

static uint8_t
byte_of(uint32_t seed, uint32_t at)
{
	return (seed + at) * UINT32_C(2654435761) >> 24;
}

struct rte_mbuf *
loose_make(const uint16_t *lengths, unsigned int nb_segments, uint32_t seed)
{
	struct rte_mbuf *first = NULL, **next = &first, *segment;
	uint32_t done = 0, i;

	for (; nb_segments > 0; nb_segments--, next = &segment->next) {
		const uint16_t length = *lengths++;
		uint8_t *data = malloc(length + (length == 0));

		segment = aligned_alloc(RTE_CACHE_LINE_SIZE, sizeof(*segment));
		CHECK(data != NULL && segment != NULL);
		memset(segment, 0, sizeof(*segment));
		for (i = 0; i < length; i++)
			data[i] = byte_of(seed, done++);
		segment->buf_addr = data;
		segment->data_len = length;
		*next = segment;
		first->nb_segs++;
	}
	first->pkt_len = done;
	return first;
}

struct rte_mbuf *
loose_random(uint32_t length, uint32_t seed)
{
	uint16_t lengths[2048];
	unsigned int nb = 0;

	while (nb < RTE_DIM(lengths) - 1 && (length > 0 || nb == 0)) {
		lengths[nb] = RTE_MIN(length, (uint32_t)rand() % (rand() % 2 != 0 ? 9000 : 40));
		length -= lengths[nb++];
	}
	lengths[nb++] = RTE_MIN(length, (uint32_t)UINT16_MAX);
	return loose_make(lengths, nb, seed);
}

void
loose_free(struct rte_mbuf *pkt)
{
	while (pkt != NULL) {
		struct rte_mbuf *next = pkt->next;

		free(pkt->buf_addr);
		free(pkt);
		pkt = next;
	}
}

void
loose_check(const struct block *block, uint32_t seed)
{
	uint32_t i;

	for (i = 0; i < block->captured_length; i++)
		CHECK_EQ(block->data[i], byte_of(seed, i));
}
