/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_CONTROL_H
#define MIRROR_CONTROL_H

/**
 * @file
 * The control path: what the registry, the checks, the plan, the taps and the watcher share.
 *
 * One mutex, the registry's, guards everything here; functions without a word on it are called with it held.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <rte_common.h>
#include <rte_ethdev.h>
#include <rte_spinlock.h>

#include "../datapath/datapath.h"
#include "../filter/filter.h"
#include "rte_mirror.h"

/** One queue of a source in one direction. Never freed, see struct mirror_context. */
struct mirror_tap {
	struct mirror_context context;

	uint16_t port_id;
	uint16_t queue_id;
	enum rte_mirror_direction direction;
	/** What ethdev calls; NULL: nothing of ours. */
	const struct rte_eth_rxtx_callback *attached;
	/** What ethdev called before and a poller may still be about to enter; NULL: nothing. */
	const struct rte_eth_rxtx_callback *pending;
	uint64_t pending_use;           /**< context.use when pending was removed */
	uint64_t waited_use;            /**< context.use after the last publication */
	struct mirror_list *planned[2]; /**< about to be published, one after the other */
	struct mirror_list *retired;    /**< published before, freed when no poller uses them */
	struct mirror_tap *next;
};

/** A lock for a tx queue of a target that several taps send on. Never freed: it is few bytes, and others may hold it. */
struct mirror_queue_lock {
	rte_spinlock_t lock;
	uint16_t port_id;
	uint16_t queue_id;
	struct mirror_queue_lock *next;
} __rte_cache_aligned;

/** A mirror's place on a tap: its counters there and its target queue. Lives as long as the mirror. */
struct mirror_slot {
	struct mirror_counters counters;

	struct rte_mirror_stats base; /**< counters at the last reset */
	struct mirror *mirror;
	struct mirror_tap *tap;
	uint64_t first_use; /**< the tap's context.use when the mirror came to it */
	uint16_t target_queue;
	bool wanted; /**< belongs in its tap's list */
	bool live;   /**< is in its tap's list */
	TAILQ_ENTRY(mirror_slot) next;
};

/** What a mirror's parameters come to with its source and target as they are. */
struct mirror_config {
	uint32_t source_epoch; /**< mirror_epochs at registration */
	uint32_t target_epoch;
	uint16_t nb_target_queues;
	bool target_is_lockfree; /**< its queues take several writers */
	bool frees_at_once;      /**< it frees mbufs in the thread that sends them */
	uint16_t max_segs;       /**< longest chain that the target takes */
	enum rte_mirror_mode mode;
	char mode_reason[RTE_MIRROR_REASON_SIZE];
	uint32_t snaplen;  /**< UINT32_MAX: all */
	uint32_t longest;  /**< longest packet that the target takes; UINT32_MAX: any */
	uint16_t tag_room; /**< by how much more with a tag of the type 0x8100 */
	char warning[RTE_MIRROR_REASON_SIZE]; /**< what will be lost for that; "": nothing that is known */
	uint32_t split_len;                   /**< 0: it does not split */
	struct rte_mempool *pool;             /**< for its own mbufs; NULL: there are none */
	bool pool_is_single;                  /**< for one producer or one consumer */
	uint16_t room;                        /**< bytes of data that an mbuf of the pool holds */
	uint64_t own_flags;                   /**< ol_flags of a new mbuf of the pool */
};

/** Which packets and queues a mirror is on: struct rte_mirror_select, compiled. Immutable but for its users. */
struct mirror_selection {
	struct mirror_selector selector;
	unsigned int nb_users; /**< a mirror, and each list that the data path may still be using */
	uint16_t nb_queues;    /**< how many ranges; 0: all queues */
	struct rte_mirror_range queues[];
};

