/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef PLUGIN_SPEC_KEYS_H
#define PLUGIN_SPEC_KEYS_H

/**
 * @file
 * The keys of a spec's text, for the files that read and write them. Sentences are those of Python.
 */

#include "spec.h"

struct key {
	const char *name;
	/** Reads a value: 0 or -EINVAL, and then the spec may be half-read. */
	int (*read)(struct spec *spec, const struct key *key, const char *value);
	/** Appends ,key=value, or nothing where the value says nothing. */
	void (*write)(const struct spec *spec, const struct key *key, struct text *text);
	const struct choice *choices;
	size_t offset; /**< of a number, within struct rte_mirror_param; of ranges, within struct spec */
	size_t size;   /**< of a number */
	uint32_t last; /**< the greatest number of ranges */
};

/** Appends ,name=value, between quotes where it needs them. */
void spec_write_value(struct text *text, const char *name, const char *value);

/*
 * What packets are chosen by. An empty value is none.
 */
int spec_read_filter(struct spec *spec, const struct key *key, const char *value);
void spec_write_filter(const struct spec *spec, const struct key *key, struct text *text);
int spec_read_mac(struct spec *spec, const struct key *key, const char *value);
void spec_write_mac(const struct spec *spec, const struct key *key, struct text *text);
int spec_read_ranges(struct spec *spec, const struct key *key, const char *value);
void spec_write_ranges(const struct spec *spec, const struct key *key, struct text *text);
int spec_read_flow(struct spec *spec, const struct key *key, const char *value);
void spec_write_flow(const struct spec *spec, const struct key *key, struct text *text);
int spec_read_sample(struct spec *spec, const struct key *key, const char *value);
void spec_write_sample(const struct spec *spec, const struct key *key, struct text *text);

#endif /* PLUGIN_SPEC_KEYS_H */
