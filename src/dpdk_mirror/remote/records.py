# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What an application tells of its ports and mirrors."""

from __future__ import annotations

import errno
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING, Any

from ..errors import InvalidConfigError, UnsupportedError
from ..info import MirrorInfo, kinds_of
from ..spec import COUNTERS, LEFT_OUT, Direction, MirrorSpec, MirrorStats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .answers import Answer

__all__ = ["QUEUE_LISTS", "RemoteMirrorInfo", "RemoteMirrorStats", "RemotePort", "RemotePortStats", "RemoteTarget"]

# What older libraries do not tell, and what it means then.
_ADDED_LATER: dict[str, Any] = {
    "added": True,
    "warning": "",
    "sampled_cycles": 0,
    "sampled_packets": 0,
    "poller_cpu_us": 0,
    "drain_cpu_us": 0,
    "drain_yields": False,
    "added_at": "",
    "added_by": "",
}
_MAYBE = {"added_uid", "added_pid", "ends_in_s", "ends_with"}
"""Numbers that not every mirror has."""
# As release 0.1 calls them.
_OLDER_NAMES = {"rx_queues": "nb_rx_queues", "tx_queues": "nb_tx_queues"}
_DIRECTIONS = {str(each): each for each in (Direction.RX, Direction.TX, Direction.BOTH)}
QUEUE_LISTS = ("rx_polled", "rx_unpolled", "tx_polled", "tx_unpolled")
"""What has queues of the source, as text such as "0-3,5"."""
_STRINGS = {*QUEUE_LISTS, "added_at"}


@dataclass(frozen=True, slots=True)
class RemotePort:
    """A port of the application. ``is_target``: librte_mirror has made it, for mirrors."""

    id: int
    name: str
    driver: str
    started: bool
    rx_queues: int
    tx_queues: int
    mtu: int
    mac: str
    is_target: bool


@dataclass(frozen=True, slots=True)
class RemotePortStats:
    """What a port's driver has counted: ``struct rte_eth_stats``, without its queues."""

    ipackets: int
    opackets: int
    ibytes: int
    obytes: int
    imissed: int
    ierrors: int
    rx_nombuf: int
    oerrors: int


@dataclass(frozen=True, slots=True)
class RemoteTarget:
    """A target that librte_mirror has made: ``target`` is what mirrors to it are given, and ``remove_target()``.

    ``port`` is the id of its port, as ``RemoteMirrorInfo.target_port``: beyond those of ports for a file or stream.
    """

    port: int
    target: str


@dataclass(frozen=True, slots=True)
class RemoteMirrorInfo(MirrorInfo):
    """A mirror of the application as it is now.

    ``source`` and ``target`` are as they were asked for, and so is ``spec``, a MirrorSpec's text. The application has
    polled the ``*_polled`` queues of the source since the mirror was added, and not (yet) the ``*_unpolled`` ones: text
    such as "0-3,5". ``added``: through a socket, not by the application itself, of whose mirrors ``spec`` is "".

    The application removes it ``ends_in_s`` seconds from now, and with the process ``ends_with``, its number there. It
    was added ``added_at``, a time in UTC as "2026-11-29T17:00:00Z", by ``added_by``, in the words of whoever did;
    ``added_uid`` and ``added_pid`` are the kernel's word, for which the library's own socket is needed. "" and None
    mean that there is none, or that it is not known.
    """

    source: str
    target: str
    spec: str
    rx_polled: str
    rx_unpolled: str
    tx_polled: str
    tx_unpolled: str
    added: bool
    added_at: str
    added_by: str
    added_uid: int | None
    added_pid: int | None
    ends_in_s: int | None
    ends_with: int | None


def port_of(answer: Answer) -> RemotePort:
    return RemotePort(
        id=answer.number("port"),
        name=answer.text("name"),
        driver=answer.string("driver"),
        started=answer.flag("started"),
        rx_queues=answer.number("rx_queues"),
        tx_queues=answer.number("tx_queues"),
        mtu=answer.number("mtu"),
        mac=answer.string("mac"),
        is_target=answer.flag("is_target"),
    )


def port_stats_of(answer: Answer) -> RemotePortStats:
    return RemotePortStats(**{field.name: answer.number(field.name) for field in fields(RemotePortStats)})


def target_of(answer: Answer) -> RemoteTarget:
    return RemoteTarget(answer.number("port"), answer.text("target"))


def info_of(answer: Answer) -> RemoteMirrorInfo:
    return RemoteMirrorInfo(**{name: _value(answer, name, kind) for name, kind in kinds_of(RemoteMirrorInfo).items()})


def _value(answer: Answer, name: str, kind: Any) -> Any:
    """A field of an answer as one of that type."""
    default = _ADDED_LATER.get(name)
    if name in _MAYBE:
        return answer.number_or_none(name)
    if name not in answer and _OLDER_NAMES.get(name, name) in answer:
        name = _OLDER_NAMES[name]
    if kind is int:
        return answer.number(name, default=default)
    if kind is bool:
        return answer.flag(name, default=default)
    if kind is str:
        return (answer.string if name in _STRINGS else answer.text)(name, default=default)
    return answer.word(name, _DIRECTIONS if kind is Direction else {str(each): each for each in kind})


def spec_of(info: RemoteMirrorInfo) -> MirrorSpec:
    """What a mirror was given; a newer library may have parameters that are not known here."""
    try:
        return MirrorSpec.from_pairs(info.spec)
    except InvalidConfigError as error:
        what = f"mirror {info.name} was given {error.what.removeprefix('mirror parameter ')}"
        raise UnsupportedError(errno.ENOTSUP, what, "use the dpdk-mirror of its library's version") from None


class RemoteMirrorStats(MirrorStats):
    """The counters of an application's mirror. ``others`` has those of a newer library, which have no name here."""

    __slots__ = ("others",)
    others: Mapping[str, int]

    def __init__(self, others: Mapping[str, int], **counts: int) -> None:
        super().__init__(**counts)
        object.__setattr__(self, "others", others)  # MirrorStats is frozen

    def __eq__(self, other: object) -> bool:
        """As MirrorStats: by the counters that have a name."""
        return isinstance(other, MirrorStats) and astuple(self) == astuple(other)

    def __hash__(self) -> int:
        return hash(astuple(self))

    def __repr__(self) -> str:
        named = ", ".join(f"{name}={count}" for name, count in MirrorStats.counts(self).items())
        return f"RemoteMirrorStats({named}{f', others={dict(self.others)}' if self.others else ''})"

    def counts(self) -> dict[str, int]:
        return MirrorStats.counts(self) | dict(self.others)


def stats_of(answer: Answer) -> RemoteMirrorStats:
    """What an older library does not count is 0."""
    left_out = {name: answer.number(name, default=0) for name in LEFT_OUT}
    counted = {name: answer.number(name) for name in COUNTERS if name not in LEFT_OUT}
    return RemoteMirrorStats(answer.other_numbers(COUNTERS), **counted, **left_out)