struct mirror {
	uint32_t id;
	char name[RTE_MIRROR_NAME_SIZE];
	uint16_t src_port;
	struct rte_mirror_param param; /**< as asked for; its name and select are NULL */
	struct mirror_config config;
	struct mirror_selection *selection; /**< NULL: every packet of every queue */
	enum rte_mirror_state state;        /**< not WAITING, which is found out when asked for */
	bool is_set_aside;                  /**< others are checked as if it were not there */
	char reason[RTE_MIRROR_REASON_SIZE];
	TAILQ_HEAD(, mirror_slot) slots;
	TAILQ_ENTRY(mirror) next;
};

TAILQ_HEAD(mirror_head, mirror);

/** How many mirrors may be on one source. */
#define MIRROR_MAX_PER_SOURCE 64

/** All mirrors, oldest first. */
extern struct mirror_head mirrors;

/* load.c */

/** Why the library does nothing in this process; NULL: it works. Needs no mutex. */
const char *mirror_inert(void);

/** Set before anything is logged, if the library works. */
extern int mirror_logtype;

/* error.c */

#define MIRROR_LOG(level, ...) rte_log(RTE_LOG_##level, mirror_logtype, "MIRROR: " __VA_ARGS__)

/** Keeps the sentence for rte_mirror_last_error(), logs it, returns -error. Needs no mutex. */
int mirror_refuse(int error, const char *format, ...) __rte_format_printf(2, 3);

/* registry.c */

/** Whether the library may be called now, from this thread: 0 or -errno, the refusal kept. Needs no mutex. */
int mirror_check_caller(void);
/** Takes the registry's mutex, unless the calling thread is inside the data path: -EDEADLK. */
int mirror_registry_lock(void);
/** Takes it to give a mirror parameters, which it checks before, and compiles what they select: 0 or -errno. */
int mirror_registry_lock_for(
		const struct rte_mirror_param *param, struct mirror_selection **selection);
/** Frees what is of no more use and releases the mutex. */
void mirror_registry_unlock(void);
/** The mutex and nothing else: for a thread of the library's own, which cannot know whether EAL is still up. */
void mirror_registry_lock_mutex(void);
void mirror_registry_unlock_mutex(void);
/** Does what the end of a port makes possible, if nobody holds the mutex: to be called without it. */
void mirror_registry_try_tidy(void);
/** The mirror with that id, or NULL, the refusal kept. */
struct mirror *mirror_find(uint32_t mirror_id);
/** The mirror with that name, or NULL. */
struct mirror *mirror_find_name(const char *name);
/** Carries out the plan, see mirror_plan_apply(), for a change to a mirror: 0 or -errno, the refusal kept. */
int mirror_registry_apply(const struct mirror *mirror, const struct mirror *newcomer);

/* check.c */

/** Checks what can be told from the parameters alone: 0 or -errno. */
int mirror_check_param(const struct rte_mirror_param *param);
/**
 * Checks mirror->param for mirror->src_port against ports and mirrors other than the one with mirror->id. On success
 * mirror->config is what they come to.
 */
int mirror_check(struct mirror *mirror, const char *name);
/** The same, but takes nothing that cannot be given back; a target_port of RTE_MAX_ETHPORTS is not there yet. */
int mirror_check_only(struct mirror *mirror, const char *name);
/** Whether another mirror may stand in the way of this one. */
bool mirror_is_in_question(const struct mirror *other, const struct mirror *mirror);
/** How many of the source's queues a mirror is to be on. */
unsigned int mirror_count_queues(
		const struct mirror *mirror, const struct rte_eth_dev_info *source);

/* select.c */

/**
 * Checks and compiles what parameters say of packets and queues, *selection NULL if they say nothing: 0 or -errno, the
 * refusal kept. It has one user. Needs no mutex, and may wait for names to be resolved.
 */
int mirror_selection_make(
		const struct rte_mirror_param *param, struct mirror_selection **selection);
