/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef RTE_MIRROR_H
#define RTE_MIRROR_H

/**
 * @file
 * Zero-copy traffic mirroring of ethdev ports.
 *
 * A mirror sends the packets that flow through a source port to a target port, too. It works in the source's own rx and
 * tx callbacks: the application's loops, bursts and packets stay as they are.
 *
 * @code
 * // Mirrors what port 0 receives to port 1; with a filter, DNS alone.
 * uint32_t mirror_id;
 * struct rte_mirror_stats stats;
 * struct rte_mirror_select dns = { .filter = "udp port 53" };
 * struct rte_mirror_param param = {
 *         .target_port = 1,
 *         .directions = RTE_MIRROR_RX,
 *         .mode = RTE_MIRROR_AUTO,
 *         .select = &dns,
 * };
 *
 * if (rte_mirror_add(0, &param, &mirror_id) < 0)
 *         rte_exit(EXIT_FAILURE, "mirror port 0: %s\n", rte_mirror_last_error());
 * // ... port 0 is polled as ever ...
 * rte_mirror_stats_get(mirror_id, &stats);
 * rte_mirror_remove(mirror_id);
 * @endcode
 *
 * Source: any started port whose rx/tx callbacks this process runs.
 *
 * Target: a started port. While the mirror exists, nobody else may transmit on its tx queues (all of them, or those that
 * the parameters name), so a member of a bond cannot be one. Remove its mirrors before you stop, close or reconfigure it.
 *
 * Results: every int is 0 (or what its text says) or a negative errno. Results are stored through out-parameters, which
 * are left unchanged on error. After a refusal, rte_mirror_last_error() gives the reason in one sentence.
 *
 * Threads: call from any thread, but not from inside a mirror's data path (-EDEADLK). Calls may wait for each other, and
 * until no poller can still use what they remove; if a poller stays inside, changes that have to wait for it end with
 * -ETIMEDOUT. Ports may be removed meanwhile, in any thread.
 *
 * Shutdown: after rte_eal_cleanup() the library sees no ports. Mirrors are stopped then, and can be removed. No call may be in
 * progress while it runs. Where the library cannot work, every call that can fail ends with -ENOTSUP: in a process
 * without the DPDK that it was built for, beside another copy of the library, in a child forked from a process that has
 * mirrors.
 *
 * Chains: the target of one mirror may be the source of another. A target may also transmit through other ports, as a
 * bond does through its members, and these may be sources, even its own. What a mirror sends in that way through a source
 * of its chain, or to a target that is being sent to, is not mirrored again, and not counted.
 *
 * The interface follows the RFC "lib: introduce traffic mirroring API" (dpdk-dev, July 2020).
 */

#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_spinlock.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bytes of a mirror's name, its terminating 0 included. */
#define RTE_MIRROR_NAME_SIZE 64

/** Bytes of the sentences in struct rte_mirror_info, the terminating 0 included. */
#define RTE_MIRROR_REASON_SIZE 256

/** The default split_len in bytes: Ethernet with two tags, IPv6, options, TCP, and room. */
#define RTE_MIRROR_SPLIT_LEN 192

/** The smallest snaplen and split_len: an Ethernet header. */
#define RTE_MIRROR_LEN_MIN 14

/**
 * Flag of a mirror: the mbufs that it makes record where they come from, see rte_mirror_origin_get(). RTE_MIRROR_SHARE
 * makes mbufs only for packets that it cuts, so there this requires a snaplen.
 */
#define RTE_MIRROR_F_ORIGIN 0x1

/**
 * Flag of a mirror: a library thread sends to the target, so that a driver that makes system calls, or a slow reader,
 * delays no poller. For net_tap, net_af_packet, net_pcap, net_vhost, net_ring and net_null. Of the mirrors to one port,
 * all or none have this flag.
 *
 * A poller puts packets into a ring of 4096, one for each queue and direction; packets that do not fit count as full,
 * before anything is done with them. The thread, one for each target, serves the rings in the order of their packets'
 * times, and runs where no poller does. Packets that the target refuses for a second are freed, and count as full, too.
 *
 * RTE_MIRROR_AUTO does not share then. All mirrors of the process with this flag together hold at most 1/16 of the smallest
 * of the application's pools, in segments. Beyond that packets are copied, whatever the mode, and so are those with a
 * segment of a pool for one producer, of fewer than 1024 mbufs, or not known yet: a pool becomes known within a second. So
 * are packets of the mirror's own pool, into which no port but the target may be known to receive, and those with buffers
 * that were attached by rte_pktmbuf_attach_extbuf(). Free a pool only when all of its mbufs are back.
 */
