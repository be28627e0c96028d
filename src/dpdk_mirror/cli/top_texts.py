# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""The words of dpdk-mirror top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..info import MirrorState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..tap.look import AppView, MirrorView
    from ..tap.rows import Row, Sort

__all__ = ["about", "number", "queues", "title"]

_PREFIXES = ("", "k", "M", "G", "T", "P", "E")


def number(value: float | None) -> str:
    """Three digits and a prefix: 0, 7, 999, 1.23M; at most five characters."""
    if value is None:
        return ""
    if value < 0.5:
        return "0"
    for prefix in _PREFIXES:
        digits = 0 if not prefix and value < 999.5 else 2 if value < 9.995 else 1 if value < 99.95 else 0
        if value < 999.5:
            return f"{value:.{digits}f}{prefix}"
        value /= 1000
    return "much"


def title(views: Sequence[AppView], sort: Sort, *, is_reversed: bool) -> str:
    """What is here, and how it is sorted."""
    mirrors = sum(len(view.mirrors) for view in views)
    counts = [_several(len(views), "application"), _several(mirrors, "mirror")]
    if not views:
        counts = ["no DPDK application is found"]
    return f"dpdk-mirror top: {', '.join(counts)}; by {sort}{', reversed' if is_reversed else ''}"


def about(line: Row) -> str:
    """What there is to say of one line, in two lines at most, the second one a trouble."""
    if line.mirror is not None:
        return "\n".join(part for part in (_mirror(line.mirror), _trouble(line.mirror)) if part)
    if line.port is not None:
        port = line.port.port
        return f"port {port.id}, {port.driver}, {port.rx_queues} rx and {port.tx_queues} tx queues, MTU {port.mtu}"
    app = line.app
    if app is None or app.error is not None:
        return "" if app is None else str(app.error)
    return f"DPDK {app.dpdk}, librte_mirror {app.plugin}, {app.path}"


def queues(line: Row) -> str:
    """All of one mirror."""
    if line.mirror is None:
        return ""
    info = line.mirror.info
    counts = line.mirror.measured.counts
    per_s = line.mirror.measured.per_s
    said = [
        f"{info.name}: {info.source} -> {info.target}",
        _mirror(line.mirror),
        _trouble(line.mirror) or "running",
        "",
        f"rx queues  with packets: {info.rx_polled or 'none'}  without: {info.rx_unpolled or 'none'}",
        f"tx queues  with packets: {info.tx_polled or 'none'}  without: {info.tx_unpolled or 'none'}",
        f"target's queues: {info.nb_target_queues}, from {info.target_queue} on",
        "",
        f"{'':12}{'in all':>22}{'in a second':>14}",
    ]
    said += [
        f"{name:12}{count:>22}{number(per_s.get(name)):>14}"
        for name, count in counts.items()
        if count or name in {"seen", "packets", "bytes"}
    ]
    return "\n".join(said)


def _mirror(view: MirrorView) -> str:
    info = view.info
    cost = info.cost()
    if info.sampled_packets and view.poller_percent is not None:
        cost += f", now {view.poller_percent:.1f} % of a CPU in its pollers"
    return f"{info.directions}, {info.mode}{f': {cost}' if cost else ''}"


def _trouble(view: MirrorView) -> str:
    info = view.info
    return (
        info.warning
        if info.state is MirrorState.RUNNING
        else f"{info.state}: {info.reason}"
        if info.reason
        else str(info.state)
    )


def _several(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
