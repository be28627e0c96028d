/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_ONDEMAND_H
#define TESTS_C_ONDEMAND_H

/**
 * @file
 * Targets that are made on demand, where what is sent to them arrives, and what they might leave behind.
 */

#include <stdint.h>

#include "../../csrc/plugin/targets.h"
#include "ends.h"

/** What a process has that a target might keep. */
struct possessions {
	unsigned int nb_ports, nb_files, nb_interfaces;
	size_t heap;
};

struct possessions possessions_now(void);
/** Nothing has been added to them. */
void possessions_check(const struct possessions *before);
/** The same, but for memory: when drivers fail, they do not give all of it back. */
void possessions_check_counts(const struct possessions *before);

/** A kind of target, and where what is sent there arrives. */
struct target_case {
	const char *kind, *driver, *value;
	const char *interface; /* where its frames are seen */
	uint16_t nb_queues;    /* that it has when 3 are asked for */
	unsigned int nb_cycles;
};

/** One of each kind; the last has none. */
extern const struct target_case target_cases[];

#define TARGET_TEXT_SIZE 256

/** Makes the interfaces that the target_cases need; skips the program where there can be none. */
void interfaces_make(void);
void interfaces_remove(void);
/** The target's text, and its value in end->path. */
void case_name(const struct target_case *each, struct end *end, char text[TARGET_TEXT_SIZE]);
/** Listens at a target that has been opened. */
void case_connect(const struct target_case *each, struct end *end);
/** Nothing more has arrived. */
void case_disconnect(struct end *end);
/** Removes what a target leaves for its user. */
void case_clean(const struct target_case *each, const struct end *end);
/** Opens a target, which has to succeed. */
struct target *target_open(const char *text, uint16_t nb_tx_queues);
/** A target is refused with that errno, by a sentence that says this, and nothing has been made. */
void target_check_refused(const char *text, int error, const char *says);
/** Closes it for its last user, and ends it if it is kept. */
void target_end(struct target *target);

#endif /* TESTS_C_ONDEMAND_H */
