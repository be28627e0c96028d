/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <stdbool.h>

#include "blocks.h"

#define SECTION    0x0A0D0D0Au
#define INTERFACE  1u
#define STATISTICS 5u
#define PACKET     6u

/* Words: a kind, and the length twice. */
#define SHORTEST 3
/* Of a packet, where its time ends. */
#define TIME_END 5

/* So many blocks ahead. */
#define AHEAD 8

/*
 * What is passed is in no near cache as a rule, and each block says where the next one is: they would be waited for one by one.
 * Packets are often as long as the one before; where they are not, it does no harm.
 */
static void
fetch_ahead(const uint32_t *words, uint64_t at, uint64_t length)
{
	__builtin_prefetch(
			(const void *)((uintptr_t)words + (at + AHEAD * length) * sizeof(*words)));
}

/* How many words the whole block at words[at] has; 0: it is broken, or ends behind last. */
static uint64_t
whole_block(const uint32_t *words, uint64_t at, uint64_t last)
{
	uint64_t length;

	if (last - at < SHORTEST || words[at + 1] > MIRROR_BLOCKS_LONGEST ||
			words[at + 1] % sizeof(*words) != 0)
		return 0;
	length = words[at + 1] / sizeof(*words);
	if (length < SHORTEST || length > last - at || words[at + length - 1] != words[at + 1])
		return 0;
	return length;
}

struct mirror_blocks_passed
mirror_blocks_pass(const uint32_t *words, uint64_t start, uint64_t end, int64_t most)
{
	struct mirror_blocks_passed passed = { .stop = start };
	uint64_t at = start / sizeof(*words), last = end / sizeof(*words), length;

	while (at < last && (most < 0 || passed.packets < (uint64_t)most)) {
		length = whole_block(words, at, last);
		if (length == 0 || words[at] == SECTION || words[at] == INTERFACE)
			break;
		fetch_ahead(words, at, length);
		passed.packets += words[at] == PACKET;
		at += length;
	}
	passed.stop = at * sizeof(*words);
	return passed;
}

static bool
is_since(const uint32_t *block, uint64_t length, uint64_t since_ns)
{
	return length >= TIME_END && ((uint64_t)block[3] << 32 | block[4]) >= since_ns;
}

struct mirror_blocks_passed
mirror_blocks_find_time(const uint32_t *words, uint64_t start, uint64_t end, uint64_t since_ns)
{
	struct mirror_blocks_passed passed = { .stop = start };
	uint64_t at = start / sizeof(*words), last = end / sizeof(*words), length;

	while (at < last && (length = whole_block(words, at, last)) != 0) {
		if (words[at] == PACKET) {
			if (is_since(words + at, length, since_ns))
				break;
			passed.packets++;
		}
		at += length;
	}
	passed.stop = at * sizeof(*words);
	return passed;
}

uint64_t
mirror_blocks_find_statistics(const uint32_t *words, uint64_t start, uint64_t end)
{
	uint64_t at = start / sizeof(*words), last = end / sizeof(*words), length;

	while (at < last && (length = whole_block(words, at, last)) != 0 && words[at] != STATISTICS)
		at += length;
	return at * sizeof(*words);
}