/** Takes a user more. */
struct mirror_selection *mirror_selection_use(struct mirror_selection *selection);
/** Takes a user away, and frees it after the last. NULL is no selection. */
void mirror_selection_leave(struct mirror_selection *selection);
/** Whether a queue is among those of the mirror's that it is to be on. */
bool mirror_selection_has_queue(const struct mirror_selection *selection, uint16_t queue_id);
/** What runs its filter. */
enum rte_mirror_filter_engine mirror_selection_engine(const struct mirror_selection *selection);
/** Checks that the queues are there: 0 or -ERANGE, the refusal kept. */
int mirror_selection_check_queues(
		const struct mirror_selection *selection, uint16_t port_id, uint16_t nb_queues);

/* filter.c */

#define MIRROR_FILTER_REASON_SIZE 512

/** Makes a filter of an expression, however long it takes to resolve names in it: 0, or -errno and why. Needs no mutex. */
int mirror_filter_compile(const char *expression, struct rte_mirror_filter **filter,
		char reason[static MIRROR_FILTER_REASON_SIZE]);

/* mode.c */

/** Chooses what the target is given: mode, lengths and pool of mirror->config. 0 or -errno. */
int mirror_choose_mode(struct mirror *mirror);
/** Checks of them what does not depend on the target: 0 or -errno. */
int mirror_check_mode(struct mirror *mirror);

/* drivers.c */

/** What keeps a driver from sending a long packet. */
enum mirror_limit {
	MIRROR_LIMIT_UNKNOWN = 0, /**< perhaps the port's MTU */
	MIRROR_LIMIT_NONE,        /**< nothing */
	MIRROR_LIMIT_MTU,         /**< the port's MTU, with an Ethernet header, a tag and an FCS */
	/** The MTU of the kernel's interface, if it is on one, with an Ethernet header; and the frames of its ring. */
	MIRROR_LIMIT_INTERFACE,
};

/** What is known of a driver as a target. */
struct mirror_driver {
	const char *name;
	/** Has read a packet, and freed it by reference count, when rte_eth_tx_burst() returns. */
	bool reads_at_once;
	bool takes_chains; /**< also without RTE_ETH_TX_OFFLOAD_MULTI_SEGS */
	enum mirror_limit limit;
};

/** What is known of a driver; name NULL: nothing. */
const struct mirror_driver *mirror_driver_find(const char *name);

/* pools.c */

/** Bytes of data that an mbuf of the library's pools has room for; more where the target takes few segments. */
#define MIRROR_POOL_ROOM 2048

/** The library's pool for a mirror, made if there is none; NULL: no memory. */
struct rte_mempool *mirror_pool_get(const struct mirror *mirror);
/** Frees the library's pools that are of no more use, as far as nobody has anything of them. */
void mirror_pools_tidy(void);

/* lengths.c */

/** Finds the longest packet that the target takes now: longest, tag_room and warning of mirror->config. */
void mirror_find_longest(struct mirror *mirror);

/* origin.c */

/** Has mbufs say where they come from: 0 or -ENOMEM, the refusal kept. */
int mirror_origin_register(void);

/* ports.c */

/** Has epochs kept from now on: 0 or -errno. */
int mirror_ports_watch(void);
bool mirror_port_exists(uint16_t port_id);
bool mirror_port_is_started(uint16_t port_id);
/** As rte_eth_dev_info_get(), of a started port that may be going away meanwhile: 0 or -errno. */
int mirror_port_info_get(uint16_t port_id, struct rte_eth_dev_info *info);
/** What bounds a port's packets. */
struct mirror_port_lengths {
	char driver[RTE_ETH_NAME_MAX_LEN]; /**< its driver's name */
	unsigned int if_index;             /**< the kernel's interface that it is on; 0: none */
	uint16_t mtu;                      /**< the port's, not the interface's */
	uint32_t frame_size;               /**< the longest packet that fits in its ring; 0: any */
};

