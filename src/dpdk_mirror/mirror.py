# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Mirrors in this process."""

from __future__ import annotations

import enum
import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._binding import drain_log, ffi, lib
from .closeable import Closeable, finalize
from .errors import ClosedError, error_for
from .spec import Direction, MirrorSpec, MirrorStats, Mode

if TYPE_CHECKING:
    from .ethdev import Port

__all__ = ["Mirror", "MirrorHooks", "MirrorInfo", "MirrorState"]


class MirrorState(enum.IntEnum):
    """Whether a mirror is at work; the values are C's."""

    RUNNING = 0
    WAITING = 1
    STOPPED = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class MirrorInfo:
    """A mirror as it is now: struct rte_mirror_info.

    ``reason`` says why it waits or is stopped. The port numbers tell nothing once it is stopped.
    """

    id: int
    name: str
    src_port: int
    target_port: int
    target_queue: int
    nb_target_queues: int
    nb_rx_queues: int
    nb_tx_queues: int
    directions: Direction
    mode: Mode
    state: MirrorState
    reason: str


@dataclass(frozen=True, slots=True)
class MirrorHooks:
    """Hazardous: C code and C memory of your own in the data path, by address (an int) or as cffi pointers.

    ``offload`` is a ``rte_mirror_offload_fn``, called with ``ctx`` for each burst on the thread that polls the source;
    ``lock`` a ``rte_spinlock_t`` held while packets are taken and sent. All must stay valid until the mirror is
    closed, and none may be Python: no Python runs per packet.
    """

    offload: Any = None
    ctx: Any = None
    lock: Any = None


class Mirror(Closeable):
    """Mirrors ``source``'s packets to ``target`` from the moment it is made until ``close()``.

    Options are MirrorSpec's: mode, target_queue, nb_target_queues, snaplen, split_len, name.
    """

    shares_queues = True  # the library allots a target's queues to its mirrors

    def __init__(
        self,
        source: Port,
        target: Port,
        *,
        direction: Direction = Direction.BOTH,
        hooks: MirrorHooks | None = None,
        **options: Any,
    ) -> None:
        for role, port in (("source", source), ("target", target)):
            if not hasattr(port, "tx_queues"):
                raise TypeError(f"{role} must be a Port, not {type(port).__name__}")
        self.source, self.target = source, target
        self.spec = MirrorSpec(directions=direction, **options)
        self._hooks = hooks or MirrorHooks()  # kept alive as long as the mirror
        self._id: int | None = None
        first, count = self.spec.target_queue, self.spec.nb_target_queues
        queues = range(first, first + count) if count else range(first, target.tx_queues)
        source.attach(self)
        try:
            target.attach(self, (("tx", queue) for queue in queues))
            self._id = self._add()
        except BaseException:
            self._detach()
            raise
        self._finalizer = finalize(self, lib.rte_mirror_remove, self._id)

    def __repr__(self) -> str:
        return f"<Mirror {self}{', closed' if self._id is None else ''}>"

    def __str__(self) -> str:
        return f"mirror {self.source.name} -> {self.target.name} ({self.spec.directions})"

    @property
    def id(self) -> int:
        """The library's number for the mirror."""
        if self._id is None:
            raise ClosedError(errno.EBADF, f"use {self}: it is closed")
        return self._id

    @property
    def closed(self) -> bool:
        return self._id is None

    def stats(self) -> MirrorStats:
        stats = ffi.new("struct rte_mirror_stats *")
        self._check(lib.rte_mirror_stats_get(self.id, stats), "read the counters of")
        return MirrorStats(**{name: getattr(stats, name) for name in MirrorStats.__slots__})

    def info(self) -> MirrorInfo:
        info = ffi.new("struct rte_mirror_info *")
        self._check(lib.rte_mirror_info_get(self.id, info), "describe")
        values = {name: getattr(info, name) for name in MirrorInfo.__slots__}
        values |= {name: ffi.string(values[name]).decode() for name in ("name", "reason")}
        values |= {"directions": Direction(info.directions), "mode": Mode(info.mode), "state": MirrorState(info.state)}
        return MirrorInfo(**values)

    def reset(self) -> None:
        """Sets the counters to 0."""
        self._check(lib.rte_mirror_stats_reset(self.id), "reset the counters of")

    def close(self) -> None:
        """Removes the mirror; when it returns, nobody is inside it any more. A second call does nothing.

        After BusyTimeoutError the mirror gets no packets any more but still exists: call again.
        """
        if self._id is None:
            return
        rc = lib.rte_mirror_remove(self._id)
        if rc != -errno.ENOENT:  # somebody else has removed it already
            self._check(rc, "remove")
        self._finalizer.detach()
        self._id = None
        self._detach()

    def _add(self) -> int:
        spec = self.spec
        name = ffi.NULL if spec.name is None else ffi.new("char[]", spec.name.encode())
        param = ffi.new("struct rte_mirror_param *")
        param.target_port, param.directions, param.mode = self.target.id, int(spec.directions), int(spec.mode)
        param.target_queue, param.nb_target_queues = spec.target_queue, spec.nb_target_queues
        param.snaplen, param.split_len, param.name = spec.snaplen, spec.split_len, name
        param.offload = _pointer("rte_mirror_offload_fn", self._hooks.offload)
        param.ctx = _pointer("void *", self._hooks.ctx)
        param.lock = _pointer("rte_spinlock_t *", self._hooks.lock)
        mirror_id = ffi.new("uint32_t *")
        self._check(lib.rte_mirror_add(self.source.id, param, mirror_id), "register")
        return int(mirror_id[0])

    def _check(self, rc: int, doing: str) -> None:
        if rc < 0:
            reason = ffi.string(lib.rte_mirror_last_error()).decode()
            drain_log()  # has the reason, too
            raise error_for(-rc, f"{doing} {self}: {reason}")

    def _detach(self) -> None:
        self.source.detach(self)
        self.target.detach(self)


def _pointer(c_type: str, value: Any) -> Any:
    if value is None:
        return ffi.NULL
    if not isinstance(value, int | ffi.CData) or isinstance(value, bool):
        raise TypeError(f"a {c_type} must be an address or a cffi pointer, not {type(value).__name__}")
    return ffi.cast(c_type, value)