#define RTE_MIRROR_F_DRAIN 0x2

/** Which packets of the source, as its application sees them. */
enum rte_mirror_direction {
	RTE_MIRROR_RX = 1 << 0, /**< what rte_eth_rx_burst() returns */
	RTE_MIRROR_TX = 1 << 1, /**< what rte_eth_tx_burst() is offered */
};

/**
 * What the target is given of each packet.
 *
 * In every mode two kinds of packets are copied:
 * - Those that still have work for a driver (any of RTE_MBUF_F_TX_OFFLOAD_MASK), and on rx those whose VLAN tag the NIC has
 *   stripped, or whose checksum a virtual machine has left to its card (RTE_MBUF_F_RX_L4_CKSUM_NONE). They look in the
 *   copy as on the wire: checksums filled in, tags in their place, TSO packets whole. They are copied whole, and cut to
 *   snaplen then; the headers that something is filled in must lie in the copy's first mbuf.
 * - Those of several segments, into one, where the target does not take chains.
 *
 * Copies come from the mirror's pool. Of the mbuf's fields they have lengths and port.
 */
enum rte_mirror_mode {
	/**
	 * The same mbuf, with its reference counts raised. For packets that nobody writes to until the target is done
	 * with them.
	 */
	RTE_MIRROR_SHARE = 0,
	/**
	 * The first split_len bytes copied, the rest referenced. For applications that rewrite headers in place. What
	 * they write behind split_len shows, and so does data appended where data was trimmed before.
	 */
	RTE_MIRROR_SPLIT,
	/** A copy: nothing that the application does shows, and nothing of its pools is held. */
	RTE_MIRROR_COPY,
	/**
	 * Chosen at registration; rte_mirror_info_get() tells what, and why. Share, where the target's driver is known
	 * to have read the packet when rte_eth_tx_burst() returns, and to free it by reference count. Else split, if the
	 * target takes chains. Else copy. Choose copy yourself where the application calls rte_vlan_insert(), which
	 * fails while a target holds what is split.
	 */
	RTE_MIRROR_AUTO,
};

/** The unit of a mirror's rate. */
enum rte_mirror_rate_unit {
	RTE_MIRROR_PACKETS = 0, /**< packets a second */
	RTE_MIRROR_BITS, /**< bits a second, of the part of each packet that is taken, without FCS */
};

/** Whether a mirror is at work. */
enum rte_mirror_state {
	RTE_MIRROR_RUNNING = 0, /**< sees every packet of its source */
	RTE_MIRROR_WAITING,     /**< its source is stopped; goes on when that is started again */
	RTE_MIRROR_STOPPED,     /**< ended for good, see the reason; remove it */
	RTE_MIRROR_PAUSED,      /**< by rte_mirror_pause(), until rte_mirror_resume() */
};

/**
 * Chooses which of a burst's packets are mirrored.
 *
 * Runs in the data path, on the thread that polls the source's queue; must not block.
 *
 * @param port_id
 *   The source.
 * @param queue_id
 *   The rx or tx queue of the source that the packets come through.
 * @param pkts
 *   The mirror's own array, to be reordered at will: the chosen packets belong at its front. The packets are the
 *   application's and must not be written.
 * @param nb_pkts
 *   How many packets there are: 1 to 64; longer bursts come in parts.
 * @param ctx
 *   What the mirror's parameters say.
 * @return
 *   How many packets are chosen. More than nb_pkts counts as nb_pkts.
 */
typedef uint16_t (*rte_mirror_offload_fn)(uint16_t port_id, uint16_t queue_id,
		struct rte_mbuf **pkts, uint16_t nb_pkts, void *ctx);

