# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a run tells: while it goes on, and at its end."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

from rich.text import Text

from ..spec import LEFT_OUT
from .common import console, table

if TYPE_CHECKING:
    from ..mirror import Mirror
    from .circuit import Circuit

_WIDTH = 160  # of a file


class Heedless:
    """For what is said beside the results: a run goes on where nobody hears it, as when its terminal has gone."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def report(circuit: Circuit, seconds: float) -> dict[str, Any]:
    """All counters, in the shape of --json."""
    ends = zip(circuit.plan.ends.targets, circuit.mirrors, strict=True)
    return {
        "ports": [asdict(port) for port in circuit.ports()],
        "mirrors": [_row(circuit.plan.ends.source.label, end.label, mirror) for end, mirror in ends],
        "lost": circuit.stats().forth.lost,
        "seconds": round(seconds, 6),
    }


def _row(source: str, target: str, mirror: Mirror) -> dict[str, Any]:
    info = mirror.info()
    return {
        "id": info.id,
        "name": info.name,
        "source": source,
        "target": target,
        "directions": str(info.directions),
        "mode": str(info.mode),
        "mode_reason": info.mode_reason,
        "filter_engine": str(info.filter_engine),
        **mirror.stats().counts(),
    }


def print_tables(result: dict[str, Any], file: TextIO, *, with_reasons: bool) -> None:
    """Tables of ports and mirrors; with the reasons for the mirrors' modes, where those were chosen for them."""
    to = console(file, _WIDTH)
    left_out = [name for name in LEFT_OUT if any(mirror[name] for mirror in result["mirrors"])]
    ports = ("name", "role", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes")
    mirrors = ("name", "source", "target", "directions", "mode", "seen", "packets", "bytes", *left_out)
    to.print(table(ports, result["ports"], name="port"))
    to.print(table(mirrors, result["mirrors"], name="mirror"))
    for mirror in result["mirrors"] if with_reasons else ():
        to.print(Text(f"{mirror['name']}: {mirror['mode']}, since {mirror['mode_reason']}"), overflow="fold")
    left = sum(mirror["seen"] - mirror["packets"] for mirror in result["mirrors"])
    line = f"lost {result['lost']} packets before the sink, {left} not mirrored, {result['seconds']:.2f} s"
    to.print(line, highlight=False)


def live_line(circuit: Circuit) -> Text:
    """Where the packets are just now."""
    stats = circuit.stats()
    parts = [f"{port.role} {port.name}: {port.rx_packets + port.tx_packets:,}" for port in circuit.ports()]
    if full := sum(mirror.stats().full for mirror in circuit.mirrors):
        parts.append(f"full: {full:,}")
    if stats.forth.lost:
        parts.append(f"lost: {stats.forth.lost:,}")
    return Text("   ".join(parts), no_wrap=True, overflow="ellipsis")
