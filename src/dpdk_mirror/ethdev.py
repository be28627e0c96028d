# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Ethernet ports: set-up, frames in and out, state and counters."""

from __future__ import annotations

import errno
import itertools
import weakref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from ._binding import check, ffi, lib
from .cframes import give_frames, take_frames
from .closeable import Closeable
from .errors import ClosedError, ConflictError, InvalidConfigError, MirrorError, error_for
from .keywords import check_keywords, shows_keywords
from .parameter import takes_keywords
from .portconfig import PortConfig, PortOptions, offload_names

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import SupportsBytes, Unpack

    from .eal import Eal
    from .mempool import Mempool

    Frame = bytes | bytearray | memoryview | SupportsBytes

__all__ = ["Link", "Port", "PortConfig", "PortStats"]

_MAX_BURST = 0xFFFF
_MAX_SEGS = 0xFFFF
_RECEIVE_BURST = 64


@dataclass(frozen=True, slots=True)
class Link:
    """A port's link as it is now; ``speed_mbps`` is None when unknown."""

    up: bool
    speed_mbps: int | None
    full_duplex: bool
    autoneg: bool


@takes_keywords()
@dataclass(frozen=True, slots=True)
class PortStats:
    """The driver's counters. Some drivers count no bytes: net_ring, net_null."""

    rx_packets: int
    tx_packets: int
    rx_bytes: int
    tx_bytes: int
    rx_missed: int
    rx_errors: int
    tx_errors: int
    rx_nombuf: int


class QueueUser(Protocol):
    """What uses a port from C threads: a Mirror or a Forwarder."""

    shares_queues: bool

    def close(self) -> None: ...

    def __hash__(self) -> int: ...


