/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#include <string.h>

#include "code.h"

void
mirror_emit(struct mirror_assembly *assembly, const void *bytes, size_t length)
{
	if (length > assembly->room - assembly->length) {
		assembly->is_too_long = true;
		return;
	}
	memcpy(assembly->bytes + assembly->length, bytes, length);
	assembly->length += length;
}

void
mirror_emit_jump(struct mirror_assembly *assembly, size_t to)
{
	if (assembly->nb_jumps == assembly->jumps_room) {
		assembly->is_too_long = true;
		return;
	}
	assembly->jumps[assembly->nb_jumps++] = (struct mirror_jump){ assembly->length, to };
}