struct rte_mirror_select;

/**
 * What to mirror, and how. Zero-initialise it: 0 means default for all but target_port and directions.
 *
 * Everything is copied at registration except pool, lock and ctx, which are borrowed until the mirror is removed, or
 * updated to others; mbufs of pool that the target still holds return to it later.
 *
 * Name: 1 to RTE_MIRROR_NAME_SIZE - 1 bytes, no control characters, and not digits alone, which would pass for an id.
 *
 * Rate: a token bucket that holds what may pass within 10 ms. A packet passes while there is anything in it. Each queue
 * takes what may pass within 1 ms from it at a time, and keeps what it has not used.
 *
 * Lock: held while the target's own mirrors take theirs. Where mirrors are chained, no two chains may take the same locks
 * in opposite orders.
 *
 * Pool: without one the library makes its own for each target and socket of sources, which mirrors share. It has 8191
 * mbufs of 2048 bytes, or 2047 of 9216 bytes if the target takes fewer than 5 segments a packet; more where the target's
 * tx queues can hold more, two for each descriptor (a queue whose driver does not tell counts as 1024). It is freed with
 * the target, or when that has been configured so that its mirrors have the other kind, once all its mbufs are back. If
 * there is no memory for it, a mirror in RTE_MIRROR_SHARE without snaplen does without, and counts as nombuf the packets
 * that it cannot share.
 */
struct rte_mirror_param {
	uint16_t target_port;                   /**< port to transmit on */
	uint16_t target_queue;                  /**< first of the tx queues that are mirrors' own */
	uint16_t nb_target_queues;              /**< how many; 0: all from target_queue on */
	enum rte_mirror_mode mode;              /**< what the target is given */
	uint32_t directions;                    /**< RTE_MIRROR_RX | RTE_MIRROR_TX, at least one */
	rte_mirror_offload_fn offload;          /**< chooses packets; NULL: all */
	void *ctx;                              /**< for offload */
	rte_spinlock_t *lock;                   /**< held around take and send; NULL: none */
	const struct rte_mirror_select *select; /**< which packets offload is given; NULL: all */
	struct rte_mempool *pool; /**< for what is copied or cut; NULL: the library's */
	uint32_t snaplen;         /**< bytes of each packet, from RTE_MIRROR_LEN_MIN; 0: all */
	uint32_t split_len;       /**< bytes that split copies; 0: RTE_MIRROR_SPLIT_LEN */
	uint32_t flags;           /**< RTE_MIRROR_F_* */
	enum rte_mirror_rate_unit rate_unit; /**< the unit of rate */
	const char *name;                    /**< unique; NULL: "mirror<id>" */
	uint64_t rate;        /**< the most that it mirrors a second, over all its queues; 0: all */
	uint64_t reserved[7]; /**< must be 0 */
};

/** A mirror's counters since its registration or its last reset. seen is the sum of all the others but bytes. */
struct rte_mirror_stats {
	uint64_t seen;        /**< packets offered to this mirror */
	uint64_t packets;     /**< packets accepted by the target, or on their way to it */
	uint64_t bytes;       /**< bytes of these, without FCS */
	uint64_t filtered;    /**< packets left out by select */
	uint64_t unsampled;   /**< packets left out by sampling */
	uint64_t declined;    /**< packets left out by the offload function */
	uint64_t unsupported; /**< packets that cannot be mirrored truthfully, see rte_mirror_add() */
	uint64_t oversize;    /**< packets longer than the target takes, see rte_mirror_add() */
	uint64_t nombuf;      /**< packets for which the pool had no mbufs, or not enough */
	uint64_t full;    /**< packets refused by the target, or without room on the way to it */
	uint64_t limited; /**< packets beyond the mirror's rate */
	uint64_t reserved[5]; /**< 0; counters to come */
};

/** What runs a mirror's filter. */
enum rte_mirror_filter_engine {
	RTE_MIRROR_FILTER_NONE = 0, /**< it has none */
	RTE_MIRROR_FILTER_JIT,      /**< it is machine code */
	/** It is interpreted: the library generates no code for this processor, or the process may not create any. */
	RTE_MIRROR_FILTER_INTERPRETER,
};

