/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_FFI_HEAD_H
#define MIRROR_FFI_HEAD_H

/**
 * @file
 * What the first bytes of a file tell that libpcap does not.
 */

#include <stddef.h>
#include <stdint.h>

/** Why it is no capture, in a sentence; NULL: it does not look like anything else. */
const char *ffi_head_reason(const uint8_t *head, size_t size);

/** How many bytes of check sequence the frames of a pcapng's first interface end with; 0 if it does not say. */
uint8_t ffi_head_fcs_length(const uint8_t *head, size_t size);

#endif /* MIRROR_FFI_HEAD_H */
