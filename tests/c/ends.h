/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef TESTS_C_ENDS_H
#define TESTS_C_ENDS_H

/**
 * @file
 * Ports of real drivers, and their far ends, where what is sent to the port arrives.
 */

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "ports.h"

/** Bytes of the longest frame that arrives anywhere, and more. */
#define END_FRAME_SIZE 20480

struct end_driver;

struct end {
	const struct end_driver *driver;
	uint16_t port_id;
	struct port ring;         /* net_ring */
	char name[32], path[128]; /* the device's; what it is connected to */
	int wire;                 /* where its frames can be read from: a socket, a file */
	struct vhost_peer *peer;  /* net_vhost */
};

struct end_driver {
	const char *name;
	const char *what;     /* to tell those of one driver apart */
	bool is_kernels;      /* needs network interfaces */
	bool reads_late;      /* packets wait in it */
	bool is_blind;        /* nothing arrives anywhere */
	bool takes_any_chain; /* with MULTI_SEGS or without */
	uint32_t frame_max; /* bytes of the longest frame that it takes; 0: there is no such limit here */
	void (*open)(struct end *end);
	void (*connect)(struct end *end); /* once it is started; NULL: nothing to do then */
	void (*close)(struct end *end);
	uint32_t (*receive)(struct end *end, uint8_t *frame, uint32_t size);
	/* Lets it take no more packets than nb_when_blocked, and lets it go again; NULL: nothing stops it. */
	void (*block)(struct end *end);
	void (*unblock)(struct end *end);
	uint16_t nb_when_blocked;
	uint16_t nb_waiting; /* frames that wait at the far end, and then it is full; 0: cannot be told */
};

/** All of them; the last has no name. */
extern const struct end_driver end_drivers[];

/** Why a driver cannot be had here; NULL: it can. */
const char *end_missing(const struct end_driver *driver);
/** Opens and starts a port with one queue each way, and with what it can do of these tx offloads. */
void end_open(struct end *end, const struct end_driver *driver, uint64_t tx_offloads);
void end_close(struct end *end);
/** Waits for a frame and takes it: its length. */
uint32_t end_receive(struct end *end, uint8_t frame[END_FRAME_SIZE]);
/** Nothing more has arrived. */
void end_check_empty(struct end *end);

#endif /* TESTS_C_ENDS_H */