/** A mirror as it is now. */
struct rte_mirror_info {
	uint32_t id;           /**< the mirror's id */
	uint16_t source_port;  /**< its source */
	uint16_t target_port;  /**< its target; RTE_MAX_ETHPORTS or more: no port, but a capture */
	uint16_t target_queue; /**< first tx queue of the target that it may use */
	uint16_t nb_target_queues;   /**< how many tx queues of the target it may use */
	uint16_t rx_queues;          /**< how many rx queues of the source it is on */
	uint16_t tx_queues;          /**< how many tx queues of the source it is on */
	uint32_t directions;         /**< RTE_MIRROR_RX | RTE_MIRROR_TX */
	enum rte_mirror_mode mode;   /**< the mode that it is in; not RTE_MIRROR_AUTO */
	enum rte_mirror_state state; /**< whether it is at work */
	uint32_t snaplen;            /**< bytes that it takes of each packet; 0: all */
	uint32_t split_len; /**< bytes that it copies of each packet; 0: it does not split */
	uint32_t flags;     /**< RTE_MIRROR_F_* */
	enum rte_mirror_filter_engine filter_engine; /**< what runs its filter */
	char name[RTE_MIRROR_NAME_SIZE];             /**< its name */
	char reason[RTE_MIRROR_REASON_SIZE];         /**< why it is not running; "" when it is */
	char mode_reason[RTE_MIRROR_REASON_SIZE];    /**< why it is in that mode */
	char warning[RTE_MIRROR_REASON_SIZE]; /**< what it cannot mirror, and what to do; "": all is well */
	uint64_t sampled_cycles; /**< cycles of the time stamp counter that it took of its pollers in some bursts */
	uint64_t sampled_packets; /**< packets in these, one burst in 1024: what a packet costs is the ratio */
	uint64_t drain_cpu_us; /**< RTE_MIRROR_F_DRAIN: CPU time in us of its target's thread */
	uint64_t drain_yields; /**< 1: no CPU is left for that thread: it runs only when pollers have nothing to do */
	uint64_t poller_cpu_us; /**< time in us that it took of its pollers in all bursts, reckoned from those */
	uint64_t reserved[3]; /**< 0 */
};

/** A queue of its source that a mirror is on. */
struct rte_mirror_queue {
	/**
	 * Bursts with packets that this process has passed through the queue since the mirror came to it. 0: nothing
	 * has come yet, or another process polls the queue, where a mirror sees nothing.
	 */
	uint64_t bursts;
	enum rte_mirror_direction direction; /**< which of the source's queues: rx or tx */
	uint16_t queue_id;                   /**< its number */
	uint16_t target_queue; /**< the tx queue of the target that its packets go to */
	uint64_t reserved[2];  /**< 0 */
};

/**
 * Mirrors a port: rte_mirror_add() without the id. The prototype is the RFC's.
 *
 * @param source_port
 *   The source.
 * @param param
 *   What to mirror, and how; not written.
 * @return
 *   0, or a negative errno as of rte_mirror_add().
 */
int rte_mirror_register(uint16_t source_port, struct rte_mirror_param *param);

/**
 * Removes every mirror of a source, as rte_mirror_remove() does. The prototype is the RFC's.
 *
 * @param source_port
 *   The source.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: the port has no mirror
 *   - -ETIMEDOUT, -EDEADLK: as of rte_mirror_remove()
 */
int rte_mirror_unregister(uint16_t source_port);

