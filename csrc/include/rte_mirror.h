/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The dpdk-mirror authors
 */

#ifndef RTE_MIRROR_H
#define RTE_MIRROR_H

/**
 * @file
 * Zero-copy traffic mirroring of ethdev ports.
 *
 * A mirror sends a second reference of the packets that flow through a source port to a target port. It lives in
 * the source's own rx and tx callbacks: the application's loops, bursts and packets stay as they are.
 *
 * A source is any started port whose rx/tx callbacks this process runs. A target is a started port whose tx queues
 * (all of them, or the window that the parameters name) nobody else transmits on while the mirror exists. The
 * application removes its mirrors before it stops, closes or reconfigures their target.
 *
 * Every int of this interface is 0 (or what its text says) or a negative errno; results go through out-parameters,
 * which are left alone on error. After a refusal, rte_mirror_last_error() tells the reason in one sentence.
 *
 * All functions may be called from any thread, but not from inside a mirror's data path (-EDEADLK). They may wait:
 * for each other, and until no poller can still use what they take away; while one poller stays inside, changes that
 * would have to wait for it end with -ETIMEDOUT. Ports may be removed meanwhile, in any thread.
 *
 * The interface follows the "lib: introduce traffic mirroring API" RFC (dpdk-dev, July 2020).
 */

#include <stdint.h>

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

/** Which packets of the source, as its application sees them. */
enum rte_mirror_direction {
	RTE_MIRROR_RX = 1 << 0, /**< what rte_eth_rx_burst() returns */
	RTE_MIRROR_TX = 1 << 1, /**< what rte_eth_tx_burst() is offered */
};

/** What the target is given of each packet. */
enum rte_mirror_mode {
	RTE_MIRROR_SHARE = 0, /**< the same mbuf, its reference counts raised */
	RTE_MIRROR_SPLIT,     /**< headers copied, the rest referenced; not built yet: -ENOTSUP */
	RTE_MIRROR_COPY,      /**< a copy; not built yet: -ENOTSUP */
	RTE_MIRROR_AUTO,      /**< what suits the target's driver; not built yet: -ENOTSUP */
};

/** Whether a mirror is at work. */
enum rte_mirror_state {
	RTE_MIRROR_RUNNING = 0, /**< every packet of its source is offered to it */
	RTE_MIRROR_WAITING,     /**< its source is stopped; goes on when that is started again */
	RTE_MIRROR_STOPPED,     /**< ended for good, see the reason; remove it */
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
 * A lock is held while the target's own mirrors take theirs: where mirrors are chained, the application sees to it that
 * no two chains take the same locks in opposite orders.
 *
 * Copied deeply at registration. pool, lock and ctx are borrowed until the mirror is removed. A name has 1 to
 * RTE_MIRROR_NAME_SIZE - 1 bytes and no control characters. What is not built yet is refused unless it is 0.
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
	const struct rte_mirror_select *select; /**< not built yet */
	struct rte_mempool *pool;               /**< for split and copy; not built yet */
	uint32_t snaplen;                       /**< bytes of each, 0: all; not built yet */
	uint32_t split_len;                     /**< bytes that split copies; not built yet */
	uint32_t flags;                         /**< none is defined yet */
	const char *name;                       /**< unique; NULL: "mirror<id>" */
	uint64_t reserved[4];                   /**< must be 0 */
};

/**
 * A mirror's counters, from its registration or its last reset on.
 *
 * seen is the sum of all the others but bytes.
 */
struct rte_mirror_stats {
	uint64_t seen;        /**< packets offered to this mirror */
	uint64_t packets;     /**< packets accepted by the target */
	uint64_t bytes;       /**< bytes of the packets accepted by the target, without FCS */
	uint64_t filtered;    /**< packets left out by select */
	uint64_t unsampled;   /**< packets left out by sampling */
	uint64_t declined;    /**< packets left out by the offload function */
	uint64_t unsupported; /**< packets that cannot be mirrored as asked, see rte_mirror_add() */
	uint64_t nombuf;      /**< packets for which the pool had no mbuf */
	uint64_t full;        /**< packets refused by the target */
};

