/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef MIRROR_DATAPATH_DATAPATH_H
#define MIRROR_DATAPATH_DATAPATH_H

/**
 * @file
 * The packet's way: callback -> select -> take -> send.
 *
 * ethdev calls the callback of a context, which stands for one queue of a source in one direction. The context's list
 * says which mirrors look at the burst. For each of them select chooses packets, take raises their reference counts or
 * makes mbufs of the mirror's own, and send offers them to the target and gives back what the target refuses; or puts them
 * into a ring, from which a thread of the library's does so.
 *
 * Nothing here allocates but from the mirrors' pools, logs, waits (but for a lock that the mirror asks for) or calls into
 * control/. Nothing here writes to the application's array, or to its mbufs but their reference counts.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <rte_branch_prediction.h>
#include <rte_common.h>
#include <rte_config.h>
#include <rte_cycles.h>
#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "ring.h"
#include "rte_mirror.h"
#include "selector.h"

/** Packets handled at a time; longer bursts come in parts. Bounds the arrays on the poller's stack. */
#define MIRROR_BURST 64

/**
 * What has so many references already gets no more of ours, but is copied: reference counts are of 16 bits, and the
 * application counts with them, too.
 */
#define MIRROR_MAX_REFERENCES 60000

/** One in so many of a context's bursts is looked at: what it costs, and on which CPU. */
#define MIRROR_SAMPLE_PERIOD 1024

/** The longest chain that is sent. Even if all of it is one buffer's, no reference count comes to wrap. */
#define MIRROR_MAX_SEGS 4096

/** Where sampling has got to. */
struct mirror_sampler {
	uint64_t skip;   /**< packets to pass over before the next that is taken */
	uint64_t random; /**< the generator's state */
};

/**
 * What became of the packets that one context offered to one mirror. Written by that context's poller alone. A burst of
 * which all is sent is counted in the first cache line.
 */
struct mirror_counters {
	struct rte_mirror_stats stats; /**< but for seen: each packet ends in one of the others */
} __rte_cache_aligned;

_Static_assert(offsetof(struct rte_mirror_stats, bytes) + sizeof(uint64_t) <=
				RTE_CACHE_LINE_MIN_SIZE,
		"packets and bytes are in one line");

/** How far a context has come with a mirror. Its poller's, too, and written only where it changes. */
struct mirror_progress {
	uint64_t serial; /**< of the selector that these two are for; another one's starts anew */
	struct mirror_sampler sampler;
	uint64_t tokens;          /**< taken from the bucket and not used yet */
	bool frees_at_once;       /**< whether the target did so with the last burst */
	uint64_t sampled_cycles;  /**< that bursts took which were sampled; control reads it */
	uint64_t sampled_packets; /**< in these */
} __rte_cache_aligned;

/** One mirror as one context sees it. Immutable. */
struct mirror_entry {
	struct mirror_counters *counters;
	struct mirror_progress *progress;
	const struct mirror_selector *selector; /**< NULL: every packet */
	rte_spinlock_t *lock;                   /**< the application's; NULL: none */
	rte_spinlock_t *queue_lock; /**< for a shared target queue; NULL: its only user */
	struct mirror_ring *ring;   /**< to the target's thread; NULL: the poller sends */
	struct rte_mempool *pool;   /**< for the mirror's own mbufs; NULL: there are none */
	uint64_t own_flags;         /**< ol_flags of a new mbuf of the pool */
	uint32_t target_epoch;      /**< mirror_epochs of the target when the mirror was added */
	uint32_t snaplen;           /**< bytes that are taken of each packet */
	uint32_t longest;           /**< longest packet that the target takes */
	uint32_t shortest;          /**< shortest packet that it takes */
	uint32_t span;              /**< longest - shortest */
	uint32_t copy_up_to;        /**< up to which length packets are copied whole */
	uint32_t split_len;         /**< bytes that are copied of longer ones */
	enum rte_mirror_mode mode;  /**< not AUTO */
	uint16_t target_port;
	uint16_t target_queue;
	uint16_t room;     /**< bytes of data that an mbuf of the pool holds */
	uint16_t max_segs; /**< longest chain that the target may be given */
	uint16_t tag_room; /**< by how much more it takes where that has a tag of the type 0x8100 */
	uint16_t nb_together; /**< it and those behind it that take the same packets */
	bool with_origin;     /**< own mbufs say where they come from */
	bool never_waits;     /**< for locks, see struct mirror_visit; not in a list */
};

/** What a context's mirrors are. Immutable once published; replaced as a whole. */
struct mirror_list {
	uint64_t off_wire;     /**< ol_flags of packets that do not look as they do on the wire */
	bool is_tx;            /**< which direction its point is in */
	bool has_rings;        /**< an entry has one */
	uint32_t source_epoch; /**< mirror_epochs of the source when its mirrors were added */
	uint16_t nb_entries;
	struct mirror_list *retired; /**< control's: the next that cannot be freed yet */
	struct mirror_entry entries[];
};