/**
 * Adds a mirror to a port.
 *
 * Queues: it covers all queues of the source and, within a second, those that a reconfiguration adds. If the target has a
 * tx queue for each of the source's queues and directions, each gets its own; otherwise they share queues under a lock of
 * the library's.
 *
 * Segments: a target takes one a packet. It takes chains, as long as its driver says in tx_desc_lim, if it has
 * RTE_ETH_TX_OFFLOAD_MULTI_SEGS enabled or its driver is known not to need that (net_null, net_pcap), and does not have
 * RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE enabled.
 *
 * Not mirrored, and counted as unsupported, are packets
 * - that cannot look in a copy as they would on the wire: RTE_MBUF_F_TX_SEC_OFFLOAD and _MACSEC, header lengths in the mbuf
 *   that are not the packet's;
 * - that do not fit into as many mbufs of the pool as the target takes segments;
 * - that end within their Ethernet header, to net_tap, net_af_packet, and net_pcap on an interface, which take no such;
 * - that contradict themselves: fewer bytes than pkt_len, another number of segments than nb_segs.
 *
 * References: counts have 16 bits. A packet that has 60,000 references already, to any segment or to the buffer that a
 * segment refers to, is copied, whatever the mode. If the mirror has no mbufs for that, it counts as nombuf.
 *
 * Lengths: some drivers lose packets that are longer than their interface takes. Where that is known, such packets are not
 * sent but counted as oversize, after snaplen has cut them:
 * - to net_tap, those longer than the port's MTU + 22 bytes;
 * - to net_af_packet, and net_pcap on an interface, those longer than the interface's MTU + 14 bytes, + 18 with a tag of
 *   the type 0x8100;
 * - to net_af_packet, those longer than its framesz - 32 bytes.
 *
 * A change of an MTU is noticed within a second. If the source's MTU is larger than what the target takes, or may take, the
 * mirror's warning in struct rte_mirror_info says so.
 *
 * @param source_port
 *   The source. Several mirrors may be on one source, several sources on one target.
 * @param param
 *   What to mirror, and how.
 * @param[out] mirror_id
 *   The new mirror's id, not 0; NULL: not wanted. Ids are not used again.
 * @return
 *   0, or a negative errno, and nothing has changed:
 *   - -EINVAL: NULL or contradictory parameters, unknown bits, no queue to mirror or to send on; a snaplen or
 *     split_len that makes no sense; a rate_unit without a rate; a pool whose mbufs are too small, or whose kind the
 *     mode cannot use; a select that cannot choose anything, or whose filter is no expression
 *   - -ERANGE: target queues, or queues of select, that are not there
 *   - -ENODEV: no such port
 *   - -ENETDOWN: a port that is not started
 *   - -ELOOP: the target is the source, or would be mirrored back to it by way of other mirrors
 *   - -EEXIST: the name, or this source, target and direction, is taken
 *   - -EBUSY: a chained mirror holds the same lock; of this mirror and another to that target, only one has
 *     RTE_MIRROR_F_DRAIN; another filter is still being compiled
 *   - -ENOTSUP: no libpcap for a filter, or a filter that needs a kernel; share or split while
 *     RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE is enabled on a port of this process; split to a target that does not take chains;
 *     a target that is a member of a bond; share to a bond that rewrites packets (modes 5 and 6), or does not tell its mode;
 *     a pool for one producer or one consumer where several pollers would use it, or for one producer to a target that may
 *     not free mbufs before rte_eth_tx_burst() returns (auto knows of those that do); tx mirror of a port with
 *     RTE_ETH_TX_OFFLOAD_MT_LOCKFREE enabled; DPDK without rx/tx callbacks
 *   - -ENOMEM: out of memory, also for the pool; out of ids, or of room in mbufs for RTE_MIRROR_F_ORIGIN; or 64
 *     mirrors are on the source
 *   - -ETIMEDOUT: a poller has stayed inside the data path for seconds; the filter took more than 10 s to compile
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_add(uint16_t source_port, const struct rte_mirror_param *param, uint32_t *mirror_id);

/**
 * Tells whether rte_mirror_add() would add a mirror, and changes nothing.
 *
 * @param source_port
 *   The source.
 * @param param
 *   What to mirror, and how. With a target_port of RTE_MAX_ETHPORTS, for a target that is yet to be made, all is
 *   checked that does not depend on it.
 * @param without
 *   Ids of mirrors to judge without, as if they were removed; unknown ones do not matter. May be NULL when nb_without
 *   is 0.
 * @param nb_without
 *   The number of these ids.
 * @return
 *   0, or a negative errno as of rte_mirror_add(); -EINVAL also if without is NULL and nb_without is not 0. Not checked
 *   are attaching to queues, and what takes up memory for good.
 */
