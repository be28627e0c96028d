# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""Forwarding loops: C, on EAL's worker lcores; Python starts, stops and reads counters."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypedDict

from ._binding import check, ffi, lib
from .closeable import Closeable, finalize
from .errors import ConflictError, InvalidConfigError
from .keywords import check_keywords, shows_keywords
from .parameter import takes_keywords
from .spec import Named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Unpack

    from .ethdev import Port

__all__ = ["ForwardCounters", "ForwardMode", "Forwarder", "ForwarderConfig", "ForwarderOptions", "ForwarderStats"]


class ForwardMode(Named):
    """What to do with packets. Values as in C."""

    IO = 0
    MACSWAP = 1
    DRAIN = 2


class ForwarderOptions(TypedDict, total=False):
    """ForwarderConfig's fields as keywords."""

    mode: ForwardMode
    both_ways: bool
    workers: int | None
    packets: int | None
    retry_s: float


@takes_keywords()
@dataclass(frozen=True, slots=True)
class ForwarderConfig:
    """How to forward.

    ``workers``: number of lcores; None: all that are free, at most one a queue. ``packets``: stop after receiving
    exactly this number on the source. ``retry_s``: retry packets that the far end refuses, until it has taken nothing
    for this time.
    """

    mode: ForwardMode = ForwardMode.IO
    both_ways: bool = False
    workers: int | None = None
    packets: int | None = None
    retry_s: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.mode, ForwardMode):
            raise TypeError(f"mode must be a ForwardMode, not {type(self.mode).__name__}")
        limits = {"workers": 0xFFFF, "packets": 2**64 - 1}
        for name, most in limits.items():
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, int) or isinstance(value, bool):
                raise TypeError(f"{name} must be an int, not {type(value).__name__}")
            if not 1 <= value <= most:
                raise InvalidConfigError(errno.EINVAL, f"forward with {name}={value}: not within 1 to {most}")
        if not 0 <= self.retry_s <= 3600:
            raise InvalidConfigError(errno.EINVAL, f"forward with retry_s={self.retry_s}: not within 0 to 3600")


@dataclass(frozen=True, slots=True)
class ForwardCounters:
    """One way's counters. ``lost``: received, but refused by the far end."""

    rx_packets: int = 0
    rx_bytes: int = 0
    tx_packets: int = 0
    tx_bytes: int = 0
    lost: int = 0


@takes_keywords()
@dataclass(frozen=True, slots=True)
class ForwarderStats:
    """Counters of both ways: ``forth`` is source to sink. ``idle_s``: how long the source has given nothing."""

    forth: ForwardCounters
    back: ForwardCounters
    idle_s: float
    workers: int
    running: bool


class Forwarder(Closeable):
    """Forward packets from all queues of ``source`` to ``sink``; without a sink, drop them.

    Options are the fields of ForwarderConfig. Runs from ``start()``, or the entry of ``with``, until ``stop()``. Nobody
    else may use its queues meanwhile. Its counters stay readable until it is closed or started again.
    """

    shares_queues = False

    @shows_keywords(ForwarderOptions, ForwarderConfig)
    def __init__(self, source: Port, sink: Port | None = None, **options: Unpack[ForwarderOptions]) -> None:
        check_keywords(options, ForwarderOptions.__annotations__)
        if sink is None:
            options.setdefault("mode", ForwardMode.DRAIN)
        self.source, self.sink = source, sink
        self.config = ForwarderConfig(**options)
        if (sink is None) != (self.config.mode is ForwardMode.DRAIN):
            raise InvalidConfigError(errno.EINVAL, f"{self}: mode drain takes no sink; all other modes require one")
        if sink is source and self.config.both_ways:
            raise InvalidConfigError(errno.EINVAL, f"{self}: both_ways requires two ports")
        self._c: Any = None  # C type: struct ffi_forward *; None before start() and after close()
        self._finalizer: Any = None

    def __repr__(self) -> str:
        return f"<Forwarder {self}>"

    def __str__(self) -> str:
        if self.sink is None:
            return f"drain {self.source.label}"
        arrow = "<->" if self.config.both_ways else "->"
        return f"forward {self.source.label} {arrow} {self.sink.label}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        with self._own_lock:
            return self._c is not None and self.stats().running

    def start(self) -> Self:
        """Start the loops, with counters at 0."""
        with self._own_lock:
            if self.running:
                raise ConflictError(errno.EBUSY, f"{self}: it is running")
            self._free()
            started = ffi.new("struct ffi_forward **")
            self._finalizer = finalize(self, _free, started)
            try:
                self._attach()
                self._start(started)
                self._c = started[0]
            except BaseException:
                self._finalizer()
                self._detach()
                raise
        return self

    def stop(self) -> None:
        """Stop the loops. When it returns, the lcores have left them. A second call does nothing."""
        with self._own_lock:
            if self._c is not None:
                lib.ffi_forward_stop(self._c)
            self._detach()

    def close(self) -> None:
        """Stop, and drop the counters."""
        self.stop()
        with self._own_lock:
            self._free()

    def stats(self) -> ForwarderStats:
        """Read the counters."""
        stats = ffi.new("struct ffi_forward_stats *")
        with self._own_lock:
            if self._c is None:
                raise ConflictError(errno.ENODATA, f"read the counters of {self}: it has not been started")
            lib.ffi_forward_stats_get(self._c, stats)
        forth, back = (
            ForwardCounters(**{name: getattr(way, name) for name in ForwardCounters.__slots__})
            for way in (stats.forth, stats.back)
        )
        return ForwarderStats(forth, back, stats.idle_ns / 1e9, stats.workers, stats.running)

    def _start(self, started: Any) -> None:
        config, source, sink = self.config, self.source, self.sink or self.source
        c_config = ffi.new("struct ffi_forward_config *")
        c_config.mode, c_config.source, c_config.sink = int(config.mode), source.id, sink.id
        c_config.source_rx_queues = source.rx_queues
        if self.sink is not None:
            c_config.sink_tx_queues = sink.tx_queues
        if config.both_ways:
            c_config.sink_rx_queues, c_config.source_tx_queues = sink.rx_queues, source.tx_queues
        c_config.workers, c_config.budget = config.workers or 0, config.packets or 0
        c_config.retry_ms = round(config.retry_s * 1000)
        rc = lib.ffi_forward_start(c_config, started)
        if rc == -errno.EBUSY:
            wanted = f"{config.workers} of EAL's workers are" if config.workers else "one of EAL's workers is"
            raise ConflictError(errno.EBUSY, f"{self}: not even {wanted} free", "start Eal with more workers")
        check(rc, f"{self} with {source.rx_queues} rx queues")

    def _attach(self) -> None:
        for port, queues in self._queues():
            port.attach(self, queues)

    def _queues(self) -> Iterator[tuple[Port, list[tuple[str, int]]]]:
        """The ports and the queues of theirs that it uses."""
        for port, forth, back in ((self.source, "rx", "tx"), (self.sink, "tx", "rx")):
            if port is None:
                continue
            if not port.started:
                raise ConflictError(errno.ENETDOWN, f"{self}: port {port.name} is not started")
            ways = [forth, back] if self.config.both_ways else [forth]
            counts = {"rx": port.rx_queues, "tx": port.tx_queues}
            yield port, [(way, queue) for way in ways for queue in range(counts[way])]

    def _detach(self) -> None:
        for port in (self.source, self.sink):
            if port is not None:
                port.detach(self)

    def _free(self) -> None:
        if self._c is not None:
            self._finalizer()
            self._c = None


def _free(started: Any) -> None:
    if started[0] != ffi.NULL:
        lib.ffi_forward_free(started[0])
