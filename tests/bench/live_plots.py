# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026 The dpdk-mirror authors
"""What make bench-live has found, as SVG."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from live_cases import DIRECTIONS, SIZES
from matplotlib import pyplot as plt
from plots import COLOURS, reproducible, save

if TYPE_CHECKING:
    from pathlib import Path

BARS = {"share": COLOURS["share"], "auto": COLOURS["copy"]}


def panels(rows: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """By size and direction, those that were measured."""
    keys = [(size, way) for size in SIZES for way in DIRECTIONS]
    found = {
        f"{size} B, {way}": [
            row
            for row in rows
            if (row["application"], row["build"], row["sample"]) == ("testpmd", "now", 1)
            and (row["size"], row["directions"]) == (size, way)
        ]
        for size, way in keys
    }
    return {title: chosen for title, chosen in found.items() if chosen}


def plot_live(document: dict[str, Any], path: Path) -> None:
    """The same results make the same file. What is inconclusive has no bar."""
    reproducible()
    parts = panels(document["rows"])
    figure, grid = plt.subplots(len(parts), 1, figsize=(10, 2.6 * len(parts)), layout="constrained", squeeze=False)
    for axes, (title, rows) in zip(grid.flat, parts.items(), strict=True):
        targets = list(dict.fromkeys(row["target"] for row in rows))
        for offset, (mode, colour) in zip((-0.2, 0.2), BARS.items(), strict=True):
            found = {row["target"]: row["ratio"] for row in rows if row["mode"] == mode}
            heights = [found[target]["median"] if found.get(target) else 0.0 for target in targets]
            positions = [position + offset for position in range(len(targets))]
            drawn = axes.bar(positions, heights, 0.38, color=colour, label=mode)
            axes.bar_label(drawn, fmt=lambda height: f"{height:.2f}" if height else "", fontsize=7)
        axes.set_xticks(range(len(targets)), targets, fontsize=8)
        axes.set(title=title, ylabel="rate over that without", ylim=(0, 1.1))
    save(figure, grid.flat[0], path)
