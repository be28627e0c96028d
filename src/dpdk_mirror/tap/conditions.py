# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a flight recorder waits for. Each condition is asked again and again, by happened()."""

from __future__ import annotations

import errno
import os
import select
import signal
from contextlib import ExitStack
from dataclasses import fields
from typing import TYPE_CHECKING, Protocol

from ..closeable import Closeable
from ..errors import ConflictError, DisconnectedError, InvalidConfigError, NotFoundError
from ..remote import RemotePortStats
from ..selection import Select
from ..spec import COUNTERS, MirrorSpec, Mode
from .reader import Reader
from .session import Tap
from .store import SMALLEST, Store

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from ..remote import Application
    from ..spec import Direction

__all__ = ["FORMS", "Condition", "CounterRises", "FilterMatches", "KeyPressed", "SignalComes", "check_form"]

FORMS = {
    "filter:EXPR": "a packet of the ports matches the tcpdump expression",
    "counter:NAME": "a counter of a mirror (full ..) or a port (imissed, ierrors, rx_nombuf ..) rises",
    "signal": "this process gets SIGUSR1",
    "key": "Enter is pressed, or a line arrives on stdin",
}
"""How conditions are written, and when they have happened."""

_OF_PORTS = [each.name for each in fields(RemotePortStats)]
_MATCHES_PER_S = 100  # one would do


class Condition(Protocol):
    """``happened()``: since it was asked last."""

    def happened(self) -> bool: ...

    def close(self) -> None: ...


def check_form(text: str) -> None:
    """InvalidConfigError: it is no condition."""
    kind, _, value = text.partition(":")
    form = next((form for form in FORMS if form.partition(":")[0] == kind), None)
    if form is None or (":" in form) != bool(value):
        raise InvalidConfigError(errno.EINVAL, f"when={text}: no condition", f"give {', '.join(FORMS)}")
    if kind == "counter" and value not in (*COUNTERS, *_OF_PORTS):
        hint = f"mirrors have {', '.join(COUNTERS)}; ports have {', '.join(_OF_PORTS)}"
        raise InvalidConfigError(errno.EINVAL, f"when={text}: no such counter", hint)


class FilterMatches(Closeable):
    """Another mirror of each port finds the packets: of these, the beginning of a few is enough."""

    def __init__(self, app: Application, sources: Sequence[str], directions: Direction, expression: str) -> None:
        spec = MirrorSpec(directions, Mode.AUTO, snaplen=64, rate=_MATCHES_PER_S, select=Select(filter=expression))
        self._store = Store(SMALLEST)
        with ExitStack() as undo:
            tap = undo.enter_context(Tap(app, sources, spec, "capture-when"))
            undo.enter_context(Reader(tap.stream, self._store))
            self._undo = undo.pop_all()

    def happened(self) -> bool:
        packets = 0
        while (span := self._store.take(0)) is not None:
            packets += span.packets
        return packets > 0

    def close(self) -> None:
        self._undo.close()


class CounterRises(Closeable):
    """One of the mirrors' counters, or of their ports'."""

    def __init__(self, tap: Tap, sources: Sequence[str], name: str) -> None:
        self._tap, self._sources, self._name = tap, sources, name
        self._before = self._values()

    def happened(self) -> bool:
        try:
            values = self._values()
        except (ConflictError, DisconnectedError, NotFoundError):  # a port that is stopped, or has gone, counts nothing
            return False
        before, self._before = self._before, values
        return any(now > then for now, then in zip(values, before, strict=False))

    def close(self) -> None:
        pass

    def _values(self) -> list[int]:
        if self._name in COUNTERS:
            return [stats.counts()[self._name] for stats in self._tap.stats()]
        return [getattr(self._tap.app.port_stats(source), self._name) for source in self._sources]


class SignalComes(Closeable):
    """SIGUSR1, which does nothing else meanwhile."""

    def __init__(self) -> None:
        self._come = False
        self._earlier = signal.signal(signal.SIGUSR1, self._note)

    def happened(self) -> bool:
        come, self._come = self._come, False
        return come

    def close(self) -> None:
        signal.signal(signal.SIGUSR1, self._earlier)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self._come = True


class KeyPressed(Closeable):
    """A line on stdin, until that ends."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._poll.register(0, select.POLLIN)
        self._ended = False

    def happened(self) -> bool:
        if self._ended or not self._poll.poll(0):
            return False
        try:
            self._ended = not os.read(0, 4096)
        except OSError:  # a terminal that has gone
            self._ended = True
        return not self._ended

    def close(self) -> None:
        pass
