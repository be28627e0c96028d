/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef FILTER_DIFFER_H
#define FILTER_DIFFER_H

/**
 * @file
 * What the library's engines make of a program and a packet, and what they ought to.
 */

#include <stdbool.h>
#include <stddef.h>

#include "../../csrc/filter/filter.h"
#include "packets.h"

/** Whether bpf_filter() is asked, too: not where libpcap is not. */
#ifndef WITH_LIBPCAP
#define WITH_LIBPCAP 1
#endif

/**
 * Runs a filter, interpreted and as code, on a packet in all its cuts, whole and with its tags outside of it, and compares
 * with the oracle and libpcap.
 *
 * @return
 *   What differs; NULL: nothing.
 */
const char *differ(const struct mirror_filter *filter, const struct packet *packet);

#endif /* FILTER_DIFFER_H */
