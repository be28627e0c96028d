# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What a run tells: while it goes on, and at its end."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..spec import LEFT_OUT

if TYPE_CHECKING:
    from .circuit import Circuit


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
    return {
        "ports": [asdict(port) for port in circuit.ports()],
        "mirrors": [
            {
                "id": mirror.id,
                "name": mirror.info().name,
                "source": circuit.plan.ends.source.label,
                "target": end.label,
                "direction": str(mirror.spec.directions),
                "mode": str(mirror.info().mode),
                "mode_reason": mirror.info().mode_reason,
                "filter_engine": str(mirror.info().filter_engine),
                **asdict(mirror.stats()),
            }
            for end, mirror in zip(circuit.plan.ends.targets, circuit.mirrors, strict=True)
        ],
        "lost": circuit.stats().forth.lost,
        "seconds": round(seconds, 6),
    }


def print_json(result: dict[str, Any], file: TextIO) -> None:
    print(json.dumps(result), file=file, flush=True)


def print_tables(result: dict[str, Any], file: TextIO, *, with_reasons: bool) -> None:
    """Tables of ports and mirrors; with the reasons for the mirrors' modes, where those were chosen for them."""
    console = Console(file=file)
    if not console.is_terminal:
        console.width = 160  # whoever reads a file has room
    left_out = [name for name in LEFT_OUT if any(mirror[name] for mirror in result["mirrors"])]
    ports = ("name", "role", "rx_packets", "rx_bytes", "tx_packets", "tx_bytes")
    mirrors = ("name", "source", "target", "direction", "mode", "seen", "packets", "bytes", *left_out)
    console.print(_table("port", ports, result["ports"]))
    console.print(_table("mirror", mirrors, result["mirrors"]))
    for mirror in result["mirrors"] if with_reasons else ():
        console.print(Text(f"{mirror['name']}: {mirror['mode']}, since {mirror['mode_reason']}"), overflow="fold")
    left = sum(mirror["seen"] - mirror["packets"] for mirror in result["mirrors"])
    line = f"lost {result['lost']} packets before the sink, {left} not mirrored, {result['seconds']:.2f} s"
    console.print(line, highlight=False)


def live_line(circuit: Circuit) -> Text:
    """Where the packets are just now."""
    stats = circuit.stats()
    parts = [f"{port.role} {port.name}: {port.rx_packets + port.tx_packets:,}" for port in circuit.ports()]
    if full := sum(mirror.stats().full for mirror in circuit.mirrors):
        parts.append(f"full: {full:,}")
    if stats.forth.lost:
        parts.append(f"lost: {stats.forth.lost:,}")
    return Text("   ".join(parts), no_wrap=True, overflow="ellipsis")


def _table(title: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        numeric = isinstance(rows[0][column], int)
        heading = title if column == "name" else column.replace("_", " ")
        table.add_column(heading, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(row[column])) for column in columns))
    return table
