/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_RECORDED_H
#define TESTS_C_RECORDED_H

/**
 * @file
 * Captures that tests write, and what is found of them: on disk, or at the other end of a stream.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../csrc/capture/capture.h"
#include "blocks.h"

#define RECORDED_PATH "out"

/** Runs a case with an empty folder for its working directory, in which it leaves RECORDED_PATH at most. */
void recorded_in_folder(void (*run)(void));

/** Bytes of a capture as far as they have come. */
struct recorded {
	uint8_t *data;
	size_t size;
};

/** All that a capture has, block by block. */
struct reading {
	unsigned int nb_interfaces;
	unsigned int nb_packets;
	unsigned int nb_statistics;
	struct block last_packet;
	struct block last_statistics;
};

/** A capture of one interface, of Ethernet, to a descriptor of its own. */
struct mirror_capture *recorded_open(int fd, enum mirror_capture_format format,
		const struct mirror_capture_limits *limits);

/** Gives it the packet of a number, of so many bytes; returns what it says, and whether it was taken. */
int recorded_give(struct mirror_capture *capture, uint32_t number, uint32_t length);

/** How long that packet is, wherever it does not matter. */
uint32_t recorded_length(uint32_t number);

void recorded_read_file(struct recorded *recorded, const char *path);
/** What is there at the other end just now, up to so many bytes; false: its end has come. */
bool recorded_read_stream(struct recorded *recorded, int fd, size_t most);
void recorded_free(struct recorded *recorded);

/**
 * Checks that it consists of whole blocks, with packets of numbers from 0 on, of recorded_length().
 *
 * @param may_be_cut
 *   The last one need not be whole.
 */
void recorded_check(const struct recorded *recorded, bool is_pcap, bool may_be_cut,
		struct reading *reading);

/** What a pcapng has of any packets. */
void recorded_look(const struct recorded *recorded, bool may_be_cut, struct reading *reading);

#endif /* TESTS_C_RECORDED_H */