@takes_keywords()
class Port(Closeable):
    """A port of a device that EAL has; had from ``Eal.port()`` or ``Eal.plug()``.

    ``close()`` ends the mirrors and forwarders that use the port, then the port. ``stop()`` is refused while a
    forwarder, or a mirror that sends here, uses the port; a mirror that it is the source of waits for its next
    ``start()``.
    """

    def __init__(self, eal: Eal, name: str) -> None:
        port_id = ffi.new("uint16_t *")
        check(lib.ffi_port_find(name.encode(), port_id), f"open port {name}: there is no such port")
        self.eal = eal  # keeps EAL up for as long as the port is there
        self._id: int | None = port_id[0]
        self._pool: Mempool | None = None
        self._started = False
        self._max_segs = 1
        self._users: weakref.WeakKeyDictionary[QueueUser, frozenset[tuple[str, int]]] = weakref.WeakKeyDictionary()
        self.name = name
        self.label = name  # what messages call it
        self.rx_queues = 0  # as last started
        self.tx_queues = 0

    def __repr__(self) -> str:
        state = "closed" if self._id is None else "started" if self._started else "stopped"
        return f"<Port {self.name}, {state}>"

    # What it is.

    @property
    def id(self) -> int:
        """DPDK's number for the port."""
        self._check_own()
        if self._id is None:
            raise ClosedError(errno.EBADF, f"use port {self.name}: it is closed")
        return self._id

    @property
    def closed(self) -> bool:
        return self._id is None

    @property
    def started(self) -> bool:
        return self._started

    @property
    def driver(self) -> str:
        return str(ffi.string(self._info().driver).decode())

    @property
    def mac(self) -> str:
        return bytes(self._info().mac).hex(":")

    @property
    def max_rx_queues(self) -> int:
        return int(self._info().max_rx_queues)

    @property
    def max_tx_queues(self) -> int:
        return int(self._info().max_tx_queues)

    @property
    def rx_capabilities(self) -> frozenset[str]:
        """The rx offloads that the driver has."""
        return offload_names("rx", self._info().rx_capabilities)

    @property
    def tx_capabilities(self) -> frozenset[str]:
        """The tx offloads that the driver has."""
        return offload_names("tx", self._info().tx_capabilities)

    @property
    def link(self) -> Link:
        link = ffi.new("struct ffi_port_link *")
        check(lib.ffi_port_link_get(self.id, link), f"read the link of port {self.name}")
        speed = None if link.speed_mbps == 0xFFFFFFFF else link.speed_mbps
        return Link(link.up, speed, link.full_duplex, link.autoneg)

    @property
    def mtu(self) -> int:
        mtu = ffi.new("uint16_t *")
        check(lib.ffi_port_mtu_get(self.id, mtu), f"read the MTU of port {self.name}")
        return int(mtu[0])

    def stats(self) -> PortStats:
        stats = ffi.new("struct ffi_port_stats *")
        check(lib.ffi_port_stats_get(self.id, stats), f"read the counters of port {self.name}")
        return PortStats(**{name: getattr(stats, name) for name in PortStats.__slots__})

    def xstats(self) -> dict[str, int]:
        """The driver's own counters by name."""
        what = f"read the extended counters of port {self.name}"
        size = check(lib.ffi_port_xstats_get(self.id, ffi.NULL, 0), what)
        xstats = ffi.new("struct ffi_port_xstat[]", size)
        count = check(lib.ffi_port_xstats_get(self.id, xstats, size), what)
        return {ffi.string(xstat.name).decode(): xstat.value for xstat in xstats[0 : min(count, size)]}

    # Start and stop.

    @shows_keywords(PortOptions, PortConfig)
    def start(self, pool: Mempool, **options: Unpack[PortOptions]) -> Self:
        """Set up and start the port. Options are the fields of PortConfig; ``pool`` has the buffers for rx."""
        check_keywords(options, PortOptions.__annotations__)
        config, port_id = PortConfig(**options), self.id
        if not hasattr(pool, "c"):
            raise TypeError(f"pool must be a Mempool, not {type(pool).__name__}")
        if self._started:
            raise ConflictError(errno.EBUSY, f"start port {self.name}: it is started", "stop it first")
        c_config = config.to_c(self._info(), pool.c)
        with_queues = f"with {config.rx_queues} rx and {config.tx_queues} tx queues"
        self._pool = pool
        pool.users[self] = f"port {self.name}"
        self._started = True  # before it is: Ctrl-C may come right after
        try:
            check(lib.ffi_port_start(port_id, c_config), f"start port {self.name} {with_queues}")
        except MirrorError:
            self._note_stopped()
            raise
        self.rx_queues, self.tx_queues = config.rx_queues, config.tx_queues
        self._max_segs = _MAX_SEGS if "MULTI_SEGS" in offload_names("tx", c_config.tx_offloads) else 1
        return self

    def stop(self) -> None:
        """Stop the port. It can be started again. Stopping a stopped port does nothing."""
        port_id = self.id
        if not self._started:
            return
        for user, queues in self._users.items():
            if queues:
                raise ConflictError(errno.EBUSY, f"stop port {self.name}: {user} uses it", "close that first")
        self._stop(port_id)

    def set_link(self, *, up: bool) -> None:
        """Take the link of a started port up or down; UnsupportedError if its driver cannot."""
        check(lib.ffi_port_link_set(self.id, up), f"take the link of port {self.name} {'up' if up else 'down'}")

    def reset(self) -> None:
        """Stop the port and have its driver set the device up anew; UnsupportedError if it cannot."""
        self.stop()
        check(lib.ffi_port_reset(self.id), f"reset port {self.name}")

    def release(self) -> None:
        """Close the mirrors and forwarders that use the port, and stop it. It can be started again."""
        self._close_users()
        self.stop()

    def close(self) -> None:
        """Close what uses the port, stop it and close it. A second call does nothing."""
        if self._id is None:
            return
        self._close_users()
        found = ffi.new("uint16_t *")
        # Somebody else may have removed the device, and another one have its number now.
        if lib.ffi_port_find(self.name.encode(), found) == 0 and found[0] == self._id:
            if self._started:
                self._stop(self._id)
            check(lib.ffi_port_close(self._id), f"close port {self.name}")
        self._note_stopped()
        self._id = self._pool = None

    # Frames.

    def send(self, frames: Iterable[Frame], queue: int = 0) -> int:
        """Send frames, each ``bytes`` or anything with ``__bytes__``, as one burst; return how many were taken.

        Frames that the port does not take are lost, as on any wire.
        """
        return self.send_raw(frames, queue)

    def send_raw(self, frames: Iterable[Frame], queue: int = 0, *, ol_flags: int = 0, vlan_tci: int = 0) -> int:
        """Hazardous: ``send()`` with mbuf flags set as they are.

        Drivers act on tx offload flags without looking, whether or not the packet and the port's set-up suit them.
        """
        data = [_to_bytes(frame) for frame in frames]
        with self._own_lock:
            target = ffi.new("struct ffi_burst_target *")
            target.port_id, target.queue_id = self._queue("send on", "tx", queue)
            target.pool = self._pool.c if self._pool is not None else ffi.NULL
            target.max_segs, target.ol_flags, target.vlan_tci = self._max_segs, ol_flags, vlan_tci
            c_frames, _kept = give_frames(data)
            rc = lib.ffi_burst_send(target, c_frames)
        if rc < 0:
            raise self._send_error(-rc, [len(frame) for frame in data])
        return int(rc)

    def receive(self, limit: int | None = None, queue: int = 0) -> list[bytes]:
        """One burst of at most ``limit`` frames; without a limit, bursts until an empty one.

        Give a limit where the other end never pauses: net_null makes frames for ever.
        """
        if limit is not None:
            return self._receive(limit, queue)
        bursts = iter(lambda: self._receive(_RECEIVE_BURST, queue), [])
        return list(itertools.chain.from_iterable(bursts))

    # For mirrors and forwarders.

    def attach(self, user: QueueUser, queues: Iterable[tuple[str, int]] = ()) -> None:
        """Notes that ``user`` is to be closed before the port, and the queues ("rx" or "tx", number) that it uses."""
        wanted = frozenset(queues)
        with self._own_lock:
            for other, used in self._users.items():
                if other is not user and wanted & used and not (user.shares_queues and other.shares_queues):
                    way, queue = min(wanted & used)
                    raise ConflictError(
                        errno.EBUSY, f"use {way} queue {queue} of port {self.name} for {user}: {other} uses it"
                    )
            self._users[user] = wanted | self._users.get(user, frozenset())

    def detach(self, user: QueueUser) -> None:
        """Takes back what attach() noted."""
        with self._own_lock:
            self._users.pop(user, None)

    # Its inside.

    def _close_users(self) -> None:
        for user in list(self._users):
            user.close()

    def _info(self) -> Any:
        info = ffi.new("struct ffi_port_info *")
        check(lib.ffi_port_info_get(self.id, info), f"ask for the abilities of port {self.name}")
        return info

    def _stop(self, port_id: int) -> None:
        with self._own_lock:
            check(lib.ffi_port_stop(port_id), f"stop port {self.name}")
            self._note_stopped()

    def _note_stopped(self) -> None:
        self._started = False
        if self._pool is not None:
            self._pool.users.pop(self, None)

    def _queue(self, doing: str, way: str, queue: int) -> tuple[int, int]:
        """The port's id and the queue, once it is sure that they can be used."""
        port_id, what = self.id, f"{doing} {way} queue {queue} of port {self.name}"
        count = self.rx_queues if way == "rx" else self.tx_queues
        if not self._started:
            raise ConflictError(errno.ENETDOWN, f"{what}: it is not started")
        if not isinstance(queue, int):
            raise TypeError(f"queue must be an int, not {type(queue).__name__}")
        if not 0 <= queue < count:
            raise InvalidConfigError(errno.ERANGE, f"{what}: it has {count}")
        for user, queues in self._users.items():
            if (way, queue) in queues:
                raise ConflictError(errno.EBUSY, f"{what}: {user} uses it")
        return port_id, queue

    def _receive(self, limit: int, queue: int) -> list[bytes]:
        if not 0 < limit <= _MAX_BURST:
            raise InvalidConfigError(errno.ERANGE, f"receive a burst of {limit}: not within 1 to {_MAX_BURST}")
        frames = ffi.new("struct ffi_frames *")
        with self._own_lock:
            rc = lib.ffi_burst_receive(*self._queue("receive from", "rx", queue), limit, frames)
        if rc < 0:  # reading the log, too, would make each poll slower
            check(rc, f"receive from port {self.name}")
        return take_frames(frames)

    def _send_error(self, code: int, lengths: list[int]) -> Exception:
        what, pool = f"send a burst of {len(lengths)} on port {self.name}", self._pool
        room, size = (pool.data_room, pool.size) if pool is not None else (0, 0)
        longest = max(lengths)
        if code == errno.EINVAL:
            return error_for(code, f"{what}: frame {lengths.index(0)} is empty")
        if code == errno.ERANGE and len(lengths) > _MAX_BURST:
            return error_for(code, f"{what}: a burst has at most {_MAX_BURST} frames")
        if code == errno.ERANGE:
            return error_for(code, f"{what}: one of {longest} bytes is more than {size} buffers of {room} bytes hold")
        if code == errno.ENOTSUP:
            return error_for(code, f"{what}: one of {longest} bytes is more than a buffer holds, and MULTI_SEGS is off")
        return error_for(code, f"{what}: too few free buffers in the port's mempool")


def _to_bytes(frame: Frame) -> bytes | bytearray | memoryview:
    if isinstance(frame, bytes | bytearray | memoryview):
        return frame if not isinstance(frame, memoryview) else frame.tobytes()
    if not hasattr(type(frame), "__bytes__"):
        raise TypeError(f"a frame must be bytes or have __bytes__, not {type(frame).__name__}")
    return bytes(frame)