int rte_mirror_check(uint16_t source_port, const struct rte_mirror_param *param,
		const uint32_t *without, uint32_t nb_without);

/**
 * Removes a mirror. Returns when no poller can still be inside it: pool, lock and ctx are the caller's again.
 *
 * The caller must not hold the mirror's lock.
 *
 * @param mirror_id
 *   The mirror.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -ETIMEDOUT: a poller has stayed inside this mirror, or another, for seconds. No packet is offered to this one
 *     any more, but it still exists: call again
 *   - -ENOMEM: out of memory; it still exists, and may still be offered packets: call again
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_remove(uint32_t mirror_id);

/**
 * Pauses a mirror until rte_mirror_resume(). Returns when no poller is inside it. Its target may be stopped and
 * reconfigured meanwhile.
 *
 * @param mirror_id
 *   The mirror; one that is paused already stays so.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -ENETDOWN: it is stopped for good
 *   - -ETIMEDOUT: it is paused, but a poller may still be inside: call again
 *   - -ENOMEM, -EDEADLK: as of rte_mirror_remove()
 */
int rte_mirror_pause(uint32_t mirror_id);

/**
 * Resumes a paused mirror, if it could still be added.
 *
 * @param mirror_id
 *   The mirror; one that is not paused stays as it is.
 * @return
 *   0, or a negative errno, and it stays paused:
 *   - -ENOENT: no such mirror
 *   - -ENETDOWN: it is stopped for good
 *   - others: as of rte_mirror_add()
 */
int rte_mirror_resume(uint32_t mirror_id);

/**
 * Changes a mirror's parameters. Each queue's poller goes from the old ones to the new ones between two bursts: no packet
 * is missed or mirrored twice. A paused mirror stays paused. Counters go on.
 *
 * @param mirror_id
 *   The mirror.
 * @param param
 *   All of its parameters, as for rte_mirror_add(). target_port, target_queue and nb_target_queues must be what they
 *   were. name may be NULL: it keeps its name.
 * @return
 *   0, when no poller uses the old ones any more, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -ENETDOWN: it is stopped for good
 *   - -ETIMEDOUT: the new parameters hold, but a poller may still use the old pool, lock and ctx: call again
 *   - others: as of rte_mirror_add(), and the mirror goes on as it was
 */
int rte_mirror_update(uint32_t mirror_id, const struct rte_mirror_param *param);

/**
 * Finds a mirror by its name.
 *
 * @param name
 *   The name.
 * @param[out] mirror_id
 *   The mirror's id.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: no mirror has that name
 *   - -EINVAL: name or mirror_id is NULL
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_lookup(const char *name, uint32_t *mirror_id);

/**
 * Reads a mirror's counters.
 *
 * @param mirror_id
 *   The mirror.
 * @param[out] stats
 *   Its counters.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -EINVAL: stats is NULL
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_stats_get(uint32_t mirror_id, struct rte_mirror_stats *stats);

/**
 * Sets a mirror's counters to 0.
 *
 * @param mirror_id
 *   The mirror.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_stats_reset(uint32_t mirror_id);

/**
 * Lists the mirrors of this process, oldest first.
 *
 * @param[out] mirror_ids
 *   Their ids; may be NULL when size is 0.
 * @param size
 *   How many ids there is room for.
 * @return
 *   How many mirrors there are, or a negative errno:
 *   - -EINVAL: mirror_ids is NULL and size is not 0
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_list(uint32_t *mirror_ids, uint32_t size);

/**
 * Describes a mirror. For its queues, see rte_mirror_queues_get().
 *
 * @param mirror_id
 *   The mirror.
 * @param[out] info
 *   Its description.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -EINVAL: info is NULL
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_info_get(uint32_t mirror_id, struct rte_mirror_info *info);

/**
 * Lists the queues of its source that a mirror is on: those of rx first, each in the order of their numbers.
 *
 * @param mirror_id
 *   The mirror.
 * @param[out] queues
 *   The queues; may be NULL when size is 0.
 * @param size
 *   How many queues there is room for.
 * @return
 *   How many queues there are, or a negative errno:
 *   - -ENOENT: no such mirror
 *   - -EINVAL: queues is NULL and size is not 0
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_queues_get(uint32_t mirror_id, struct rte_mirror_queue *queues, uint32_t size);

/**
 * Gives the reason for the last refusal to this thread.
 *
 * @return
 *   One sentence, valid until the thread's next call of this interface; "" if nothing has been refused.
 */