/**
 * One queue of a source in one direction: what ethdev's callback is given. Lives for ever, since ethdev may still be
 * about to enter a callback that has been removed.
 */
struct mirror_context {
	/* Both paths: written by control, read by the poller. NULL: nothing to do. */
	struct mirror_list *list;

	/* Data path: written by the poller, read by control. */
	uint64_t use; /**< odd: a poller is inside; grows by 2 with every burst */
	int cpu;      /**< where a poller of a list with rings was last seen, and 1; 0: nowhere */
} __rte_cache_aligned;

/**
 * A callback that a thread is inside. A target may transmit through other ports, as a bond does, and so have our
 * callbacks called by a thread that is sending for a mirror, and holds its locks. Then
 *
 * - a port whose packets the thread is mirroring is not mirrored;
 * - a target that the thread is sending to is sent nothing more;
 * - a lock that the thread holds counts as taken;
 * - the thread waits for other locks only if it has come from mirror to mirror, each the target of the one before, which
 *   control keeps from being a ring. Where it has come through a driver it does not: what it then cannot send at once is
 *   as if the target were full.
 *
 * So a thread never waits for itself, nor several for each other.
 */
struct mirror_visit {
	const struct mirror_visit *outer;   /**< from which it comes; NULL: from the application */
	const struct mirror_entry *sending; /**< the mirror that is sending now; NULL: none is */
	uint64_t tsc;                       /**< when its packets came; 0: nobody has asked */
	uint16_t port_id;                   /**< the source */
	bool may_wait;                      /**< for locks; says nothing where outer is NULL */
};

/** When its packets came. To read the clock takes longer than to leave a burst out: it is read if one is taken. */
static inline uint64_t
mirror_visit_tsc(struct mirror_visit *visit)
{
	if (visit->tsc == 0)
		visit->tsc = rte_rdtsc();
	return visit->tsc;
}

/**
 * Counts, for each port id, the devices that come and go: even while there is one, odd from its DESTROY event to the
 * next one's NEW. A list or an entry with another number than its port's now belongs to a device that is gone, and is
 * not followed.
 */
extern uint32_t mirror_epochs[RTE_MAX_ETHPORTS];

/** What an mbuf has of its struct rte_mirror_origin: mbufs have little room, and all of it is written for each packet. */
struct mirror_origin {
	uint64_t tsc;
	uint32_t pkt_len;
	uint16_t port_id;
	uint16_t queue_id : 15;
	uint16_t is_tx : 1;
};

/** Where an mbuf has its struct mirror_origin, and the flag in ol_flags that says so; 0: nobody has asked for it. */
struct mirror_origin_field {
	int offset;
	uint64_t flag;
};

extern struct mirror_origin_field mirror_origin_field;

static inline uint32_t
mirror_epoch(uint16_t port_id)
{
	return __atomic_load_n(&mirror_epochs[port_id], __ATOMIC_ACQUIRE);
}

/** Whether the device that had this port id at that time is gone. */
static inline bool
mirror_is_gone(uint16_t port_id, uint32_t epoch)
{
	return unlikely(mirror_epoch(port_id) != epoch);
}

/** Whether the calling thread is inside the data path. */
bool mirror_poller_is_inside(void);

/** The rx callback that ethdev calls; user_param is a struct mirror_context. */
uint16_t mirror_rx_callback(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts,
		uint16_t nb_pkts, uint16_t max_pkts, void *user_param);

/** The tx callback that ethdev calls; user_param is a struct mirror_context. */
uint16_t mirror_tx_callback(uint16_t port_id, uint16_t queue_id, struct rte_mbuf **pkts,
		uint16_t nb_pkts, void *user_param);

/** A burst as it is offered to the mirrors: the application's array, and where it comes through. */
struct mirror_burst {
	struct rte_mbuf *const *pkts;
	struct mirror_visit *visit;
	uint64_t off_wire; /**< the list's */
	uint16_t nb_pkts;
	uint16_t port_id;
	uint16_t queue_id;
	bool is_tx;
	bool has_rings;  /**< the list's */
	bool is_sampled; /**< what it costs is measured */
};

/**
 * Chooses the packets for an entry, counting what it leaves out.
 *
 * @param room
 *   Room for MIRROR_BURST packets, used where the choice is not the whole burst.
 * @param[out] chosen
 *   The chosen packets: in room, or the burst's own.
 * @return
 *   How many there are.
 */
uint16_t mirror_select(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf **room, struct rte_mbuf *const **chosen);

/**
 * Takes what an entry's mode says of each packet, for it and those together with it, leaving out and counting those
 * that cannot be had: the packet itself with a reference more on every segment for each entry, or mbufs of the mirror's
 * own. Entries together share all that they take, and take no more from the first packet on that they cannot share.
 *
 * @param[out] taken
 *   What was taken, in order; may be where pkts is.
 * @param[out] bytes
 *   The sum of their lengths: once sent they are no longer ours to ask.
 * @return
 *   How many were taken.
 */
