/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_SPECS_H
#define TESTS_C_SPECS_H

/**
 * @file
 * Specs for tests of what the plugin reads and remembers.
 */

#include "../../csrc/plugin/spec.h"
#include "harness.h"

/** A text, and what it comes to, or what its refusal says. */
struct spec_text {
	const char *text, *expected;
};

/** Reads a text as a spec, every key of which has to be the spec's. */
int read_spec(const char *text, struct spec *spec);
/** Reads what a text changes of a spec. */
int change_spec(struct spec *spec, const char *text);
/**
 * Reads each of the texts, and expects the library to be given parameters that are written so, behind a prefix that all
 * have; and what is remembered of the text to come to the same.
 */
void check_written(const struct spec_text *texts, unsigned int nb, const char *prefix);
/** Expects each of the texts to be remembered so. */
void check_remembered(const struct spec_text *texts, unsigned int nb);
/** Expects each of the texts to be refused in a sentence that says so. */
void check_refused(const struct spec_text *texts, unsigned int nb);

#endif /* TESTS_C_SPECS_H */