const char *rte_mirror_last_error(void);

/*
 * Which packets: for select of struct rte_mirror_param.
 */

/** Numbers from min to max, both included. */
struct rte_mirror_range {
	uint16_t min; /**< the first */
	uint16_t max; /**< the last; not less than min */
};

/**
 * Packets by their Ethernet addresses. An address counts where its mask has ones: all ones are one address, all zeros
 * any. At least one mask is not 0. A packet without both addresses is not chosen.
 */
struct rte_mirror_mac {
	struct rte_ether_addr src;      /**< the sender's */
	struct rte_ether_addr src_mask; /**< which bits of it count */
	struct rte_ether_addr dst;      /**< the receiver's */
	struct rte_ether_addr dst_mask; /**< which bits of it count */
	uint8_t both_ways;              /**< 1: those with src and dst exchanged, too */
	uint8_t reserved[7];            /**< must be 0 */
};

/**
 * Packets of a flow: IPv4 (RFC 791) or IPv6 (RFC 8200) in Ethernet, behind any VLAN tags; tunnels are not looked into.
 * At least one field is not 0. Addresses and prefixes are in network byte order, of IPv4 the first four bytes.
 *
 * Ports are those of TCP, UDP, UDP-Lite, SCTP and DCCP. A packet that has none, as a later fragment, or none within what
 * there is of it, is not chosen where ports are asked for. Of IPv6, protocol is that behind the extension headers. Up to
 * 8 tags and 8 extension headers are read: behind more tags nothing is a flow's, and protocol is the ninth header's.
 */
struct rte_mirror_flow {
	uint8_t ip_version;               /**< 4 or 6; 0: any, if there is no prefix */
	uint8_t protocol;                 /**< IPPROTO_*; 0: any */
	uint8_t src_len;                  /**< bits of src that count; 0: any */
	uint8_t dst_len;                  /**< bits of dst that count; 0: any */
	uint8_t src[16];                  /**< the sender's prefix; 0 behind src_len */
	uint8_t dst[16];                  /**< the receiver's prefix; 0 behind dst_len */
	struct rte_mirror_range src_port; /**< the sender's ports; 0 to 0: any */
	struct rte_mirror_range dst_port; /**< the receiver's ports; 0 to 0: any */
	uint8_t both_ways;                /**< 1: those the other way round, too */
	uint8_t reserved[7];              /**< must be 0 */
};

/** A filter that has been compiled, see rte_mirror_filter_compile(). */
struct rte_mirror_filter;

/**
 * Which packets to mirror: those that pass every test that is not 0, in this order. What fails a test counts as filtered,
 * what sampling leaves out as unsampled.
 *
 * A packet whose VLAN tags the NIC has stripped, or is to insert, is looked at as if they were in the packet. Tags
 * have the types 0x8100, 0x88a8 or 0x9100; filter knows them as libpcap does.
 */
struct rte_mirror_select {
	/** Those of these queues of the source, whose numbers count for rx and tx alike; NULL: of all. */
	const struct rte_mirror_range *queues;
	const struct rte_mirror_mac *mac; /**< those with these addresses; NULL: any */
	/** Those whose first VLAN tag has one of these ids, up to 4095; NULL: any, also without a tag. */
	const struct rte_mirror_range *vlans;
	/** Those whose second VLAN tag has one of these ids, up to 4095; NULL: any, also without one. */
	const struct rte_mirror_range *inner_vlans;
	const struct rte_mirror_flow *flow; /**< those of this flow; NULL: any */
	/**
	 * Those that this expression chooses, see pcap-filter(7); NULL: any. Requires libpcap at run time; the
	 * application need not be linked to it. Without protochain and what only a kernel's interface knows (inbound,
	 * ifindex). Of checksums that a NIC is to fill in it sees what is there before.
	 */
	const char *filter;
	uint32_t sample_one_in; /**< of those, one in so many; 0: all */
	uint8_t sample_random; /**< 0: every sample_one_in-th of a queue; 1: each with that probability */
	uint8_t reserved_byte;   /**< must be 0 */
	uint16_t nb_queues;      /**< how many ranges; 0 only where queues is NULL */
	uint16_t nb_vlans;       /**< how many ranges; 0 only where vlans is NULL */
	uint16_t nb_inner_vlans; /**< how many ranges; 0 only where inner_vlans is NULL */
	uint64_t sample_seed;    /**< for sample_random: equal seeds choose equally */
	/** Instead of filter: the same, compiled; NULL: as filter says. Borrowed for the call. */
	struct rte_mirror_filter *compiled;
	uint64_t reserved[4]; /**< must be 0 */
};

