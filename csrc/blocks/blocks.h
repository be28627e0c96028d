/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_BLOCKS_BLOCKS_H
#define MIRROR_BLOCKS_BLOCKS_H

/**
 * @file
 * Finds its way through a pcapng of this machine's byte order, for whoever reads one from an application, and writes it. Python
 * has the same in tap/blocks.py, for where this is not compiled, and says there what it means.
 *
 * Nothing of DPDK's. Positions are in bytes, and multiples of 4; of what is between start and end anything may be untrue.
 */

#include <stdint.h>

/** Bytes of the longest block that is believed in. */
#define MIRROR_BLOCKS_LONGEST 524288

/** Where the next block begins, and how many of those before it are packets. */
struct mirror_blocks_passed {
	uint64_t stop;
	uint64_t packets;
};

/** Passes whole blocks, up to a header, one that is broken, or one that ends beyond end; most: so many packets; negative: all. */
struct mirror_blocks_passed mirror_blocks_pass(
		const uint32_t *words, uint64_t start, uint64_t end, int64_t most);

/** Passes whole blocks, up to the first packet that has that time or a later one. */
struct mirror_blocks_passed mirror_blocks_find_time(
		const uint32_t *words, uint64_t start, uint64_t end, uint64_t since_ns);

/** Passes whole blocks, up to the first that counts what became of packets: where it begins. */
uint64_t mirror_blocks_find_statistics(const uint32_t *words, uint64_t start, uint64_t end);

/** So many bytes have been written; the errno of what has ended it. */
struct mirror_blocks_written {
	uint64_t size;
	int32_t error;
};

/** Writes all, in pieces that files' caches take best. */
struct mirror_blocks_written mirror_blocks_write(int fd, const void *data, uint64_t size);

#endif /* MIRROR_BLOCKS_BLOCKS_H */
