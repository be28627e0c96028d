/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <errno.h>
#include <unistd.h>

#include "blocks.h"

/* What tap/blocks.py has as _AT_ONCE. */
#define AT_ONCE (1 << 17)

struct mirror_blocks_written
mirror_blocks_write(int fd, const void *data, uint64_t size)
{
	const char *bytes = data;
	struct mirror_blocks_written written = { 0 };
	uint64_t left;
	ssize_t count;

	while ((left = size - written.size) > 0) {
		count = write(fd, bytes + written.size, left < AT_ONCE ? left : AT_ONCE);
		if (count < 0) {
			written.error = errno;
			break;
		}
		written.size += (uint64_t)count;
	}
	return written;
}