uint16_t mirror_take(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes);

/** A VLAN tag that is in an mbuf's fields, not in the packet. */
struct mirror_tag {
	uint16_t tpid;
	uint16_t tci;
};

/** What asks for mirror_tags() to be put into the packet, among the ol_flags that say it does not look as on the wire. */
#define MIRROR_TAGGED                                                            \
	(RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ | RTE_MBUF_F_RX_VLAN_STRIPPED | \
			RTE_MBUF_F_RX_QINQ_STRIPPED)

/**
 * The VLAN tags that are to be inserted on tx, or were stripped on rx: the outer first. Flags are those of the packet's
 * ol_flags that count.
 */
static inline unsigned int
mirror_tags(const struct rte_mbuf *pkt, uint64_t flags, struct mirror_tag tags[2])
{
	unsigned int nb = 0;

	if ((flags & (RTE_MBUF_F_TX_QINQ | RTE_MBUF_F_RX_QINQ_STRIPPED)) != 0)
		tags[nb++] = (struct mirror_tag){ RTE_ETHER_TYPE_QINQ, pkt->vlan_tci_outer };
	if ((flags & (RTE_MBUF_F_TX_VLAN | RTE_MBUF_F_TX_QINQ | RTE_MBUF_F_RX_VLAN_STRIPPED)) != 0)
		tags[nb++] = (struct mirror_tag){ RTE_ETHER_TYPE_VLAN, pkt->vlan_tci };
	return nb;
}

/** Takes a lock for an entry; false: it is taken, and the entry does not wait. */
static inline bool
mirror_lock(const struct mirror_entry *entry, rte_spinlock_t *lock)
{
	if (unlikely(entry->never_waits))
		return rte_spinlock_trylock(lock) != 0;
	rte_spinlock_lock(lock);
	return true;
}

/**
 * Whether a packet is one segment to which there is one reference: both in one word. Where a driver writes its parts
 * and not the word, that does not stall: the barrier in mirror_pass() has had it wait.
 */
static inline bool
mirror_is_plain(const struct rte_mbuf *pkt)
{
	uint32_t word;

	RTE_BUILD_BUG_ON(offsetof(struct rte_mbuf, nb_segs) !=
			offsetof(struct rte_mbuf, refcnt) + sizeof(pkt->refcnt));
	memcpy(&word, &pkt->refcnt, sizeof(word));
	return word == (1 << 16 | 1);
}

/**
 * Those of a packet's ol_flags that say that it does not look as it does on the wire, of those of its list. A checksum that
 * is yet to be finished (RX_L4_CKSUM_NONE) has both bits of its mask; one that is wrong has one, and was so on the wire.
 */
static inline uint64_t
mirror_off_wire(const struct rte_mbuf *pkt, uint64_t off_wire)
{
	const uint64_t flags = pkt->ol_flags & off_wire;

	/* Of most packets there are none, and no more is asked. */
	if (likely(flags == 0))
		return 0;
	if ((flags & RTE_MBUF_F_RX_L4_CKSUM_BAD) != 0 &&
			(pkt->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_GOOD) == 0)
		return flags & ~RTE_MBUF_F_RX_L4_CKSUM_BAD;
	return flags;
}

/** Whether there may be a reference more to the data of each of a packet's segments. */
bool mirror_may_refer_to(struct rte_mbuf *pkt);

/** Whether a target takes a packet that looks like that, if so much of it is sent. */
bool mirror_fits(const struct mirror_entry *entry, const struct rte_mbuf *pkt, uint32_t length);

/**
 * mirror_take() with mbufs of the mirror's own for every packet.
 */
uint16_t mirror_take_own(const struct mirror_entry *entry, const struct mirror_burst *burst,
		struct rte_mbuf *const *pkts, uint16_t nb_pkts, struct rte_mbuf **taken,
		uint64_t *bytes);

/**
 * Makes a copy of a packet look as the packet would on the wire: does the tx offloads that its flags ask for, finishes the
 * checksum that a virtual machine has left to its card, and puts back the VLAN tags that were stripped.
 *
 * @param own
 *   The copy, whole: mbufs that nobody else has.
 * @param pkt
 *   The packet, for its header lengths and tags.
 * @param flags
 *   Those of its ol_flags that ask for something.
 * @return
 *   Whether that could be done.
 */
bool mirror_put_on_wire(struct rte_mbuf *own, const struct rte_mbuf *pkt, uint64_t flags);

/**
 * Offers taken packets to an entry's target, which may rearrange the array, and gives back what it refuses; or puts them
 * into the entry's ring, where mirror_find_room() has found room.
 */
void mirror_send(const struct mirror_entry *entry, struct rte_mbuf **taken, uint16_t nb_taken,
		struct mirror_visit *visit, uint64_t bytes);

#endif /* MIRROR_DATAPATH_DATAPATH_H */
