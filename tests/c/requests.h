/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_REQUESTS_H
#define TESTS_C_REQUESTS_H

/**
 * @file
 * Requests to the plugin, as they come in at a socket, and its answers.
 */

#include "../../csrc/plugin/request.h"

/** Asks, and gets JSON. */
void ask(const char *request, char answer[REQUEST_ANSWER_SIZE]);
/** Asks for what has to be done. */
void order(const char *request);
/** Asks for what has to be refused in a sentence that says so. */
void order_refused(const char *request, const char *says);
/** Expects an answer to say something. */
void check_answer(const char *request, const char *says);

#endif /* TESTS_C_REQUESTS_H */
