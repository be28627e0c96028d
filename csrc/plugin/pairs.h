/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_PAIRS_H
#define MIRROR_PLUGIN_PAIRS_H

/**
 * @file
 * key=value,... as MirrorSpec writes it: keys of [A-Za-z0-9_], values of [A-Za-z0-9_.:/+-] or between quotes. Between
 * quotes stands printable ASCII; each byte that is a quote, a backslash or anything else is written \xHH, in lower
 * case. What comes out is UTF-8 without NULs.
 *
 * The text comes from outside and may be anything.
 */

#include <stdbool.h>
#include <stdint.h>

/** Bytes of the longest text that is read, the terminating 0 included. A request has fewer; what several ask for adds up. */
#define PAIRS_TEXT_SIZE 4096

/** How many pairs a text may have. */
#define PAIRS_MAX 32

struct pair {
	const char *key;
	const char *value;
	bool is_taken;
};

struct compiled;

/** Who asks, by the kernel's word. */
struct peer {
	bool is_known;
	uint32_t uid;
	uint32_t pid; /**< 0: it is in no namespace that is seen from here */
};

struct pairs {
	char text[PAIRS_TEXT_SIZE]; /**< what key and value point into */
	/** What the value of filter has been compiled to since; NULL: it has not been, or is empty. */
	struct compiled *filter;
	struct peer peer;
	unsigned int nb;
	struct pair pairs[PAIRS_MAX];
};

/** Reads a text; NULL is an empty one. 0, or -EINVAL, the refusal kept. */
int mirror_pairs_read(struct pairs *pairs, const char *text);
/** A key's value, which counts as taken then; NULL: there is none. */
const char *mirror_pairs_take(struct pairs *pairs, const char *key);
/** The first pair that nobody has taken, or NULL. */
const struct pair *mirror_pairs_left(const struct pairs *pairs);

/** Whether a value may stand without quotes. */
bool mirror_pairs_is_plain(const char *value);

#endif /* MIRROR_PLUGIN_PAIRS_H */
