# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""One application as top shows it: its ports and mirrors, and what they count in a second."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from ..errors import BusyTimeoutError, DisconnectedError, MirrorError, NotFoundError, ProtocolError
from .rates import Measured, Meter

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

    from ..remote import Application, RemoteMirror, RemoteMirrorInfo, RemotePort

__all__ = ["AppView", "Looker", "MirrorView", "PortView"]

POLLER, DRAIN = CPU_TIMES = ("poller_cpu_us", "drain_cpu_us")
"""What is looked at as if they were among a mirror's counters."""

_KEPT_OF_MIRRORS = ("packets",)
_KEPT_OF_PORTS = ("ipackets", "opackets")


@dataclass(frozen=True, slots=True)
class MirrorView:
    """A mirror; CPU_TIMES are among its counters."""

    info: RemoteMirrorInfo
    measured: Measured

    @property
    def cpu_percent(self) -> float | None:
        """Of one CPU, by the library's thread, for all mirrors of that target; None at the first look."""
        return self._percent(DRAIN)

    @property
    def poller_percent(self) -> float | None:
        """The same that it takes of its pollers, by one burst in 1024."""
        return self._percent(POLLER)

    def _percent(self, name: str) -> float | None:
        rise = self.measured.per_s.get(name)
        return None if rise is None else rise / 1e4


@dataclass(frozen=True, slots=True)
class PortView:
    """A port; None: it is stopped, its library an older one, or it is a target, whose mirrors count."""

    port: RemotePort
    measured: Measured | None


@dataclass(frozen=True, slots=True)
class AppView:
    """An application; ``error`` says why there is no more to be seen of it."""

    path: str
    name: str
    pid: int = 0
    dpdk: str = ""
    plugin: str = ""
    ports: tuple[PortView, ...] = ()
    mirrors: tuple[MirrorView, ...] = ()
    error: MirrorError | None = None


class Looker:
    """Looks at one process again and again, and remembers what it has seen. Raises what an Application's methods do."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self._meters: dict[Hashable, Meter] = {}

    def look(self) -> AppView:
        """Ask for all: two requests a port and a mirror each, and two for each of the lists."""
        app = self.app
        plugin = app.plugin
        ports = tuple(self._port(port) for port in app.ports())
        mirrors = tuple(_present(app.mirrors(), self._mirror))
        self._forget(ports, mirrors)
        return AppView(str(app.path), str(app), app.pid, app.dpdk.removeprefix("DPDK "), plugin, ports, mirrors)

    def _port(self, port: RemotePort) -> PortView:
        if port.is_target or not port.started:
            return PortView(port, None)
        try:
            counts = asdict(self.app.port_stats(port.id))
        except (BusyTimeoutError, DisconnectedError, ProtocolError):
            raise
        except MirrorError:
            return PortView(port, None)
        return PortView(port, self._measure((port.id, port.name), _KEPT_OF_PORTS, counts))

    def _mirror(self, mirror: RemoteMirror) -> MirrorView:
        info = mirror.info()
        counts = mirror.stats().counts() | {name: getattr(info, name) for name in CPU_TIMES}
        return MirrorView(info, self._measure(info.id, _KEPT_OF_MIRRORS, counts))

    def _measure(self, key: Hashable, kept: Iterable[str], counts: dict[str, int]) -> Measured:
        return self._meters.setdefault(key, Meter(kept)).add(time.monotonic(), counts)

    def _forget(self, ports: Iterable[PortView], mirrors: Iterable[MirrorView]) -> None:
        """What is not there any more."""
        there: set[Hashable] = {(each.port.id, each.port.name) for each in ports}
        there |= {each.info.id for each in mirrors}
        self._meters = {key: meter for key, meter in self._meters.items() if key in there}


def _present(mirrors: Iterable[RemoteMirror], look: Callable[[RemoteMirror], MirrorView]) -> Iterable[MirrorView]:
    for mirror in mirrors:
        try:
            yield look(mirror)
        except NotFoundError:  # removed since they were listed
            continue
