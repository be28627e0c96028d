/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_WIRES_H
#define TESTS_C_WIRES_H

/**
 * @file
 * The kernel's network interfaces, in a network namespace of the test's own, and sockets that see what arrives there.
 */

#include <stdint.h>

/** Why there can be no interfaces; NULL: there can. */
const char *wires_missing(void);
/** Runs a command line that has to succeed. */
void wire_command(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** Opens a socket that sees what an interface receives. */
int wire_open(const char *interface);
/** Takes a frame as it was on the wire, tags included: its length, 0 if there is none. */
uint32_t wire_receive(int wire, uint8_t *frame, uint32_t size);

#endif /* TESTS_C_WIRES_H */
