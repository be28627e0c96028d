# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What top shows, line by line: each application, its ports in both directions, and below each port its mirrors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from ..errors import BusyTimeoutError, DisconnectedError, NoPluginError, NotFoundError, NotPermittedError
from ..info import MirrorState
from ..spec import NOT_CHOSEN
from .look import CPU_TIMES

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator

    from ..errors import MirrorError
    from .look import AppView, MirrorView, PortView
    from .rates import History, Measured

__all__ = ["Row", "Sort", "records", "rows"]

_NO_DROPS = {"seen", "packets", "bytes", *NOT_CHOSEN, *CPU_TIMES}
"""What a mirror counts and does not lose."""


@dataclass(frozen=True, slots=True)
class _Side:
    """What a port counts in one direction."""

    name: str
    packets: str
    bytes: str
    drops: tuple[str, ...]


_SIDES = (
    _Side("rx", "ipackets", "ibytes", ("imissed", "rx_nombuf", "ierrors")),
    _Side("tx", "opackets", "obytes", ("oerrors",)),
)
_WORDS: tuple[tuple[type[MirrorError] | tuple[type[MirrorError], ...], str], ...] = (
    (BusyTimeoutError, "no answer"),
    ((DisconnectedError, NotFoundError), "ended"),
    (NoPluginError, "no library"),
    (NotPermittedError, "no rights"),
)


class Sort(StrEnum):
    """What rows are sorted by; numbers fall."""

    NAME = "name"
    PACKETS = "packets"
    BITS = "bits"
    DROPS = "drops"
    CPU = "CPU"


@dataclass(frozen=True, slots=True)
class Row:
    """A line. None: not known, or not of this kind. ``why`` says of what the drops are, or what ails it."""

    key: tuple[Hashable, ...]
    depth: int
    name: str
    packets_per_s: float | None = None
    bits_per_s: float | None = None
    drops_per_s: float | None = None
    why: str = ""
    cpu_percent: float | None = None
    history: History = ()
    app: AppView | None = None
    port: PortView | None = None
    mirror: MirrorView | None = None


_VALUES: dict[Sort, Callable[[Row], float]] = {
    Sort.PACKETS: lambda row: row.packets_per_s or 0.0,
    Sort.BITS: lambda row: row.bits_per_s or 0.0,
    Sort.DROPS: lambda row: row.drops_per_s or 0.0,
    Sort.CPU: lambda row: row.cpu_percent or 0.0,
}


@dataclass(frozen=True, slots=True)
class _Branch:
    """Lines that stay together, and what is below them."""

    lines: list[Row]
    below: list[_Branch]


def rows(views: Iterable[AppView], sort: Sort = Sort.NAME, *, reverse: bool = False) -> list[Row]:
    """The lines, in order: what is below one line is sorted among itself; by name is as it comes, the oldest first."""

    def ordered(branches: list[_Branch]) -> list[_Branch]:
        if sort is Sort.NAME:
            return branches[::-1] if reverse else branches
        value = _VALUES[sort]
        return sorted(branches, key=lambda branch: sum(map(value, branch.lines)), reverse=not reverse)

    def flat(branches: list[_Branch]) -> Iterator[Row]:
        for branch in ordered(branches):
            yield from branch.lines
            yield from flat(branch.below)

    return list(flat([_app_branch(view) for view in views]))


def records(views: Iterable[AppView]) -> list[dict[str, Any]]:
    """The same for programs: all that is known."""
    return [
        {
            "app": view.name,
            "pid": view.pid or None,
            "dpdk": view.dpdk or None,
            "plugin": view.plugin or None,
            "socket": view.path,
            "error": None if view.error is None else str(view.error),
            "ports": [{**asdict(each.port), **_numbers(each.measured)} for each in view.ports],
            "mirrors": [_mirror_record(each) for each in view.mirrors],
        }
        for view in views
    ]


def _mirror_record(view: MirrorView) -> dict[str, Any]:
    info = {key: str(value) if isinstance(value, Enum) else value for key, value in asdict(view.info).items()}
    percents = {"poller_cpu_percent": view.poller_percent, "drain_cpu_percent": view.cpu_percent}
    return {**info, **_numbers(view.measured), **percents}