/** Asks a started port for them: 0 or -errno. */
int mirror_port_lengths_get(uint16_t port_id, struct mirror_port_lengths *lengths);
/** The tx offloads that the port was configured with. */
uint64_t mirror_port_tx_offloads(uint16_t port_id);
bool mirror_port_is_lockfree(uint16_t port_id);
/** How many packets a started port's tx queues can hold. */
uint32_t mirror_port_tx_descriptors(uint16_t port_id);
/**
 * Whether a port's driver frees mbufs without a look at their reference count, those that mirrors share too: the port
 * has RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE, or a queue of it has, as far as the driver can tell.
 */
bool mirror_port_has_fast_free(uint16_t port_id);
/** A port that does, or RTE_MAX_ETHPORTS. */
uint16_t mirror_fast_free_port(void);

/* plan.c */

/**
 * Brings the taps in line with the mirrors: covers new queues, takes stopped mirrors out, allots target queues.
 *
 * @param newcomer
 *   A mirror that is not published unless all of its queues can be covered; NULL: none.
 * @param timeout_us
 *   How long to wait for pollers.
 * @return
 *   0, or a negative errno, and nothing new is published:
 *   - -ETIMEDOUT: packets are no longer offered to mirrors that have stopped, but a poller may still be inside
 *   - another: the newcomer's queues cannot be covered, or out of memory
 */
int mirror_plan_apply(const struct mirror *newcomer, uint32_t timeout_us);
/** Stops, for good, the mirrors whose devices have gone; mirror_plan_apply() takes them out. */
void mirror_plan_stop_gone(void);

/* list.c */

/**
 * Makes a tap's list of these slots, *list NULL if there are none: 0 or -ENOMEM. With has_left set it is for when the
 * slots that are not wanted any more have left their lists.
 */
int mirror_list_build(const struct mirror_tap *tap, struct mirror_slot *const *slots,
		uint16_t nb_slots, bool has_left, struct mirror_list **list);
/** Frees a list that no poller uses; NULL: nothing. */
void mirror_list_free(struct mirror_list *list);
/** Whether a list of the tap's that a poller may still use has mbufs from a pool. */
bool mirror_list_has_pool(const struct mirror_tap *tap, const struct rte_mempool *pool);
/** Publishes a list, whose owner the tap becomes, unless the tap has one just like it. */
void mirror_list_publish(struct mirror_tap *tap, struct mirror_list *list);

/* queues.c */

/** Gives a slot the least used of the target queues that its mirror may use: 0 or -ENOMEM. */
int mirror_queue_allot(struct mirror_slot *slot);
/** The lock that goes with a slot's target queue; NULL: it is the only user, or none is needed. has_left: as above. */
rte_spinlock_t *mirror_queue_lock(const struct mirror_slot *slot, bool has_left);

/* attach.c */

/** The taps that there have been. */
struct mirror_tap *mirror_taps(void);
/** Finds a tap, or makes it; NULL: out of memory. */
struct mirror_tap *mirror_tap_get(
		uint16_t port_id, uint16_t queue_id, enum rte_mirror_direction direction);
/** Has ethdev call the tap, if it does not yet: 0 or -errno. */
int mirror_tap_attach(struct mirror_tap *tap);
/** Frees what can be freed of each tap, and has ethdev no longer call those without a list, as far as that can be. */
void mirror_taps_tidy(void);
/** Replaces the tap's list, whose owner it becomes; NULL: none. */
void mirror_publish(struct mirror_tap *tap, struct mirror_list *list);
/** Waits until no poller uses a list that was published before, then frees those: 0 or -ETIMEDOUT. */
int mirror_wait(struct mirror_tap *tap, uint64_t deadline);
/** How many passes through a tap have begun since its context.use was that. */
uint64_t mirror_tap_passes(const struct mirror_tap *tap, uint64_t use);
/** Its context.use. */
uint64_t mirror_tap_use(const struct mirror_tap *tap);

/* watch.c */

/** Has ports watched from now on, for as long as there is something to watch: 0 or -errno. */
int mirror_watch(void);

#endif /* MIRROR_CONTROL_H */
