/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_PLUGIN_TARGET_H
#define MIRROR_PLUGIN_TARGET_H

/**
 * @file
 * What the files behind targets.h share: a target, and what is particular to each kind of them.
 */

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "capture_sink.h"
#include "rte_mirror.h"
#include "targets.h"

struct rte_mempool;
struct target_kind;

enum target_state {
	TARGET_READY,
	TARGET_QUEUED,  /* is to be made or ended when none of its kind is any more */
	TARGET_AT_WORK, /* is being made or ended, while other commands have their turn */
};

/** A port that mirrors send to. */
struct target {
	const struct target_kind *kind;
	enum target_state state;
	char *text;        /* as asked for: kind:value */
	const char *value; /* in text */
	char shown[128];   /* as much of text as there is room for in a refusal */
	unsigned int nb_users;
	bool has_served; /* a mirror, or target/add: somebody may read at its other end */
	struct target_options options;
	uint16_t port_id; /* or a sink's number */

	/* Of those that are made here. */
	uint64_t owner;                    /* its port's, and no other's */
	unsigned int number;               /* no other ever has it */
	char device[RTE_DEV_NAME_MAX_LEN]; /* the virtual device */
	uint16_t nb_queues;                /* each way */
	struct rte_mempool *pool;          /* for rx queues, which nobody polls */
	dev_t file_device;                 /* of a file that has been made for it */
	ino_t file_inode;
	struct capture_sink *sink; /* of a capture */
	TAILQ_ENTRY(target) next;
};

/** Bytes of a device's arguments. */
#define TARGET_ARGS_SIZE 1024

/** A kind of targets: target_NAME.c has it, and target_kinds.c lists it. Functions that are NULL have nothing to do. */
struct target_kind {
	const char *name;
	const char *value; /* what is behind its colon */
	/** Chooses one, of a target that is given none: 0 or -errno, the refusal kept. NULL: there must be one. */
	int (*choose_value)(char value[SOCKET_PATH_SIZE]);
	const char *meaning; /* for whoever has to choose one */
	/** What it adds to the parameters of a mirror. */
	void (*set_param)(const struct target *target, struct rte_mirror_param *param);

	/** Finds a port that is there already, and stays: 0 or -errno, the refusal kept. What follows is for none of these. */
	int (*take)(struct target *target, bool force);

	/** It is no port but a capture, which has limits: makes its sink, 0 or -errno, the refusal kept. */
	int (*open)(struct target *target);
	bool is_stream;

	/* Of a port. */
	const char *driver;
	uint16_t max_queues;
	uint16_t mtu;            /* what its port is given, where the driver can; 0: its own */
	bool is_sent_to_at_once; /* by pollers: its driver asks the kernel for nothing, and waits for nobody */
	bool is_kept; /* it is read in the application's memory, and so stays when its users go */
	/** Whether there can be such a target: 0 or -errno, the refusal kept, and nothing has changed. */
	int (*check)(const struct target *target);
	/** Makes what the device is to find; undone by clean_up() alone. 0 or -errno, the refusal kept. */
	int (*prepare)(struct target *target);
	/** The device's arguments. Never NULL. */
	void (*describe)(const struct target *target, char args[TARGET_ARGS_SIZE]);
	/** The device is there, its port not yet started. */
	void (*settle)(const struct target *target);
	/** The port has been stopped, the device is about to be removed. */
	void (*unsettle)(const struct target *target);
	/** Whether the kernel lets the application make it, now: 0 or -errno, the refusal kept. */
	int (*try)(const struct target *target);
	/** The device is gone. What nobody has used leaves nothing. */
	void (*clean_up)(const struct target *target, bool was_used);
};

/* target_kinds.c */

/** A target of that text, with nothing behind it yet: 0 or -errno, the refusal kept. */
int mirror_target_parse(const char *text, struct target **target);
void mirror_target_forget(struct target *target);

/* target_interface.c, for kinds that are network interfaces of the kernel */

/** Whether an interface can have that name: 0 or -errno, the refusal kept. */
int mirror_target_interface_check(const struct target *target);
/** A request for ioctl() about the target's interface. */
struct ifreq mirror_target_interface_request(const struct target *target);
/** Asks the kernel for something of an interface, or sets it: 0 or -errno. */
int mirror_target_interface_ask(unsigned long what, struct ifreq *request);

/* target_capture.c, for captures */

/** Whether its kind has what is asked of it: 0 or -errno, the refusal kept. */
int mirror_target_options_check(const struct target *target);
/** Whether one that is there may be asked for with these, NULL: none. */
int mirror_target_options_check_again(
		const struct target *target, const struct target_options *options);
/** Gives a target its sink, which has the descriptor of a file, or listens at a socket: 0 or -errno, the refusal kept. */
int mirror_target_capture_open(struct target *target, struct capture_sink_config *config);
/** What is left of the target's capture is written. */
void mirror_target_capture_close(const struct target *target);
/** Whether there can be a new file at the target's path: 0 or -errno, the refusal kept. */
int mirror_target_file_check(const struct target *target);
/** Makes it, of the format that its name says, or of this one: 0 or -errno, the refusal kept. */
int mirror_target_file_open(struct target *target, enum mirror_capture_format format);
/** Removes it, if nothing was captured. */
void mirror_target_file_clean_up(const struct target *target, bool was_used);

/* target_path.c, for kinds that have a path */

/** Whether it is the path of a file: 0 or -errno, the refusal kept. */
int mirror_target_path_check(const struct target *target);
/** And DPDK can have it. */
int mirror_target_path_check_for_dpdk(const struct target *target);
/** Whether the application can make what, "a file", there: 0 or -errno, the refusal kept. */
int mirror_target_path_check_directory(const struct target *target, const char *what);

/* target_device.c */

/** Owns ports that are made here from now on: 0 or -errno, the refusal kept. */
int mirror_target_device_init(void);
/** Whether the application has the driver: 0 or -errno, the refusal kept. */
int mirror_target_device_check(const struct target *target);
/** The arguments of a driver that calls its far end iface. */
void mirror_target_device_describe_iface(const struct target *target, char args[TARGET_ARGS_SIZE]);
/** Makes a target's device and its port, owned: 0 or -errno, the refusal kept. */
int mirror_target_device_make(struct target *target);
/** Closes a target's port, if it is still there. */
void mirror_target_device_close(const struct target *target);
/** Ends a target's device, if it is still there. */
void mirror_target_device_end(const struct target *target);
/** Whether a port is of a device made here. */
bool mirror_target_device_owns(uint16_t port_id);
/** Whether a target's port is there, and still its own: a device that has gone may have left its number to another. */
bool mirror_target_device_has_port(const struct target *target);

/* target_setup.c */

/** Configures and starts a target's port: 0 or -errno, the refusal kept. */
int mirror_target_setup(struct target *target);
/** Gives back what mirror_target_setup() took, when the device is gone. */
void mirror_target_setup_forget(struct target *target);

#endif /* MIRROR_PLUGIN_TARGET_H */
