# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What an application tells of its ports and mirrors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..info import FilterEngine, MirrorInfo, MirrorState
from ..spec import LEFT_OUT, Direction, MirrorStats, Mode

if TYPE_CHECKING:
    from .answers import Answer

__all__ = ["QUEUE_LISTS", "RemoteMirrorInfo", "RemotePort"]

_DIRECTIONS = {str(each): each for each in (Direction.RX, Direction.TX, Direction.BOTH)}
_ENGINES = {str(engine): engine for engine in FilterEngine}
_MODES = {str(mode): mode for mode in Mode}
_NUMBERS = (
    "id", "target_port", "target_queue", "nb_target_queues", "nb_rx_queues", "nb_tx_queues", "snaplen", "split_len",
)  # fmt: skip
QUEUE_LISTS = ("rx_polled", "rx_unpolled", "tx_polled", "tx_unpolled")
"""What has queues of the source, as text such as "0-3,5"."""
_STATES = {str(state): state for state in MirrorState}


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
class RemoteMirrorInfo(MirrorInfo):
    """A mirror of the application as it is now.

    ``source`` and ``target`` are as they were asked for, and so is ``spec``, a MirrorSpec's text. The application has
    polled the ``*_polled`` queues of the source since the mirror was added, and not (yet) the ``*_unpolled`` ones: text
    such as "0-3,5". ``added``: through a socket, not by the application itself, of whose mirrors ``spec`` is "".
    """

    source: str
    target: str
    spec: str
    rx_polled: str
    rx_unpolled: str
    tx_polled: str
    tx_unpolled: str
    added: bool


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


def info_of(answer: Answer) -> RemoteMirrorInfo:
    values: dict[str, Any] = {key: answer.number(key) for key in _NUMBERS}
    values |= {key: answer.text(key) for key in ("name", "reason", "mode_reason", "source", "target", "spec")}
    values |= {key: answer.string(key) for key in QUEUE_LISTS}
    return RemoteMirrorInfo(
        src_port=answer.number("source_port"),
        directions=answer.choice("directions", _DIRECTIONS),
        mode=answer.choice("mode", _MODES),
        state=answer.choice("state", _STATES),
        origin=answer.flag("origin"),
        filter_engine=answer.choice("filter_engine", _ENGINES),
        added=answer.flag("added", default=True),
        warning=answer.text("warning", default=""),
        **values,
    )


def stats_of(answer: Answer) -> MirrorStats:
    """What an older library does not count is 0, and what only a newer one counts is in its ``seen``."""
    left_out = {name: answer.number(name, default=0) for name in LEFT_OUT}
    counted = {name: answer.number(name) for name in MirrorStats.__slots__ if name not in LEFT_OUT}
    return MirrorStats(**counted, **left_out)