/** A mirror as it is now. */
struct rte_mirror_info {
	uint32_t id;                         /**< the mirror's id */
	uint16_t src_port;                   /**< its source */
	uint16_t target_port;                /**< its target */
	uint16_t target_queue;               /**< first tx queue of the target that it may use */
	uint16_t nb_target_queues;           /**< how many tx queues of the target it may use */
	uint16_t nb_rx_queues;               /**< how many rx queues of the source it is on */
	uint16_t nb_tx_queues;               /**< how many tx queues of the source it is on */
	uint32_t directions;                 /**< RTE_MIRROR_RX | RTE_MIRROR_TX */
	enum rte_mirror_mode mode;           /**< the mode chosen */
	enum rte_mirror_state state;         /**< whether it is at work */
	char name[RTE_MIRROR_NAME_SIZE];     /**< its name */
	char reason[RTE_MIRROR_REASON_SIZE]; /**< why it waits or is stopped; "" when it runs */
	uint64_t reserved[4];                /**< 0 */
};

/**
 * Mirrors a port: rte_mirror_add() without the id. The prototype is the RFC's.
 *
 * @param src_port
 *   The source.
 * @param param
 *   What to mirror, and how; not written.
 * @return
 *   0, or a negative errno as of rte_mirror_add().
 */
int rte_mirror_register(uint16_t src_port, struct rte_mirror_param *param);

/**
 * Removes every mirror of a source, as rte_mirror_remove() does. The prototype is the RFC's.
 *
 * @param src_port
 *   The source.
 * @return
 *   0, or a negative errno:
 *   - -ENOENT: the port has no mirror
 *   - -ETIMEDOUT, -EDEADLK: as of rte_mirror_remove()
 */
int rte_mirror_unregister(uint16_t src_port);

/**
 * Adds a mirror to a port.
 *
 * It covers all queues of the source, those that a later reconfiguration brings within a second. Where the target
 * has a tx queue for each of the source's queues and directions, each gets one of its own; else they share under a
 * lock of the library's.
 *
 * What RTE_MIRROR_SHARE cannot mirror truthfully is counted as unsupported and not mirrored: packets with any of
 * RTE_MBUF_F_TX_OFFLOAD_MASK set, rx packets whose VLAN tag the NIC has stripped, and packets of several segments
 * when the target has not enabled RTE_ETH_TX_OFFLOAD_MULTI_SEGS.
 *
 * @param src_port
 *   The source. Several mirrors may be on one source, several sources on one target.
 * @param param
 *   What to mirror, and how.
 * @param[out] mirror_id
 *   The new mirror's id, not 0; NULL: not wanted. Ids are not used again.
 * @return
 *   0, or a negative errno, and nothing has changed:
 *   - -EINVAL: NULL or contradictory parameters, unknown bits, no queue to mirror or to send on
 *   - -ERANGE: target queues that are not there
 *   - -ENODEV: no such port
 *   - -ENETDOWN: a port that is not started
 *   - -ELOOP: the target is the source, or would be mirrored back to it by way of other mirrors
 *   - -EEXIST: the name, or this source, target and direction, is taken
 *   - -EBUSY: a chained mirror holds the same lock
 *   - -ENOTSUP: not built yet; RTE_ETH_TX_OFFLOAD_MBUF_FAST_FREE is enabled on a port of this process;
 *     tx mirror of a port with RTE_ETH_TX_OFFLOAD_MT_LOCKFREE enabled; DPDK without rx/tx callbacks
 *   - -ENOMEM: out of memory, or of ids; or 64 mirrors are on the source
 *   - -ETIMEDOUT: a poller has stayed inside the data path for seconds
 *   - -EDEADLK: called from inside the data path
 */
int rte_mirror_add(uint16_t src_port, const struct rte_mirror_param *param, uint32_t *mirror_id);

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
 * Describes a mirror.
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
 * Tells why the library last refused something to this thread.
 *
 * @return
 *   One sentence, valid until the thread's next call of this interface; "" if nothing was refused.
 */
const char *rte_mirror_last_error(void);

#ifdef __cplusplus
}
#endif

#endif /* RTE_MIRROR_H */