def _numbers(measured: Measured | None) -> dict[str, Any]:
    if measured is None:
        return {"counters": None, "per_s": None}
    return {
        "counters": {name: count for name, count in measured.counts.items() if name not in CPU_TIMES},
        "per_s": {name: round(measured.per_s[name], 3) for name in measured.counts if name in measured.per_s},
    }


def _app_branch(view: AppView) -> _Branch:
    name = f"{view.name} ({view.pid})" if view.pid and view.name != str(view.pid) else view.name
    if view.error is not None:
        word = next((word for kind, word in _WORDS if isinstance(view.error, kind)), "error")
        return _Branch([Row((view.path,), 0, name, why=word, app=view)], [])
    ports = [each for each in view.ports if not each.port.is_target]
    ids = {each.port.id for each in ports}
    lost = [each for each in view.mirrors if _source(each) not in ids]
    return _Branch(
        [_sum_row(view, name)],
        [
            *(_port_branch(view, each) for each in ports),
            *(_Branch([_mirror_row(view, each, 1)], []) for each in lost),
        ],
    )


def _sum_row(view: AppView, name: str) -> Row:
    """Of all mirrors of an application."""
    mirrors = [_mirror_row(view, each, 0) for each in view.mirrors]
    threads = {each.info.target: each.cpu_percent for each in view.mirrors}  # one for all mirrors of a target
    return Row(
        (view.path,), 0, name,
        packets_per_s=_sum(row.packets_per_s for row in mirrors),
        bits_per_s=_sum(row.bits_per_s for row in mirrors),
        drops_per_s=_sum(row.drops_per_s for row in mirrors),
        cpu_percent=_sum(threads.values()),
        app=view,
    )  # fmt: skip


def _port_branch(view: AppView, port: PortView) -> _Branch:
    mirrors = [each for each in view.mirrors if _source(each) == port.port.id]
    return _Branch(
        [_port_row(view, port, side) for side in _SIDES],
        [_Branch([_mirror_row(view, each, 2)], []) for each in mirrors],
    )


def _port_row(view: AppView, port: PortView, side: _Side) -> Row:
    key, name = (view.path, "port", port.port.id, side.name), f"{port.port.name} {side.name}"
    if port.measured is None:
        return Row(key, 1, name, why="" if port.port.started else "not started", app=view, port=port)
    per_s = port.measured.per_s
    drops = {name: per_s[name] for name in side.drops if name in per_s}
    return Row(
        key, 1, name,
        packets_per_s=per_s.get(side.packets),
        bits_per_s=_bits(per_s.get(side.bytes)),
        drops_per_s=_sum(drops.values()),
        why=_why(drops),
        history=port.measured.history[side.packets],
        app=view,
        port=port,
    )  # fmt: skip


def _mirror_row(view: AppView, mirror: MirrorView, depth: int) -> Row:
    info, per_s = mirror.info, mirror.measured.per_s
    drops = {name: rate for name, rate in per_s.items() if name not in _NO_DROPS}
    return Row(
        (view.path, "mirror", info.id), depth, f"{info.name} > {info.target}",
        packets_per_s=per_s.get("packets"),
        bits_per_s=_bits(per_s.get("bytes")),
        drops_per_s=_sum(drops.values()),
        why=_why(drops) if info.state is MirrorState.RUNNING else str(info.state),
        cpu_percent=mirror.cpu_percent,
        history=mirror.measured.history["packets"],
        app=view,
        mirror=mirror,
    )  # fmt: skip


def _source(mirror: MirrorView) -> int | None:
    """The number of its port; None: it is not there any more."""
    return None if mirror.info.state is MirrorState.STOPPED else mirror.info.source_port


def _why(drops: dict[str, float]) -> str:
    """The reasons, the one of most drops first."""
    return ",".join(sorted((name for name, rate in drops.items() if rate > 0), key=lambda name: -drops[name]))


def _bits(bytes_per_s: float | None) -> float | None:
    return None if bytes_per_s is None else bytes_per_s * 8


def _sum(values: Iterable[float | None]) -> float | None:
    """Of those that are known; None if none is."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None