/**
 * Compiles a filter, for rte_mirror_select.compiled of any number of mirrors.
 *
 * For one mirror, name the expression in its parameters instead. This is for many mirrors, which then run the same code,
 * and for callers that must not wait: libpcap asks name servers about names in an expression, and adding a mirror waits
 * for that. It takes 10 seconds at most. libpcap cannot be interrupted: until it has ended, no other filter is compiled.
 *
 * @param expression
 *   See pcap-filter(7), and rte_mirror_select.filter.
 * @param[out] filter
 *   To be freed with rte_mirror_filter_free().
 * @return
 *   0, or a negative errno:
 *   - -EINVAL: NULL, no expression, or one of more than 65535 bytes
 *   - -ENOTSUP: no libpcap; or an expression that needs a kernel or loops
 *   - -ETIMEDOUT: it took more than 10 seconds
 *   - -EBUSY: one that did has not ended
 *   - -EDEADLK: called from inside the data path
 *   - -ENOMEM: out of memory
 */
int rte_mirror_filter_compile(const char *expression, struct rte_mirror_filter **filter);

/**
 * Frees a filter. Mirrors that were given it keep what they need.
 *
 * @param filter
 *   The filter; NULL is none.
 */
void rte_mirror_filter_free(struct rte_mirror_filter *filter);

/*
 * Where packets come from: for RTE_MIRROR_F_ORIGIN.
 */

/** Where a packet comes from, and when it came. */
struct rte_mirror_origin {
	uint64_t tsc;      /**< the time stamp counter when its burst was mirrored */
	uint32_t pkt_len;  /**< its length on the wire in bytes, however much of it was taken */
	uint16_t port_id;  /**< the source */
	uint16_t queue_id; /**< the source's rx or tx queue */
	uint8_t is_tx;     /**< 1: RTE_MIRROR_TX, 0: RTE_MIRROR_RX */
	uint8_t reserved_bytes[7]; /**< 0 */
	uint64_t reserved[3];      /**< 0 */
};

/**
 * Tells where a packet comes from that a mirror with RTE_MIRROR_F_ORIGIN sent. May be called from anywhere, also from
 * inside the data path.
 *
 * @param pkt
 *   The packet, as its target got it; not NULL.
 * @param[out] origin
 *   Where it comes from.
 * @return
 *   0, or -ENOENT: the packet does not say
 */
int rte_mirror_origin_get(const struct rte_mbuf *pkt, struct rte_mirror_origin *origin);

/*
 * Control from another process.
 */

/**
 * Serves the commands of a live application on a socket of the library's own, for applications that have no telemetry.
 * Returns at once: a thread binds it when EAL is up, logs what has become of it, and serves until EAL ends. There is one
 * such socket at a time; DPDK_MIRROR_SOCKET=PATH in the environment asks for it when the library is loaded.
 *
 * @param path
 *   Absolute, at most 103 bytes, in a directory that belongs to the user who runs the application and that nobody else may
 *   write to.
 * @return
 *   0, or a negative errno:
 *   - -EINVAL: NULL
 *   - -EALREADY: one has been asked for, or is served
 *   - -ENOTSUP: the library does not work in this process
 *   - -ENOMEM: no memory, or no thread
 */
int rte_mirror_socket_open(const char *path);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MIRROR_H */
